"""Domains (tenants): each with people, groups and robots of its own, who do not see those of others.

Operators, the administrators of the first domain, make and remove domains. Inside one, its own
administrators decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_account, require_admin
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.events import DomainCreated, DomainDeleted, UserCreated
from entrepot.accounts.operators import require_operator
from entrepot.accounts.queries import domains, people
from entrepot.accounts.room import Accounts
from entrepot.accounts.users import domain_names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import DomainExists, DomainUnknown, ParameterInvalid, Unauthenticated, quoted, worded
from entrepot.values.names import DomainName, UserName


@dataclass(frozen=True, slots=True)
class Domain:
    id: str
    name: DomainName
    created_at: datetime


async def create_domain(accounts: Accounts, actor: Actor, name: DomainName, admin: UserName, password: str) -> Domain:
    """A new domain with its first administrator, who signs in as `NAME/ADMIN`.

    Only operators may. Raises Unauthenticated, PasswordInvalid or DomainExists.
    """
    require_admin(actor)
    accounts.passwords.check_rules(password)
    password_hash = await accounts.passwords.hash(password)

    async with accounts.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(f"domain:{name}")
        if await people.domain_by_name(tx, name):
            raise DomainExists(worded("A domain named {name} exists already.", name=name))
        domain_id, user_id, now = new_id(), new_id(), accounts.clock.now()
        await people.save_domain(tx, domain_id, name, now)
        await people.save_user(tx, user_id, domain_id, admin, password_hash, True, now)
        await publish(tx, DomainCreated(name, domain_id, admin), actor=actor.subject, at=now)
        made = UserCreated(admin, user_id, True)
        await publish(tx, made, actor=actor.subject, at=now, domain_id=domain_id)
    return Domain(domain_id, name, now)


async def list_domains(
    accounts: Accounts,
    actor: Actor,
    after: str,
    limit: int,
    part: str = "",
    order: ListOrder = ListOrder.NAME,
    descending: bool = False,
) -> Sequence[Domain]:
    """All domains by name or age, those after the marker `after` with `part` in their name. Only operators may.

    Raises Unauthenticated, AccessDenied, or ParameterInvalid for a marker of another list.
    """
    async with accounts.db.reading() as tx:
        await require_operator(tx, actor)
        return [_domain(row) for row in await domains.domains_after(tx, after, limit, part, order, descending)]


async def show_domain(accounts: Accounts, actor: Actor, name: DomainName | None = None) -> Domain:
    """One domain; without a name the actor's own, which everybody may see.

    Raises Unauthenticated, AccessDenied or DomainUnknown.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with accounts.db.reading() as tx:
        own = (await domain_names_of(tx, [actor.domain_id]))[actor.domain_id]
        if name not in (None, own):
            await require_operator(tx, actor)
        return _domain(await find_domain(tx, name or own))


async def find_domain(tx: Reader, name: str) -> Row[Any]:
    """The row of a domain. For whom it may be known, the caller decides. Raises DomainUnknown."""
    found = await people.domain_by_name(tx, name)
    if found is None:
        raise DomainUnknown(worded("There is no domain named {name}.", name=quoted(name)))
    return found


async def remove_domain(tx: Writer, actor: Actor, row: Row[Any], at: datetime) -> None:
    """Remove a domain that owns nothing any more, with its people; who looks whether it does is above.

    Raises ParameterInvalid for the first one.
    """
    if row.name == FIRST_DOMAIN:
        raise ParameterInvalid(
            worded("The domain {first_domain} is the operators'; it stays.", first_domain=FIRST_DOMAIN)
        )
    await domains.delete_domain(tx, row.id)
    await publish(tx, DomainDeleted(row.name, row.id), actor=actor.subject, at=at)


def _domain(row: Row[Any]) -> Domain:
    return Domain(row.id, DomainName(row.name), row.created_at)
