"""Identity providers: whose word counts for who somebody is. For administrators of the domain."""

from typing import Annotated, Any, Final, Literal

from fastapi import Path, Query
from pydantic import BaseModel, Field

from entrepot.accounts.trust import checking, providers
from entrepot.accounts.trust.settings import document_of
from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Flag, Text, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339
from entrepot.values.names import ProviderName, UserName

TheProvider = Annotated[str, Path(description="An identity provider's name.")]
_NOT_SETTINGS: Final = {"name", "kind", "secret", "is_enabled"}


class Condition(BaseModel):
    """A claim, by its name or a JSON pointer, fits: `*` stands for anything but `/` and `:`, `**` for anything."""

    claim: Word = Field(examples=["department", "/resource_access/registry/roles"])
    pattern: Word = Field(examples=["platform-*"])


class ProviderFields(Body):
    """Settings of a provider. Which ones there are depends on its kind; `groups` maps its names to ours."""

    reach: Literal["public", "private", "plain"] | None = None
    authority: Text | None = Field(None, description="PEM: who signs the provider's certificate.")
    groups: dict[str, Word] | None = Field(None, examples=[{"registry-editors": "editors"}])
    provisions: Flag | None = Field(None, description="Make an account at the first login.")
    email_domains: list[Word] | None = Field(None, examples=[["example.com"]])
    conditions: list[Condition] | None = None
    secret: Word | None = Field(None, description="The client's secret, or the password of `bind_dn`. Never shown.")
    # OIDC
    client_id: Word | None = None
    scopes: list[Word] | None = None
    name_claim: Word | None = None
    groups_claim: Word | None = None
    # LDAP
    url: Word | None = Field(None, examples=["ldaps://directory.example.com"])
    start_tls: Flag | None = None
    bind_dn: Word | None = None
    user_dn: Word | None = Field(
        None, description="In place of a search.", examples=["uid={name},ou=people,dc=example,dc=com"]
    )
    base_dn: Word | None = Field(None, examples=["ou=people,dc=example,dc=com"])
    user_filter: Word | None = Field(None, examples=["(&(objectClass=person)(uid={name}))"])
    name_attribute: Word | None = None
    email_attribute: Word | None = None
    groups_attribute: Word | None = None
    group_base_dn: Word | None = None
    group_filter: Word | None = Field(None, examples=["(member={dn})"])
    # What stays as it was set up.
    issuer: Word | None = Field(None, examples=["https://login.example.com/realms/staff"])
    id_attribute: Word | None = None

    def said(self) -> dict[str, Any]:
        """The settings the body names; null counts as not named."""
        return self.model_dump(exclude=_NOT_SETTINGS, exclude_none=True)


class CreateProvider(ProviderFields):
    name: Word = Field(examples=["corp"])
    kind: Literal["oidc", "ldap"]


class UpdateProvider(ProviderFields):
    is_enabled: Flag | None = None


class Provider(BaseModel):
    id: str
    name: str
    kind: str
    is_enabled: bool
    has_secret: bool
    login_path: str = Field(description="Where people sign in with their browser; empty for a directory.")
    settings: dict[str, Any]
    created_at: str


class Providers(BaseModel):
    providers: list[Provider]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class Checked(BaseModel):
    """`says`: what is wrong, one sentence each, or what was found."""

    is_good: bool
    says: list[str]


class LinkIdentity(Body):
    subject: Word = Field(description="Who they are at the provider: the claim `sub`, or the id attribute.")
    user: Word


class Identity(BaseModel):
    subject: str
    user: str
    created_at: str


class Identities(BaseModel):
    identities: list[Identity]
    nextMarker: str | None = None  # noqa: N815


async def create_identity_provider(call: TheCall, body: CreateProvider) -> Provider:
    """Set up a provider, by which people may sign in from then on."""
    name = ProviderName.parse(body.name)
    made = await providers.create_provider(call.accounts, call.actor, name, body.kind, body.said(), body.secret)
    return _provider(made)


async def list_identity_providers(
    call: TheCall, limit: WordParameter = None, marker: WordParameter = None
) -> Providers:
    """Providers of your domain by name, those after `marker`; `nextMarker` is absent at the end."""
    count = parse_limit(limit)
    found = await providers.list_providers(call.accounts, call.actor, marker or "", count + 1)
    rows = [_provider(one) for one in found[:count]]
    return Providers(providers=rows, nextMarker=rows[-1].name if len(found) > count else None)


async def show_identity_provider(call: TheCall, provider: TheProvider) -> Provider:
    """One provider, without its secret."""
    return _provider(await providers.show_provider(call.accounts, call.actor, provider))


async def update_identity_provider(call: TheCall, provider: TheProvider, body: UpdateProvider) -> Provider:
    """Change what the body names. Disabled, a provider lets nobody in, and who is signed in by it is out at once."""
    changed = await providers.change_provider(
        call.accounts, call.actor, provider, body.said(), body.secret, body.is_enabled
    )
    return _provider(changed)


async def delete_identity_provider(call: TheCall, provider: TheProvider) -> None:
    """Trust a provider no longer. Accounts stay; who is signed in by it is out at once."""
    await providers.delete_provider(call.accounts, call.actor, provider)


async def check_identity_provider(call: TheCall, provider: TheProvider) -> Checked:
    """Ask the provider now, as a login would, and say what is wrong."""
    checked = await checking.check_provider(call.accounts, call.actor, provider)
    return Checked(is_good=checked.is_good, says=list(checked.says))


async def list_identities(
    call: TheCall, provider: TheProvider, limit: WordParameter = None, marker: WordParameter = None
) -> Identities:
    """Which accounts belong to whom at the provider, by subject."""
    count = parse_limit(limit)
    found = await providers.list_identities(call.accounts, call.actor, provider, marker or "", count + 1)
    rows = [_identity(one) for one in found[:count]]
    return Identities(identities=rows, nextMarker=rows[-1].subject if len(found) > count else None)


async def link_identity(call: TheCall, provider: TheProvider, body: LinkIdentity) -> Identity:
    """Let an account that is there belong to somebody at the provider, who signs in as it from then on."""
    user = UserName.parse(body.user)
    return _identity(await providers.link_identity(call.accounts, call.actor, provider, body.subject, user))


async def unlink_identity(
    call: TheCall, provider: TheProvider, subject: Annotated[Word, Query(description="As the list shows it.")]
) -> None:
    """Let an account belong to nobody at the provider any more; what it is signed in with ends."""
    await providers.unlink_identity(call.accounts, call.actor, provider, subject)


def _provider(one: providers.Provider) -> Provider:
    return Provider(
        id=one.id,
        name=one.name,
        kind=one.kind,
        is_enabled=one.is_enabled,
        has_secret=one.sealed_secret is not None,
        login_path=f"/auth/oidc/{one.name}/login" if one.kind == "oidc" else "",
        settings=document_of(one.settings),
        created_at=rfc3339(one.created_at),
    )


def _identity(one: providers.Identity) -> Identity:
    return Identity(subject=one.subject, user=one.user_name, created_at=rfc3339(one.created_at))
