"""Placing: a name in a virtual organization becomes the member that answers for it, for who may pull there."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor, house_of
from entrepot.access.levels import Action, Level
from entrepot.db.transaction import Reader
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual import queries, rules
from entrepot.mirror.virtual.rules import Bound, Decision, Member, Rules, Why
from entrepot.registry import reach
from entrepot.values.errors import Elsewhere, EntrepotError, VirtualRefused, worded
from entrepot.values.names import OrganizationName, RepositoryName


@dataclass(frozen=True, slots=True)
class Place:
    """What was decided for `path`. `quarantine_seconds`: of the virtual organization; `bound`: to whom it belongs.

    `rules`: for all of its `members`, which are in order.
    """

    id: int
    path: RepositoryName
    rules: Rules
    quarantine_seconds: int
    members: Sequence[Member]
    decision: Decision
    bound: Bound | None

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def virtual(self) -> OrganizationName:
        return self.path.organization

    def house(self, member: Member) -> Actor:
        """Who looks for something in a member: who may read the virtual organization is given what it merges."""
        return house_of("virtual", self.id, member.name, Level.READ)

    def refusal(self) -> VirtualRefused | None:
        """Why nobody is asked; None when somebody is."""
        if not self.decision.is_refused:
            return None
        return refused(self.path, self._said(), self.decision.rule or str(self.decision.why))

    def _said(self) -> str:
        path, virtual, rule, member = self.path, self.virtual, self.decision.rule, self.decision.member
        if member is None and self.decision.why is Why.OWNER_GONE:
            return worded(
                "{path} belongs to a member that {virtual} does not have any more, and is not looked up elsewhere.",
                path=path,
                virtual=virtual,
            )
        if member is None:
            return worded("{path} is refused by a rule of {virtual}: {rule}.", path=path, virtual=virtual, rule=rule)
        return worded(
            "{path} is refused by a rule of {virtual} for its member {member}: {rule}.",
            path=path,
            virtual=virtual,
            member=member.name,
            rule=rule,
        )

    def unknown(self) -> EntrepotError:
        return reach.unknown(self.path)


async def placed(mirror: Mirror, actor: Actor, path: RepositoryName) -> Place | None:
    """Who answers for `path`; None when its organization is not a virtual one.

    Raises Unauthenticated or RepositoryUnknown for who may not pull there.
    """
    async with mirror.db.reading() as tx:
        row = await queries.virtual_of(tx, path.organization)
        if row is None:
            return None
        await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
        return await place_in(tx, row, path)


async def place_in(tx: Reader, virtual: Row[Any], path: RepositoryName) -> Place:
    """The same for a virtual organization whose row was read, whoever asks."""
    identity, every = virtual.organization_id, Rules(virtual.allow, virtual.deny)
    members = [
        Member(
            row.member_id,
            OrganizationName(row.name),
            row.host or "",
            Rules(row.allow, row.deny),
            row.repository_id is not None,
        )
        for row in await queries.asked_members(tx, identity, path.name)
    ]
    row = await queries.bound(tx, identity, path.name)
    bound = None if row is None else Bound(row.member_id, row.since)
    return Place(
        identity,
        path,
        every,
        virtual.quarantine_seconds,
        members,
        rules.decide(path.name, every, members, bound),
        bound,
    )


async def keep_place(mirror: Mirror, place: Place, member: Member) -> None:
    """Let the name belong to the member that answered."""
    if place.bound is not None and place.bound.member_id == member.id:
        return
    with suppress(Elsewhere):  # the next pull writes it down
        async with mirror.db.writing() as tx:
            await queries.bind(tx, place.id, place.name, member.id)


def refused(path: RepositoryName, said: str, rule: str, **detail: str) -> VirtualRefused:
    """What who asked for something in `path` is told when a rule refuses it."""
    error = VirtualRefused(said, rule=rule, **detail)
    error.about = path
    return error
