"""Identity providers: set up, shown, changed, checked by administrators of their domain.

A name is taken once in the installation, since it stands in the address people sign in at. Whoever
lets a provider stand in a private network lets this server be sent there, so only operators may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_admin
from entrepot.accounts.operators import require_operator
from entrepot.accounts.queries import people
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.room import Accounts
from entrepot.accounts.tables import identity_provider
from entrepot.accounts.trust.events import (
    IdentityLinked,
    IdentityUnlinked,
    ProviderChanged,
    ProviderCreated,
    ProviderDeleted,
)
from entrepot.accounts.trust.following import end_given
from entrepot.accounts.trust.settings import FIXED, ProviderSettings, document_of, parse_settings
from entrepot.accounts.users import find_user
from entrepot.db.resealing import Sealed, keep_sealed
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.outbound import Reach
from entrepot.values.errors import (
    IdentityExists,
    IdentityProviderExists,
    IdentityProviderUnknown,
    IdentityUnknown,
    ParameterInvalid,
    quoted,
    worded,
)
from entrepot.values.names import ProviderName, UserName

SECRET_PURPOSE = "identity provider"  # noqa: S105  # what the seal says it is for
SEALED = Sealed(
    identity_provider, identity_provider.c.id, identity_provider.c.sealed_secret, lambda _row: SECRET_PURPOSE
)
_SECRET_CHARS_MAX = 1_024
_SUBJECT_CHARS_MAX = 255


@dataclass(frozen=True, slots=True)
class Provider:
    id: str
    name: str
    domain_id: str
    kind: str
    settings: ProviderSettings
    sealed_secret: bytes | None
    is_enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """Who an account is at a provider."""

    subject: str
    user_name: str
    created_at: datetime


async def create_provider(
    accounts: Accounts, actor: Actor, name: ProviderName, kind: str, given: Mapping[str, Any], secret: str | None
) -> Provider:
    """A provider that people of the actor's domain may sign in by from now on.

    Raises AccessDenied, ParameterInvalid, NameInvalid or IdentityProviderExists.
    """
    require_admin(actor)
    settings = parse_settings(kind, given)

    async with accounts.db.writing() as tx:
        await keep_sealed(tx)
        sealed = _sealed(accounts, secret)
        await _require_reach(tx, actor, settings.reach)
        await tx.lock(f"identity-provider:{name}")
        if await queries.provider_by_name(tx, name):
            raise IdentityProviderExists(worded("An identity provider named {name} exists already.", name=name))
        made = Provider(new_id(), name, actor.domain_id, kind, settings, sealed, True, accounts.clock.now())
        document = document_of(settings)
        await queries.save_provider(
            tx,
            id=made.id,
            domain_id=made.domain_id,
            name=name,
            kind=kind,
            settings=document,
            sealed_secret=sealed,
            is_enabled=True,
            created_at=made.created_at,
        )
        await publish(tx, ProviderCreated(name, made.id, kind, document), actor=actor.subject, at=made.created_at)
    return made


async def list_providers(accounts: Accounts, actor: Actor, after: str, limit: int) -> Sequence[Provider]:
    """Providers of the actor's domain by name, those after `after`. Raises AccessDenied."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        return [provider_of(row) for row in await queries.providers_of_domain(tx, actor.domain_id, after, limit)]


async def show_provider(accounts: Accounts, actor: Actor, name: str) -> Provider:
    """Raises AccessDenied or IdentityProviderUnknown."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        return await _own(tx, actor, name)


async def change_provider(
    accounts: Accounts,
    actor: Actor,
    name: str,
    given: Mapping[str, Any],
    secret: str | None = None,
    is_enabled: bool | None = None,
) -> Provider:
    """Change what is given of a provider's settings; the rest stays.

    Disabled, it lets nobody in, and who is signed in by it is out at once. Groups that are no longer mapped lose the
    members it gave. Raises AccessDenied, IdentityProviderUnknown, or ParameterInvalid, also for what cannot be changed.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        await tx.lock(f"identity-provider:{name}")
        found = await _own(tx, actor, name)
        before = document_of(found.settings)
        settings = parse_settings(found.kind, {**before, **given})
        if settings.reach != found.settings.reach:
            await _require_reach(tx, actor, settings.reach)
        changed = {key: value for key, value in document_of(settings).items() if value != before[key]}
        if fixed := [key for key in FIXED if key in changed]:
            raise ParameterInvalid(
                worded(
                    "{fixed} says whose word counts and stays as it is; set up another provider instead.",
                    fixed=fixed[0],
                ),
                kind=fixed[0],
            )
        told, was = dict(changed), {key: before[key] for key in changed}
        columns: dict[str, Any] = {"settings": document_of(settings)}
        if secret is not None:
            await keep_sealed(tx)
            columns["sealed_secret"] = _sealed(accounts, secret)
            told["secret"] = None
        if is_enabled is not None and is_enabled != found.is_enabled:
            columns["is_enabled"] = told["is_enabled"] = is_enabled
            was["is_enabled"] = found.is_enabled
            if not is_enabled:
                await queries.end_logins_by(tx, found.id)
        if told:
            await queries.change_provider(tx, found.id, columns)
            event = ProviderChanged(name, found.id, told, was)
            await publish(tx, event, actor=actor.subject, at=accounts.clock.now())
        if "groups" in changed:
            mapped = set(settings.groups.values())
            await end_given(tx, found.id, mapped, actor.subject, accounts.clock.now())
        return await _own(tx, actor, name)


