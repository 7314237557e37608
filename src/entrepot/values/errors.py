"""Everything that can go wrong, in three families. Rooms raise these; only doors and the worker catch them broadly.

    EntrepotError
    ├── Refused                     the caller can change something; words and detail are public
    │   ├── NameInvalid             TagInvalid            ParameterInvalid      PasswordInvalid
    │   ├── DigestInvalid           DigestMismatch        SizeInvalid           RangeUnsatisfiable
    │   ├── ManifestInvalid         ManifestTooLarge      ManifestUnknown       ManifestBlobUnknown
    │   ├── MediaTypeUnsupported    Unsupported           BodyTooLarge          TooMany
    │   ├── BodyIncomplete          TooManyLogins
    │   ├── ShareUnknown            ShareExists           TagExists
    │   ├── BodyIncomplete        ArchiveInvalid        RemoteRefused
    │   ├── BlobUnknown             UploadUnknown         UploadInvalid         UploadOutOfOrder
    │   ├── RepositoryUnknown       RepositoryExists      GrantUnknown          GrantExists
    │   ├── OrganizationUnknown     OrganizationExists    OrganizationNotEmpty
    │   ├── DomainUnknown           DomainExists          GroupUnknown          GroupExists
    │   ├── RobotUnknown            RobotExists           TokenUnknown          TokenExists
    │   ├── IdentityProviderUnknown IdentityProviderExists IdentityUnknown       IdentityExists
    │   ├── FederationUnknown       FederationExists
    │   ├── DomainNotEmpty
    │   ├── KeyUnknown              SessionUnknown        AgencyExists
    │   ├── RuleUnknown             RuleExists
    │   └── UserUnknown             UserExists            Unauthenticated       AccessDenied          QuotaExceeded
    ├── Elsewhere                   somebody else's trouble; says when to try again
    │   └── StorageUnreachable      DatabaseUnreachable   DatabaseBusy          RemoteUnreachable
    └── Broken                      ours; logged whole, shown as little
        └── StorageFull             StorageFailed         BlobCorrupt

The first sentence of an error's docstring is its default message. What status or code an error becomes on the wire is
the business of `doors/http/problems.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

_SENTENCE_END = re.compile(r"\.(?:\s|\Z)")
_QUOTED_CHARS_MAX = 80


def quoted(text: str) -> str:
    """What a caller sent, as a message may show it: in quotes, printable and never long.

    Control characters and lone surrogates come out escaped, so the result can always be encoded and logged.
    """
    if len(text) > _QUOTED_CHARS_MAX:
        return f"{text[:_QUOTED_CHARS_MAX]!r}… ({len(text)} characters)"
    return repr(text)


class EntrepotError(Exception):
    """Something went wrong."""

    default_message: ClassVar[str] = "Something went wrong"

    message: str
    detail: dict[str, Json]

    def __init__(self, message: str | None = None, **detail: Json) -> None:
        self.message = self.default_message if message is None else message
        self.detail = detail
        super().__init__(self.message)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # `python -OO` strips docstrings; the name of the condition is the next best words.
        text = " ".join((cls.__doc__ or cls.__name__).split())
        cls.default_message = _SENTENCE_END.split(text, maxsplit=1)[0]

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders as pickles; some constructors have keywords that must be given.
        return _revive, (type(self), self.args), self.__dict__


def _revive(kind: type[EntrepotError], args: tuple[Any, ...]) -> EntrepotError:
    return kind.__new__(kind, *args)


# --- refused: the caller can change something ---


class Refused(EntrepotError):
    """The request cannot be accepted as it is."""


class NameInvalid(Refused):
    """The name is not valid. Detail `kind` says of what: repository, organization, user or host."""


class TagInvalid(Refused):
    """The tag is not valid."""


class DigestInvalid(Refused):
    """The digest is malformed or its algorithm is not supported."""


class DigestMismatch(Refused):
    """The content does not have the digest it was announced with."""


class SizeInvalid(Refused):
    """The content does not have the size it was announced with."""


class RangeUnsatisfiable(Refused):
    """The requested range lies outside the content. Detail `size` is the length of the content in bytes."""

    def __init__(self, message: str | None = None, *, size: int, **detail: Json) -> None:
        super().__init__(message, size=size, **detail)
        self.size = size


class ManifestInvalid(Refused):
    """The manifest is not valid. Detail `path` says where in the document, when one place is at fault."""


class ManifestTooLarge(Refused):
    """The manifest is larger than this registry accepts."""


class ManifestUnknown(Refused):
    """The manifest is not known in this repository."""


class ManifestBlobUnknown(Refused):
    """The manifest names content that is not in this repository. Detail `digests` lists what is missing."""


class MediaTypeUnsupported(Refused):
    """The media type is not supported."""


class BlobUnknown(Refused):
    """The blob is not known in this repository."""


class UploadUnknown(Refused):
    """The upload is not known; it may have ended or expired."""


class UploadInvalid(Refused):
    """The upload request is not valid."""


class UploadOutOfOrder(Refused):
    """The chunk does not start where the upload stands. Detail `offset` is the number of bytes held."""

    def __init__(self, message: str | None = None, *, offset: int, **detail: Json) -> None:
        super().__init__(message, offset=offset, **detail)
        self.offset = offset


class RepositoryUnknown(Refused):
    """The repository is not known."""


class RepositoryExists(Refused):
    """A repository of this name exists already."""


class OrganizationUnknown(Refused):
    """The organization is not known."""


class OrganizationExists(Refused):
    """An organization of this name exists already."""


class OrganizationNotEmpty(Refused):
    """The organization still has repositories."""


class UserUnknown(Refused):
    """The user is not known."""


class UserExists(Refused):
    """A user of this name exists already."""


class DomainUnknown(Refused):
    """The domain is not known."""


class DomainExists(Refused):
    """A domain of this name exists already."""


class DomainNotEmpty(Refused):
    """The domain still has organizations."""


class GroupUnknown(Refused):
    """The group is not known."""


class GroupExists(Refused):
    """A group of this name exists already."""


class RobotUnknown(Refused):
    """The robot is not known."""


class RobotExists(Refused):
    """A robot of this name exists already."""


class TokenUnknown(Refused):
    """The personal token is not known."""


class TokenExists(Refused):
    """A personal token of this name exists already."""


class IdentityProviderUnknown(Refused):
    """The identity provider is not known."""


class IdentityProviderExists(Refused):
    """An identity provider of this name exists already."""


class IdentityUnknown(Refused):
    """The identity is not known."""


class IdentityExists(Refused):
    """The identity belongs to an account already."""


class FederationUnknown(Refused):
    """The federation is not known."""


class FederationExists(Refused):
    """A federation of this name exists already."""


class KeyUnknown(Refused):
    """The access key is not known."""


class SessionUnknown(Refused):
    """The session is not known."""


class AgencyExists(Refused):
    """The domain has an agency already."""


class PasswordInvalid(Refused):
    """The password does not follow the rules for passwords."""


class Unauthenticated(Refused):
    """Authentication is required."""


class AccessDenied(Refused):
    """The requested access is denied."""

    def __init__(
        self, message: str | None = None, *, readable: bool = False, action: str = "", scope: str = "", **detail: Json
    ) -> None:
        super().__init__(message, **detail)
        # What was to be done to what, for the audit.
        self.action = action
        self.scope = scope
        # Whether the caller may at least know that the thing is there; decides between 403 and 404.
        self.readable = readable


class GrantUnknown(Refused):
    """The grant is not known."""


class GrantExists(Refused):
    """A grant for this user exists already."""


class ShareUnknown(Refused):
    """The repository is not shared with this domain."""


class ShareExists(Refused):
    """The repository is shared with this domain already."""


class TagExists(Refused):
    """A tag of this name exists already."""


class Unsupported(Refused):
    """The operation is not supported."""


class BodyTooLarge(Refused):
    """The request body is larger than this registry accepts."""


class BodyIncomplete(Refused):
    """The body of the request ended, or stopped coming, before it was complete."""


class ArchiveInvalid(Refused):
    """The archive of images cannot be accepted. Detail `member` says which file in it, when one is at fault."""


class RemoteRefused(Refused):
    """The other registry refused. Detail `status` is its HTTP status, `code` what it said in the OCI form."""

    def __init__(self, message: str | None = None, *, status: int = 0, code: str = "", **detail: Json) -> None:
        super().__init__(message, status=status, code=code, **detail)
        self.status = status
        self.code = code


class TooMany(Refused):
    """There are too many of these. Detail `limit` is the number allowed."""

    retry_after: float | None = None


class TooManyLogins(TooMany):
    """There were too many wrong passwords; try again later."""

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, **detail: Json) -> None:
        super().__init__(message, **detail)
        self.retry_after = retry_after


class QuotaExceeded(Refused):
    """The quota is used up. Detail `quota` says which one, `used`, `limit` and `wanted` how much."""


class RuleUnknown(Refused):
    """There is no such trigger, retention policy, rule of synchronisation or region. Detail `kind` says which."""


class RuleExists(Refused):
    """There is such a trigger, retention policy, rule of synchronisation or region already."""


class ParameterInvalid(Refused):
    """A parameter of the request is not valid."""


# --- elsewhere: somebody else's trouble ---


class Elsewhere(EntrepotError):
    """A service this registry depends on did not answer. `retry_after` is in seconds; None when nobody can say."""

    def __init__(self, message: str | None = None, *, retry_after: float | None = None, **detail: Json) -> None:
        super().__init__(message, **detail)
        self.retry_after = retry_after


class StorageUnreachable(Elsewhere):
    """The blob storage cannot be reached."""


class DatabaseUnreachable(Elsewhere):
    """The database cannot be reached."""


class DatabaseBusy(Elsewhere):
    """The database was too busy to finish in time."""


class RemoteUnreachable(Elsewhere):
    """The other registry cannot be reached."""


# --- broken: ours ---


class Broken(EntrepotError):
    """The registry failed."""


class StorageFull(Broken):
    """The blob storage is full."""


class StorageFailed(Broken):
    """The blob storage failed."""


class BlobCorrupt(Broken):
    """A stored blob no longer has its digest."""
