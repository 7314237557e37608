"""What an identity provider is told: parsed from a call, kept as JSON, read again at each login.

The table of each kind's fields is its dataclass. What does not depend on the kind is in `Trusted`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from typing import Any, Final

from entrepot.accounts.trust.claims import Claims, Condition, email_domain, parse_conditions, unmet
from entrepot.plumbing.outbound import Peer, Reach, check_url, tls_context
from entrepot.values.errors import ParameterInvalid, Unsupported, quoted, worded
from entrepot.values.names import GroupName

OIDC, LDAP = "oidc", "ldap"
TEXT_CHARS_MAX: Final = 1_024
AUTHORITY_CHARS_MAX: Final = 65_536
_MAPPED_MAX = 1_000
_LISTED_MAX = 50
USER_FILTER: Final = "(uid={name})"
_FILTER = re.compile(r"\(.+\)")
# RFC 4514 with the name as a value, or a part of one, in one of its places.
_DN_TEMPLATE = re.compile(r'(?:[^{}]*[,+])?\s*[A-Za-z0-9.-]+=[^{},+=";\\]*\{name\}[^{}]*')
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9;-]{0,127}")
_EMAIL_DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §3.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """`groups`: ours by the provider's names. `provisions`: who has no account yet gets one, if they meet
    the `conditions` and have a verified address in one of `email_domains` (empty: any, or none).
    """

    reach: Reach = Reach.PUBLIC
    authority: str = ""
    groups: Mapping[str, str]
    provisions: bool = False
    email_domains: Sequence[str] = ()
    conditions: Sequence[Condition] = ()

    @property
    def peer(self) -> Peer:
        return Peer(self.reach, self.authority)

    def why_not(self, claims: Claims) -> str:
        """Why there is no new account for whoever has these claims; empty when there is one."""
        if not self.provisions:
            return "accounts are not made at the first login here"
        if self.email_domains and email_domain(claims) not in self.email_domains:
            return f"their verified e-mail address is not in {', '.join(self.email_domains)}"
        missed = unmet(claims, self.conditions)
        return f"their claim {quoted(missed.claim)} does not fit {quoted(missed.pattern)}" if missed else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings(Trusted):
    """`name_claim` gives a new account its name, `groups_claim` the provider's names of groups."""

    issuer: str
    client_id: str
    scopes: Sequence[str] = ("openid", "profile", "email")
    name_claim: str = "preferred_username"
    groups_claim: str = "groups"


@dataclass(frozen=True, slots=True, kw_only=True)
class LdapSettings(Trusted):
    """A person is looked for under `base_dn` by `user_filter`, in which `{name}` is what they typed.

    Then the directory is asked whether their entry's password is the one they typed. The search is made as
    `bind_dn`, or by nobody. Where nobody may search, `user_dn` says which entry is theirs, as
    `uid={name},ou=people,dc=example,dc=com`: they read it themselves. `id_attribute` never changes for an
    entry. Groups are the values of the entry's `groups_attribute`, and the names of what `group_filter`
    finds under `group_base_dn` (`{dn}` is the entry's).
    """

    url: str
    start_tls: bool = False
    bind_dn: str = ""
    user_dn: str = ""
    base_dn: str = ""
    user_filter: str = USER_FILTER
    id_attribute: str = "entryUUID"
    name_attribute: str = "uid"
    email_attribute: str = "mail"
    groups_attribute: str = "memberOf"
    group_base_dn: str = ""
    group_filter: str = "(member={dn})"


ProviderSettings = OidcSettings | LdapSettings
KINDS: Final[Mapping[str, type[ProviderSettings]]] = {OIDC: OidcSettings, LDAP: LdapSettings}
# What says whose word counts: it stays for good, or a stranger's subjects would meet the links of another.
FIXED: Final = ("issuer", "id_attribute")


def parse_settings(kind: str, given: Mapping[str, Any]) -> ProviderSettings:
    """Settings of a provider of this kind. Raises ParameterInvalid, saying which field is wrong, or Unsupported."""
    made = KINDS.get(kind)
    if made is None:
        raise ParameterInvalid(
            worded("The kind of a provider is {kinds}, not {kind}.", kinds=" or ".join(KINDS), kind=quoted(kind)),
            kind="kind",
        )
    known = {field.name for field in fields(made)}
    if strange := sorted(given.keys() - known):
        raise ParameterInvalid(
            worded("A provider of the kind {kind} has no field {strange}.", kind=kind, strange=", ".join(strange)),
            kind="settings",
        )
    for name, value in given.items():
        if isinstance(value, str) and name != "authority" and len(value) > TEXT_CHARS_MAX:
            raise ParameterInvalid(
                worded("{name} has at most {text_chars_max} characters.", name=name, text_chars_max=TEXT_CHARS_MAX),
                kind=name,
            )
    common = parse_trusted(given)
    if kind == LDAP and find_spec("ldap3") is None:
        raise Unsupported("Directories need the extra `ldap`: pip install 'entrepot[ldap]'.")
    if kind == OIDC:
        return _checked_oidc(OidcSettings(**{**_texts(OidcSettings, given), **common}))
    return _checked_ldap(LdapSettings(**{**_texts(LdapSettings, given), **common}))


