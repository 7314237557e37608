"""Why somebody came back from an identity provider and is not signed in: a word, for a page to say in any language."""

from enum import StrEnum
from typing import Final

from entrepot.values.errors import Elsewhere, EntrepotError, IdentityProviderUnknown, NameInvalid, TooManyLogins


class WhyNot(StrEnum):
    """`FAILED` is whatever has no word of its own."""

    UNFIT = "unfit"
    """The sign-in did not begin in this browser, or took too long."""
    DENIED = "denied"
    """The provider said no, or the person did."""
    UNBELIEVED = "unbelieved"
    """What the provider says about the person is not signed as it should be."""
    NO_ACCOUNT = "no-account"
    """Nobody made an account, and the provider's settings do not."""
    NAME_TAKEN = "name-taken"
    """An account of this name is there, and belongs to nobody of the provider."""
    NAME_INVALID = "name-invalid"
    """What the provider calls the person cannot be a user name."""
    DISABLED = "disabled"
    """The account is disabled."""
    UNKNOWN = "unknown-provider"
    """There is no such provider, or it is disabled."""
    UNREACHABLE = "unreachable"
    """The provider does not answer as it should."""
    TOO_MANY = "too-many"
    """There were too many attempts."""
    FAILED = "failed"


_BY_KIND: Final[dict[type[EntrepotError], WhyNot]] = {
    NameInvalid: WhyNot.NAME_INVALID,
    IdentityProviderUnknown: WhyNot.UNKNOWN,
    TooManyLogins: WhyNot.TOO_MANY,
    Elsewhere: WhyNot.UNREACHABLE,
}


def why_not(error: EntrepotError) -> WhyNot:
    """The word for an error of a sign-in: the one in its detail `why`, else the one for its kind."""
    said = error.detail.get("why")
    if isinstance(said, WhyNot):
        return said
    return next((_BY_KIND[kind] for kind in type(error).__mro__ if kind in _BY_KIND), WhyNot.FAILED)
