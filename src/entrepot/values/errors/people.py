"""Who somebody is, and what they may do: accounts, credentials, other issuers, and being refused."""

from entrepot.values.errors.families import Json, Refused


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


class AgencyExists(Refused):
    """The domain has an agency already."""


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


class KeyUnknown(Refused):
    """The access key is not known."""


class SessionUnknown(Refused):
    """The session is not known."""


class PasswordInvalid(Refused):
    """The password does not follow the rules for passwords."""


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
