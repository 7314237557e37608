"""Names: repositories, organizations, tags, users and their like. Each is a checked `str`, so it binds to SQL as it is.

`X.parse(text)` checks; `X(text)` does not, and is for text that was checked before (a row of our own tables).
No expression here can match one text in two ways, and lengths are bounded first, so hostile text costs nothing.
"""

from __future__ import annotations

import re
from typing import Final

from entrepot.values.errors import NameInvalid, TagInvalid, quoted, worded

REPOSITORY_CHARS_MAX: Final = 255
ORGANIZATION_CHARS_MAX: Final = 64
USER_CHARS_MAX: Final = 64
RESERVED_ORGANIZATIONS: Final = frozenset({"manage", "library"})
"""`manage` begins the paths of the management API; `library` is reserved by the SWR contract."""

_SEPARATED = r"(?:(?:\.|__?|-+)[a-z0-9]+)*"
_COMPONENT = r"[a-z0-9]+" + _SEPARATED
_match_repository = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})+").fullmatch
_match_organization = re.compile(r"[a-z][a-z0-9]*" + _SEPARATED).fullmatch
_match_tag = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}").fullmatch
_match_provider = re.compile(r"[a-z0-9][a-z0-9-]{0,63}").fullmatch
_match_user = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}").fullmatch


class RepositoryName(str):
    """`organization/name`, where the name may hold more slashes."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> RepositoryName:
        """The name of a repository, by the grammar of the distribution specification ("Pulling manifests").

        At least two components, at most 255 characters. Raises NameInvalid.
        """
        if len(text) <= REPOSITORY_CHARS_MAX and _match_repository(text):
            return cls(text)
        raise NameInvalid(_what_is_wrong_with_repository(text), kind="repository")

    @property
    def organization(self) -> OrganizationName:
        return OrganizationName(self.partition("/")[0])

    @property
    def name(self) -> str:
        """What follows the organization."""
        return self.partition("/")[2]


class OrganizationName(str):
    """The first component of a repository's name; it belongs to somebody."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> OrganizationName:
        """A name that an organization may be created with.

        Narrower than what may stand first in a repository's name: it starts with a letter, has at most 64 characters
        and is not reserved. Raises NameInvalid.
        """
        if text in RESERVED_ORGANIZATIONS:
            raise NameInvalid(
                worded("the organization name {text} is reserved", text=quoted(text)), kind="organization"
            )
        if len(text) <= ORGANIZATION_CHARS_MAX and _match_organization(text):
            return cls(text)
        raise NameInvalid(
            worded(
                "{text} is not an organization name: 1 to {organization_chars_max} lower-case letters "
                "and digits, starting with a letter, separated by one '.', one or two '_' or any number "
                "of '-'",
                text=quoted(text),
                organization_chars_max=ORGANIZATION_CHARS_MAX,
            ),
            kind="organization",
        )


class TagName(str):
    """A tag: a movable name of one manifest in one repository."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> TagName:
        """A tag by the grammar of the distribution specification ("Pulling manifests"). Raises TagInvalid."""
        if _match_tag(text):
            return cls(text)
        raise TagInvalid(
            worded(
                "{text} is not a tag: 1 to 128 letters, digits, '_', '.' and '-', not starting with '.' or '-'",
                text=quoted(text),
            )
        )


class UserName(str):
    """What a user signs in as. It holds no ':' and no '@', which have a meaning in credentials."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> UserName:
        """A name that a user may be created with; upper and lower case are kept. Raises NameInvalid."""
        if _match_user(text):
            return cls(text)
        raise NameInvalid(
            worded(
                "{text} is not a user name: 1 to {user_chars_max} letters, digits, '.', '_' and '-', "
                "starting with a letter or digit",
                text=quoted(text),
                user_chars_max=USER_CHARS_MAX,
            ),
            kind="user",
        )


class DomainName(str):
    """A tenant. Its users sign in as `DOMAIN/USER`."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> DomainName:
        """A name that a domain may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "domain"))


class GroupName(str):
    """A group of users of one domain."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> GroupName:
        """A name that a group may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "group"))


class RegionName(str):
    """Another installation that images can be copied to."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> RegionName:
        """A name that a region may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "region"))


class SyncRuleName(str):
    """A rule of synchronisation that an operator made."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> SyncRuleName:
        """A name that a rule may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "rule"))


class WarmRuleName(str):
    """A rule by which images come to nodes of regions when they are pushed."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> WarmRuleName:
        """A name that a rule may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "rule"))


class EdgeName(str):
    """A node of a region."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> EdgeName:
        """A name that an edge may join with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "edge"))


class TriggerName(str):
    """A trigger of one repository."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> TriggerName:
        """A name that a trigger may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "trigger"))


class WebhookName(str):
    """A webhook, among those of its organization and its repositories."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> WebhookName:
        """A name that a webhook may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "webhook"))


class RobotName(str):
    """A robot, without the `robot$` that stands before it where users stand, too."""

    __slots__ = ()

    PREFIX: Final = "robot$"

    @classmethod
    def parse(cls, text: str) -> RobotName:
        """A name that a robot may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX - len(cls.PREFIX), "robot"))

    @property
    def login(self) -> str:
        """What it signs in as, in its own domain."""
        return self.PREFIX + self


class TokenName(str):
    """A personal token, among those of its user."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> TokenName:
        """A name that a personal token may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "token"))


class ProviderName(str):
    """An identity provider, as it stands in the address people sign in at."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> ProviderName:
        """A name that an identity provider may be created with. Raises NameInvalid."""
        if _match_provider(text):
            return cls(text)
        raise NameInvalid(
            worded(
                "{text} is not a provider's name: 1 to {user_chars_max} lower-case letters, digits and "
                "'-', starting with a letter or digit",
                text=quoted(text),
                user_chars_max=USER_CHARS_MAX,
            ),
            kind="provider",
        )


class FederationName(str):
    """A trust in tokens of others."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> FederationName:
        """A name that a federation may be created with. Raises NameInvalid."""
        return cls(_short_name(text, USER_CHARS_MAX, "federation"))


def _short_name(text: str, chars_max: int, kind: str) -> str:
    if len(text) <= chars_max and _match_user(text):
        return text
    raise NameInvalid(
        worded(
            "{text} is not a {kind} name: 1 to {chars_max} letters, digits, '.', '_' and '-', "
            "starting with a letter or digit",
            text=quoted(text),
            kind=kind,
            chars_max=chars_max,
        ),
        kind=kind,
    )


def _what_is_wrong_with_repository(text: str) -> str:
    if len(text) > REPOSITORY_CHARS_MAX:
        return worded(
            "a repository name has at most {repository_chars_max} characters, this one has {count}",
            repository_chars_max=REPOSITORY_CHARS_MAX,
            count=len(text),
        )
    if "/" not in text:
        return worded("a repository name needs an organization, as in team/app; {text} has none", text=quoted(text))
    return worded(
        "{text} is not a repository name: components of lower-case letters and digits, separated "
        "by one '.', one or two '_' or any number of '-', and joined by '/'",
        text=quoted(text),
    )
