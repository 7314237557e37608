"""Reasons: why a copy did not come to a region, in words that somebody can act on, and what becomes of it.

Values in, values out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from entrepot.mirror.rules import Status
from entrepot.values.errors import (
    Elsewhere,
    EntrepotError,
    OrganizationUnknown,
    RemoteRefused,
    RemoteUnreachable,
    RepositoryUnknown,
    Worded,
    as_said,
    as_sentence,
    worded,
)
from entrepot.values.names import RepositoryName

_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
_FORBIDDEN: Final = (401, 403)
_MISSING: Final = 404


@dataclass(frozen=True, slots=True)
class Place:
    """The repository `name` at a region, as the user that is kept for it (empty: nobody). Where a copy goes, or, with
    `is_source`, comes from.
    """

    region: str
    username: str
    name: RepositoryName
    is_source: bool = False


class AccountRefused(RemoteRefused):
    """The region does not accept who we are."""


class TagGone(EntrepotError):
    """The tag was deleted before it was copied."""


class TagBack(EntrepotError):
    """A tag whose copy is to be deleted is there again."""


class Existed(EntrepotError):
    """Another image has the name where the copy is to go."""


@dataclass(frozen=True, slots=True)
class Ending:
    """`error`: a sentence of ours, which other languages know. `retries`: it may be better in a while; `asked_for`:
    seconds, as the region said. `until`: it goes on then, and nothing was wrong.
    """

    status: Status
    error: str = ""
    retries: bool = False
    asked_for: float | None = None
    until: datetime | None = None


def ending_of(error: EntrepotError, place: Place) -> Ending:
    """What becomes of a copy that ended with this error."""
    if isinstance(error, Existed):
        return Ending(Status.EXISTED, error.message)
    if isinstance(error, TagGone):
        return Ending(Status.CANCEL, worded("The tag was deleted before it was copied."))
    if isinstance(error, TagBack):
        return Ending(Status.CANCEL, worded("The tag is there again where it was copied from."))
    if isinstance(error, RepositoryUnknown | OrganizationUnknown):
        # When it was deleted, its copies went with it, and nobody reads this.
        return Ending(Status.FAILED, worded("The repository got another name meanwhile."), retries=True)
    if isinstance(error, Elsewhere):
        return Ending(Status.FAILED, _away(error, place), retries=True, asked_for=error.retry_after)
    if isinstance(error, RemoteRefused):
        return Ending(Status.FAILED, _refused(error, place))
    return Ending(Status.FAILED, _of(error))


def _away(error: Elsewhere, place: Place) -> str:
    if error.__cause__ is not None and _UNTRUSTED in str(error.__cause__):
        return worded(
            "The certificate of {region} is not trusted. An operator says whose it is: "
            "entrepot region update {region} --authority FILE",
            region=place.region,
        )
    if isinstance(error, RemoteUnreachable):
        return worded("{region} does not answer as it should: {why}", region=place.region, why=_of(error))
    return _of(error)


def _refused(error: RemoteRefused, place: Place) -> str:
    words = {"who": place.username, "region": place.region, "name": place.name}
    if isinstance(error, AccountRefused):
        if not place.username:
            return worded(
                "{region} wants to know who asks. An operator says who we are there: "
                "entrepot region update {region} --username USER --password-stdin",
                **words,
            )
        return worded(
            "{region} does not accept {who} with the password that is kept here. An operator gives another: "
            "entrepot region update {region} --username {who} --password-stdin",
            **words,
        )
    if place.is_source and error.status in (*_FORBIDDEN, _MISSING):
        if not place.username:
            return worded(
                "Nobody in particular may read {name} at {region}, or there is no such repository there. "
                "It says: {said}",
                **words,
                said=_said(error),
            )
        return worded(
            "{who} may not read {name} at {region}, or there is no such repository there. It says: {said}",
            **words,
            said=_said(error),
        )
    words |= {"organization": place.name.organization}
    if error.status in _FORBIDDEN:
        if not place.username:
            return worded(
                "Nobody in particular may push to {name} at {region}, or there is no organization {organization} "
                "there. It says: {said}",
                **words,
                said=_said(error),
            )
        return worded(
            "{who} may not push to {name} at {region}, or there is no organization {organization} there. "
            "It says: {said}",
            **words,
            said=_said(error),
        )
    if error.status == _MISSING:
        return worded(
            "{region} knows no {name}: make the organization {organization} there, or name another. It says: {said}",
            **words,
            said=_said(error),
        )
    return worded("{region} refuses. It says: {said}", **words, said=_said(error))


def _said(error: RemoteRefused) -> str:
    """In the region's words; when it has none, the status."""
    if error.code:
        return as_said(as_sentence(error.message))
    return worded("nothing but the status {status}.", status=error.status)


def _of(error: EntrepotError) -> str:
    return error.message if isinstance(error.message, Worded) else as_said(error.sentence)
