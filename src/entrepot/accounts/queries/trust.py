"""SQL about identity providers, whom they vouch for, and federations."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from entrepot.accounts.queries.people import ACCOUNT
from entrepot.accounts.tables import domain, federation, group, identity, identity_provider, refresh_token, user
from entrepot.db.transaction import Reader, Writer

_FEDERATION = select(federation, user.c.name.label("robot_login")).select_from(
    federation.join(user, user.c.id == federation.c.robot_id)
)


async def provider_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(select(identity_provider).where(identity_provider.c.name == name))


async def providers_of_domain(tx: Reader, domain_id: str, after: str, limit: int) -> Sequence[Row[Any]]:
    """By name, those after `after`."""
    return await tx.rows(
        select(identity_provider)
        .where(identity_provider.c.domain_id == domain_id, identity_provider.c.name > after)
        .order_by(identity_provider.c.name)
        .limit(limit)
    )


async def enabled_providers(tx: Reader, domain_name: str, kind: str, limit: int) -> Sequence[Row[Any]]:
    """Those of a domain that people may use now, by name."""
    return await tx.rows(
        select(identity_provider)
        .join(domain)
        .where(domain.c.name == domain_name, identity_provider.c.kind == kind, identity_provider.c.is_enabled)
        .order_by(identity_provider.c.name)
        .limit(limit)
    )


async def save_provider(tx: Writer, **columns: Any) -> None:
    await tx.run(tx.insert(identity_provider).values(**columns))


async def change_provider(tx: Writer, provider_id: str, changes: Mapping[str, Any]) -> None:
    await tx.run(update(identity_provider).where(identity_provider.c.id == provider_id).values(**changes))


async def delete_provider(tx: Writer, provider_id: str) -> None:
    await tx.run(delete(identity_provider).where(identity_provider.c.id == provider_id))


async def end_logins_by(tx: Writer, provider_id: str) -> None:
    """End everything that those who are linked to a provider are signed in with."""
    linked = select(identity.c.user_id).where(identity.c.provider_id == provider_id)
    ended = {"credential_version": user.c.credential_version + 1, "login_version": user.c.login_version + 1}
    await tx.run(update(user).where(user.c.id.in_(linked)).values(**ended))
    await tx.run(delete(refresh_token).where(refresh_token.c.user_id.in_(linked)))


async def user_of_identity(tx: Reader, provider_id: str, subject: str) -> Row[Any] | None:
    """The account that belongs to a subject of a provider, as `people.user_by_id` gives it."""
    return await tx.row(
        select(*ACCOUNT)
        .join(domain)
        .join(identity, identity.c.user_id == user.c.id)
        .where(identity.c.provider_id == provider_id, identity.c.subject == subject)
    )


async def identities_of_provider(tx: Reader, provider_id: str, after: str, limit: int) -> Sequence[Row[Any]]:
    """By subject, those after `after`."""
    return await tx.rows(
        select(identity, user.c.name.label("user_name"))
        .join(user)
        .where(identity.c.provider_id == provider_id, identity.c.subject > after)
        .order_by(identity.c.subject)
        .limit(limit)
    )


async def identities_of_user(tx: Reader, user_id: str) -> Sequence[Row[Any]]:
    """Name of the provider and subject there."""
    found = select(identity_provider.c.name, identity.c.subject).join(
        identity, identity.c.provider_id == identity_provider.c.id
    )
    return await tx.rows(
        found.where(identity.c.user_id == user_id).order_by(identity_provider.c.name, identity.c.subject)
    )


async def is_linked(tx: Reader, provider_id: str, user_id: str) -> bool:
    linked = select(identity.c.subject).where(identity.c.user_id == user_id, identity.c.provider_id == provider_id)
    return await tx.row(linked.limit(1)) is not None


async def providers_of_user(tx: Reader, user_id: str) -> Sequence[str]:
    """The names of the providers that vouch for an account, in order."""
    linked = select(identity_provider.c.name).join(identity).where(identity.c.user_id == user_id)
    return [row.name for row in await tx.rows(linked.distinct().order_by(identity_provider.c.name))]


async def save_identity(tx: Writer, provider_id: str, subject: str, user_id: str, at: datetime) -> None:
    row = {"provider_id": provider_id, "subject": subject, "user_id": user_id, "created_at": at}
    await tx.run(tx.insert(identity).values(**row))


async def delete_identity(tx: Writer, provider_id: str, subject: str) -> None:
    await tx.run(delete(identity).where(identity.c.provider_id == provider_id, identity.c.subject == subject))


async def groups_named(tx: Reader, domain_id: str, names: Collection[str]) -> Mapping[str, str]:
    """The ids of a domain's groups by their names; those that do not exist are left out."""
    rows = await tx.rows(
        select(group.c.id, group.c.name).where(group.c.domain_id == domain_id, group.c.name.in_(sorted(names)))
    )
    return {row.name: row.id for row in rows}


async def federation_by_name(tx: Reader, domain_id: str, name: str) -> Row[Any] | None:
    return await tx.row(_FEDERATION.where(federation.c.domain_id == domain_id, federation.c.name == name))


async def federations_of_domain(tx: Reader, domain_id: str, after: str, limit: int) -> Sequence[Row[Any]]:
    """By name, those after `after`."""
    return await tx.rows(
        _FEDERATION.where(federation.c.domain_id == domain_id, federation.c.name > after)
        .order_by(federation.c.name)
        .limit(limit)
    )


async def enabled_federations(tx: Reader, domain_name: str, issuer: str, limit: int) -> Sequence[Row[Any]]:
    """Those of a domain that trust an issuer now."""
    return await tx.rows(
        _FEDERATION.join(domain, domain.c.id == federation.c.domain_id)
        .where(domain.c.name == domain_name, federation.c.issuer == issuer, federation.c.is_enabled)
        .order_by(federation.c.name)
        .limit(limit)
    )


async def save_federation(tx: Writer, **columns: Any) -> None:
    await tx.run(tx.insert(federation).values(**columns))


async def change_federation(tx: Writer, federation_id: str, changes: Mapping[str, Any]) -> None:
    await tx.run(update(federation).where(federation.c.id == federation_id).values(**changes))


async def delete_federation(tx: Writer, federation_id: str) -> None:
    await tx.run(delete(federation).where(federation.c.id == federation_id))
