"""Reasons: why a copy did not come to a region, in words that somebody can act on, and what becomes of it.

Values in, values out.
"""

from dataclasses import dataclass
from typing import Final

from entrepot.mirror.rules import Status
from entrepot.values.errors import (
    Elsewhere,
    EntrepotError,
    OrganizationUnknown,
    RemoteRefused,
    RepositoryUnknown,
    as_sentence,
)
from entrepot.values.names import RepositoryName

_UNTRUSTED: Final = "CERTIFICATE_VERIFY_FAILED"
_FORBIDDEN: Final = (401, 403)
_MISSING: Final = 404


@dataclass(frozen=True, slots=True)
class Place:
    """Where a copy goes: the repository `name` at a region, as the user that is kept for it (empty: nobody)."""

    region: str
    username: str
    name: RepositoryName


class AccountRefused(RemoteRefused):
    """The region does not accept who we are."""


class TagGone(EntrepotError):
    """The tag was deleted before it was copied."""


class Existed(EntrepotError):
    """Another image has the name at the region."""


@dataclass(frozen=True, slots=True)
class Ending:
    """`retries`: it may be better in a while; `asked_for`: seconds, as the region said."""

    status: Status
    error: str
    retries: bool = False
    asked_for: float | None = None


def ending_of(error: EntrepotError, place: Place) -> Ending:
    """What becomes of a copy that ended with this error."""
    if isinstance(error, Existed):
        return Ending(Status.EXISTED, error.sentence)
    if isinstance(error, TagGone):
        return Ending(Status.CANCEL, error.sentence)
    if isinstance(error, RepositoryUnknown | OrganizationUnknown):
        return Ending(Status.CANCEL, "The repository was deleted.")
    if isinstance(error, Elsewhere):
        return Ending(Status.FAILED, _unreachable(error, place), retries=True, asked_for=error.retry_after)
    if isinstance(error, RemoteRefused):
        return Ending(Status.FAILED, _refused(error, place))
    return Ending(Status.FAILED, error.sentence)


def _unreachable(error: Elsewhere, place: Place) -> str:
    if error.__cause__ is not None and _UNTRUSTED in str(error.__cause__):
        return (
            f"The certificate of {place.region} is not trusted. An operator says whose it is: "
            f"entrepot region update {place.region} --authority FILE"
        )
    return error.sentence


def _refused(error: RemoteRefused, place: Place) -> str:
    who, region, name = place.username, place.region, place.name
    if isinstance(error, AccountRefused):
        if not who:
            return (
                f"{region} wants to know who asks. An operator says who we are there: "
                f"entrepot region update {region} --username USER --password-stdin"
            )
        return (
            f"{region} does not accept {who} with the password that is kept here. An operator gives another: "
            f"entrepot region update {region} --username {who} --password-stdin"
        )
    said = "" if "Is it a registry?" in error.message else f" It says: {as_sentence(error.message)}"
    if error.status in _FORBIDDEN and error.code != "QUOTA":
        return (
            f"{who or 'Nobody in particular'} may not push to {name} at {region}, or there is no organization "
            f"{name.organization} there.{said}"
        )
    if error.status == _MISSING:
        return f"{region} knows no {name}: make the organization {name.organization} there, or name another.{said}"
    return f"{region} refuses.{said or f' Its status is {error.status}.'}"
