"""People whom a provider vouches for: their account is found, or made, and follows the provider's groups.

An account belongs to a subject of a provider, never to a name or an e-mail address that somebody
there may choose. So a stranger who calls themselves `admin` at the provider is refused, not let in.
Of groups, those that the provider's settings name are as the provider says at each login (`following.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.actors import actor_of, is_usable
from entrepot.accounts.events import UserCreated
from entrepot.accounts.queries import people
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.room import Accounts
from entrepot.accounts.trust.claims import Claims, user_name
from entrepot.accounts.trust.events import IdentityLinked
from entrepot.accounts.trust.following import Moves, move, plan_moves
from entrepot.accounts.trust.providers import Provider
from entrepot.accounts.trust.refusals import WhyNot
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import Unauthenticated, worded

_SUBJECT_CHARS_MAX = 255


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for: `subject` for good, the rest as of now. `name_claim` holds a name for an account."""

    subject: str
    claims: Claims
    name_claim: str
    groups: Sequence[str]


async def enter(accounts: Accounts, provider: Provider, vouched: Vouched) -> Actor:
    """The actor of the account that belongs to the subject; made now, if the provider's settings want that.

    Raises Unauthenticated, saying why there is no account, or NameInvalid.
    """
    async with accounts.db.reading() as tx:
        row = await queries.user_of_identity(tx, provider.id, vouched.subject)
        is_settled = row is not None and not await _moves(tx, provider, row.id, vouched)
    if not is_settled:
        async with accounts.db.writing() as tx:
            row = await _settle(tx, accounts, provider, vouched)
    assert row is not None
    if not is_usable(row, accounts.clock.now()):
        raise Unauthenticated(worded("The account {name} is disabled.", name=row.name), why=WhyNot.DISABLED)
    return actor_of(row, f"{provider.kind}:{provider.id}")


async def _settle(tx: Writer, accounts: Accounts, provider: Provider, vouched: Vouched) -> Row[Any]:
    """The account, made or found, in the groups it should be in."""
    await tx.lock(f"identity:{provider.id}:{vouched.subject}")
    row = await queries.user_of_identity(tx, provider.id, vouched.subject)
    if row is None:
        await _provision(tx, accounts, provider, vouched)
        row = await queries.user_of_identity(tx, provider.id, vouched.subject)
        assert row is not None
    await move(tx, provider.id, row, await _moves(tx, provider, row.id, vouched), accounts.clock.now())
    return row


async def _provision(tx: Writer, accounts: Accounts, provider: Provider, vouched: Vouched) -> None:
    if reason := provider.settings.why_not(vouched.claims):
        raise Unauthenticated(
            worded("There is no account for you here: {reason}.", reason=reason), why=WhyNot.NO_ACCOUNT
        )
    if not 0 < len(vouched.subject) <= _SUBJECT_CHARS_MAX:
        raise Unauthenticated(
            worded(
                "There is no account for you here: your id has over {subject_chars_max} characters.",
                subject_chars_max=_SUBJECT_CHARS_MAX,
            ),
            why=WhyNot.NO_ACCOUNT,
        )
    name = user_name(vouched.claims, vouched.name_claim)
    await tx.lock(f"user:{provider.domain_id}:{name}")
    domain_names = await people.names_of_domains(tx, [provider.domain_id])
    if await people.user_by_name(tx, domain_names[provider.domain_id], name):
        raise Unauthenticated(
            worded(
                "There is an account named {name} already, and nobody has said that it is yours; an "
                "administrator can (entrepot idp link).",
                name=name,
            ),
            why=WhyNot.NAME_TAKEN,
        )
    user_id, now = new_id(), accounts.clock.now()
    await people.save_user(tx, user_id, provider.domain_id, name, "", False, now)
    await queries.save_identity(tx, provider.id, vouched.subject, user_id, now)
    told = (UserCreated(name, user_id, False), IdentityLinked(name, user_id, provider.name, vouched.subject))
    await publish(tx, *told, actor=f"user:{user_id}", at=now, domain_id=provider.domain_id, though_closed=True)


async def _moves(tx: Reader, provider: Provider, user_id: str, vouched: Vouched) -> Moves:
    return await plan_moves(tx, provider.id, provider.domain_id, provider.settings.groups, user_id, vouched.groups)