def parse_trusted(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `Trusted`. Raises ParameterInvalid or NameInvalid."""
    return {
        **parse_peer(given),
        "groups": _groups(given.get("groups", {})),
        "provisions": given.get("provisions", False),
        "email_domains": _email_domains(given.get("email_domains", ())),
        "conditions": parse_conditions([(one["claim"], one["pattern"]) for one in given.get("conditions", ())]),
    }


def parse_peer(given: Mapping[str, Any]) -> dict[str, Any]:
    """How far another server is trusted. Raises ParameterInvalid."""
    try:
        reach = Reach(given.get("reach", Reach.PUBLIC))
    except ValueError:
        raise ParameterInvalid(
            worded("reach is {reach}; not {given}.", reach=", ".join(Reach), given=quoted(str(given["reach"]))),
            kind="reach",
        ) from None
    authority = str(given.get("authority", ""))
    if len(authority) > AUTHORITY_CHARS_MAX:
        raise ParameterInvalid(
            worded("authority has at most {authority_chars_max} characters.", authority_chars_max=AUTHORITY_CHARS_MAX),
            kind="authority",
        )
    if authority:
        tls_context(authority)
    return {"reach": reach, "authority": authority}


def parse_issuer(url: str, reach: Reach) -> str:
    """The address of an issuer, which names it, too. Raises ParameterInvalid."""
    if check_url(url, reach).query:
        raise ParameterInvalid(worded("An issuer's address has no query; {url} has.", url=quoted(url)), kind="url")
    return url


def document_of(settings: Any) -> dict[str, Any]:
    """Settings as they are kept, shown and told."""
    return asdict(settings)


def _texts(made: type[ProviderSettings], given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of its own; the first that must be there and is not is named."""
    own = {name: value for name, value in given.items() if name not in _COMMON}
    for name in _NEEDED[made]:
        if not own.get(name):
            raise ParameterInvalid(worded("{name} is missing.", name=name), kind="missing")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in own.items()}


_COMMON = frozenset(field.name for field in fields(Trusted))
_NEEDED: Final = {OidcSettings: ("issuer", "client_id"), LdapSettings: ("url",)}


def _checked_oidc(settings: OidcSettings) -> OidcSettings:
    parse_issuer(settings.issuer, settings.reach)
    if "openid" not in settings.scopes or not all(_SCOPE.fullmatch(one) for one in settings.scopes):
        raise ParameterInvalid("scopes are words without spaces, openid among them.", kind="scopes")
    return settings


def _checked_ldap(settings: LdapSettings) -> LdapSettings:
    secure = ("ldap",) if settings.start_tls else ("ldaps",)
    parts = check_url(settings.url, settings.reach, secure, plain=("ldap",))
    if parts.path.strip("/") or parts.query:
        raise ParameterInvalid("The address of a directory ends with its host and port.", kind="url")
    _check_whose_entry(settings)
    for name, filter_, mark in (
        ("user_filter", settings.user_filter, "{name}"),
        ("group_filter", settings.group_filter, "{dn}"),
    ):
        if not _FILTER.fullmatch(filter_) or mark not in filter_:
            raise ParameterInvalid(
                worded("{name} is an LDAP filter in parentheses with {mark} in it.", name=name, mark=mark), kind=name
            )
    for name in ("id_attribute", "name_attribute", "email_attribute", "groups_attribute"):
        value = getattr(settings, name)
        if not _ATTRIBUTE.fullmatch(value):
            raise ParameterInvalid(
                worded("{name} is the name of an attribute, not {value}.", name=name, value=quoted(value)), kind=name
            )
    return settings


def _check_whose_entry(settings: LdapSettings) -> None:
    if not settings.user_dn:
        if not settings.base_dn:
            raise ParameterInvalid("base_dn is missing, or user_dn in its place.", kind="missing")
        return
    if not _DN_TEMPLATE.fullmatch(settings.user_dn):
        raise ParameterInvalid(
            "user_dn is the name of an entry with {name} as one of its values, as uid={name},dc=example,dc=com.",
            kind="user_dn",
        )
    if settings.bind_dn:
        raise ParameterInvalid("bind_dn searches and user_dn does without a search: give one of them.", kind="user_dn")


def _groups(given: Mapping[str, str]) -> dict[str, str]:
    if len(given) > _MAPPED_MAX:
        raise ParameterInvalid(
            worded("At most {mapped_max} groups are mapped, not {count}.", mapped_max=_MAPPED_MAX, count=len(given)),
            kind="groups",
        )
    for theirs in given:
        if not 0 < len(theirs) <= TEXT_CHARS_MAX:
            raise ParameterInvalid(
                worded("A provider's group has 1 to {text_chars_max} characters.", text_chars_max=TEXT_CHARS_MAX),
                kind="groups",
            )
    return {theirs: str(GroupName.parse(ours)) for theirs, ours in given.items()}


def _email_domains(given: Sequence[str]) -> tuple[str, ...]:
    domains = tuple(one.lower() for one in given)
    if len(domains) > _LISTED_MAX or not all(_EMAIL_DOMAIN.fullmatch(one) for one in domains):
        raise ParameterInvalid(
            worded("email_domains are at most {listed_max} names of domains, as example.com.", listed_max=_LISTED_MAX),
            kind="email_domains",
        )
    return domains