async def delete_provider(accounts: Accounts, actor: Actor, name: str) -> None:
    """Trust a provider no longer. Accounts stay; who is signed in by it is out at once, and of the groups it gave, too.

    Raises AccessDenied or IdentityProviderUnknown.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        await tx.lock(f"identity-provider:{name}")
        found = await _own(tx, actor, name)
        await queries.end_logins_by(tx, found.id)
        await end_given(tx, found.id, (), actor.subject, accounts.clock.now())
        await queries.delete_provider(tx, found.id)
        event = ProviderDeleted(name, found.id, document_of(found.settings))
        await publish(tx, event, actor=actor.subject, at=accounts.clock.now())


async def list_identities(accounts: Accounts, actor: Actor, name: str, after: str, limit: int) -> Sequence[Identity]:
    """Whom a provider vouches for, by subject, those after `after`. Raises AccessDenied or IdentityProviderUnknown."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        found = await _own(tx, actor, name)
        rows = await queries.identities_of_provider(tx, found.id, after, limit)
    return [Identity(row.subject, row.user_name, row.created_at) for row in rows]


async def link_identity(accounts: Accounts, actor: Actor, name: str, subject: str, user: UserName) -> Identity:
    """Let an account that is there belong to a subject of a provider.

    Raises AccessDenied, IdentityProviderUnknown, UserUnknown, ParameterInvalid or IdentityExists.
    """
    require_admin(actor)
    if not 0 < len(subject) <= _SUBJECT_CHARS_MAX:
        raise ParameterInvalid(
            worded("A subject has 1 to {subject_chars_max} characters.", subject_chars_max=_SUBJECT_CHARS_MAX),
            kind="subject",
        )
    async with accounts.db.writing() as tx:
        found = await _own(tx, actor, name)
        await tx.lock(f"identity:{found.id}:{subject}")
        account = await find_user(tx, actor, user)
        if await queries.user_of_identity(tx, found.id, subject):
            raise IdentityExists(
                worded("The subject {subject} belongs to an account already.", subject=quoted(subject))
            )
        now = accounts.clock.now()
        await queries.save_identity(tx, found.id, subject, account.id, now)
        event = IdentityLinked(account.name, account.id, name, subject)
        await publish(tx, event, actor=actor.subject, at=now)
    return Identity(subject, account.name, now)


async def unlink_identity(accounts: Accounts, actor: Actor, name: str, subject: str) -> None:
    """Let an account no longer belong to a subject; what it is signed in with ends, and what the provider gave it.

    Raises AccessDenied, IdentityProviderUnknown or IdentityUnknown.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        found = await _own(tx, actor, name)
        account = await queries.user_of_identity(tx, found.id, subject)
        if account is None:
            raise IdentityUnknown(worded("No account belongs to the subject {subject}.", subject=quoted(subject)))
        await queries.delete_identity(tx, found.id, subject)
        await people.change_user(tx, account.id)
        await end_given(tx, found.id, (), actor.subject, accounts.clock.now(), account.id)
        event = IdentityUnlinked(account.name, account.id, name, subject)
        await publish(tx, event, actor=actor.subject, at=accounts.clock.now())


def provider_of(row: Row[Any]) -> Provider:
    settings = parse_settings(row.kind, row.settings)
    return Provider(
        row.id, row.name, row.domain_id, row.kind, settings, row.sealed_secret, row.is_enabled, row.created_at
    )


def secret_of(accounts: Accounts, provider: Provider) -> str:
    """What this server shows to the provider; empty when it has nothing."""
    if provider.sealed_secret is None:
        return ""
    return accounts.sealer.open(provider.sealed_secret, SECRET_PURPOSE).decode()


async def _own(tx: Reader, actor: Actor, name: str) -> Provider:
    """Of another domain's providers it says what it says of those that do not exist."""
    row = await queries.provider_by_name(tx, name)
    if row is None or row.domain_id != actor.domain_id:
        raise IdentityProviderUnknown(worded("There is no identity provider named {name}.", name=quoted(name)))
    return provider_of(row)


async def _require_reach(tx: Reader, actor: Actor, reach: Reach) -> None:
    if reach is not Reach.PUBLIC:
        await require_operator(tx, actor)


def _sealed(accounts: Accounts, secret: str | None) -> bytes | None:
    """None for no secret; an empty one takes it away."""
    if not secret:
        return None
    if len(secret) > _SECRET_CHARS_MAX:
        raise ParameterInvalid(
            worded("A secret has at most {secret_chars_max} characters.", secret_chars_max=_SECRET_CHARS_MAX),
            kind="secret",
        )
    return accounts.sealer.seal(secret.encode(), SECRET_PURPOSE)
