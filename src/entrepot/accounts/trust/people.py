"""People whom a provider vouches for: their account is found, or made, and follows the provider's groups.

An account belongs to a subject of a provider, never to a name or an e-mail address that somebody
there may choose. So a stranger who calls themselves `admin` at the provider is refused, not let in.
Of groups, those that the provider's settings name are as the provider says at each login; others stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.groups import groups_of, join_group, leave_group
from entrepot.accounts.actors import actor_of, is_usable
from entrepot.accounts.events import GroupMemberAdded, GroupMemberRemoved, UserCreated
from entrepot.accounts.groups import subject_of
from entrepot.accounts.queries import people
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.room import Accounts
from entrepot.accounts.trust.claims import Claims, mapped_groups, user_name
from entrepot.accounts.trust.events import IdentityLinked
from entrepot.accounts.trust.providers import Provider
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.values.errors import Unauthenticated

_SUBJECT_CHARS_MAX = 255


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouches for: `subject` for good, the rest as of now. `name_claim` holds a name for an account."""

    subject: str
    claims: Claims
    name_claim: str
    groups: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Moves:
    """Groups to join and to leave, their ids by name."""

    joined: dict[str, str]
    left: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


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
        raise Unauthenticated(f"The account {row.name} is disabled.")
    return actor_of(row, f"{provider.kind}:{provider.id}")


async def _settle(tx: Writer, accounts: Accounts, provider: Provider, vouched: Vouched) -> Row[Any]:
    """The account, made or found, in the groups it should be in."""
    await tx.lock(f"identity:{provider.id}:{vouched.subject}")
    row = await queries.user_of_identity(tx, provider.id, vouched.subject)
    if row is None:
        await _provision(tx, accounts, provider, vouched)
        row = await queries.user_of_identity(tx, provider.id, vouched.subject)
        assert row is not None
    moves = await _moves(tx, provider, row.id, vouched)
    for group_id in moves.joined.values():
        await join_group(tx, f"user:{row.id}", subject_of(group_id))
    for group_id in moves.left.values():
        await leave_group(tx, f"user:{row.id}", subject_of(group_id))
    told = [
        *(GroupMemberAdded(name, one, row.name, row.id) for name, one in sorted(moves.joined.items())),
        *(GroupMemberRemoved(name, one, row.name, row.id) for name, one in sorted(moves.left.items())),
    ]
    await publish(tx, *told, actor=f"user:{row.id}", at=accounts.clock.now(), domain_id=row.domain_id)
    return row


async def _provision(tx: Writer, accounts: Accounts, provider: Provider, vouched: Vouched) -> None:
    if reason := provider.settings.why_not(vouched.claims):
        raise Unauthenticated(f"There is no account for you here: {reason}.")
    if not 0 < len(vouched.subject) <= _SUBJECT_CHARS_MAX:
        raise Unauthenticated(f"There is no account for you here: your id has over {_SUBJECT_CHARS_MAX} characters.")
    name = user_name(vouched.claims, vouched.name_claim)
    await tx.lock(f"user:{provider.domain_id}:{name}")
    domain_names = await people.names_of_domains(tx, [provider.domain_id])
    if await people.user_by_name(tx, domain_names[provider.domain_id], name):
        raise Unauthenticated(
            f"There is an account named {name} already, and nobody has said that it is yours; "
            "an administrator can (entrepot idp link)."
        )
    user_id, now = new_id(), accounts.clock.now()
    await people.save_user(tx, user_id, provider.domain_id, name, "", False, now)
    await queries.save_identity(tx, provider.id, vouched.subject, user_id, now)
    told = (UserCreated(name, user_id, False), IdentityLinked(name, user_id, provider.name, vouched.subject))
    await publish(tx, *told, actor=f"user:{user_id}", at=now, domain_id=provider.domain_id)


async def _moves(tx: Reader, provider: Provider, user_id: str, vouched: Vouched) -> _Moves:
    """What is between the account's groups and what the provider says. Groups that do not exist count for nothing."""
    mapping = provider.settings.groups
    if not mapping:
        return _Moves({}, {})
    known = await queries.groups_named(tx, provider.domain_id, set(mapping.values()))
    wanted = mapped_groups(vouched.groups, mapping)
    held = set(await groups_of(tx, f"user:{user_id}"))
    joined = {name: one for name, one in known.items() if name in wanted and subject_of(one) not in held}
    left = {name: one for name, one in known.items() if name not in wanted and subject_of(one) in held}
    return _Moves(joined, left)
