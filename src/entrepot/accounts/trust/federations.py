"""Federations: tokens of an issuer whose claims meet conditions make their bearer a robot.

An issuer signs for many: everybody with a repository at a code host, every service account of a
cluster. So there is always a condition that says more than that somebody is there, and an audience,
so that a token shown elsewhere is worth nothing here. Set up by administrators of the robot's domain.
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
from entrepot.accounts.robot_rows import seen_robot
from entrepot.accounts.room import Accounts
from entrepot.accounts.trust.claims import Condition, parse_conditions
from entrepot.accounts.trust.events import FederationChanged, FederationCreated, FederationDeleted
from entrepot.accounts.trust.issuers import Issuer, read_keys
from entrepot.accounts.trust.settings import TEXT_CHARS_MAX, document_of, parse_issuer, parse_peer
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.outbound import OutboundFailed, Peer, Reach
from entrepot.values.errors import FederationExists, FederationUnknown, ParameterInvalid, quoted, worded
from entrepot.values.names import FederationName, RobotName

_KNOWN = frozenset({"issuer", "audience", "conditions", "reach", "authority", "keys"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationSettings:
    """`keys`: the issuer's key set (JWKS), where it cannot be asked for it; with it, nobody is asked."""

    issuer: str
    audience: str
    conditions: Sequence[Condition]
    reach: Reach = Reach.PUBLIC
    authority: str = ""
    keys: Mapping[str, Any] | None = None

    @property
    def place(self) -> Issuer:
        return Issuer(self.issuer, Peer(self.reach, self.authority))


@dataclass(frozen=True, slots=True)
class Federation:
    id: str
    name: str
    domain_id: str
    robot_id: str
    robot_login: str
    settings: FederationSettings
    is_enabled: bool
    created_at: datetime

    @property
    def robot(self) -> str:
        return self.robot_login.removeprefix(RobotName.PREFIX)


async def create_federation(
    accounts: Accounts, actor: Actor, name: FederationName, robot: RobotName, given: Mapping[str, Any]
) -> Federation:
    """From now on, whoever shows a token that fits is the robot.

    Raises AccessDenied, ParameterInvalid, RobotUnknown or FederationExists.
    """
    require_admin(actor)
    settings = parse_federation(given)

    async with accounts.db.writing() as tx:
        await _require_reach(tx, actor, settings)
        await tx.lock(f"federation:{actor.domain_id}:{name}")
        if await queries.federation_by_name(tx, actor.domain_id, name):
            raise FederationExists(worded("A federation named {name} exists already.", name=name))
        row, now = await seen_robot(tx, actor, robot), accounts.clock.now()
        made = Federation(new_id(), name, actor.domain_id, row.id, row.name, settings, True, now)
        document = document_of(settings)
        await queries.save_federation(
            tx,
            id=made.id,
            domain_id=made.domain_id,
            name=name,
            robot_id=made.robot_id,
            issuer=settings.issuer,
            settings=document,
            is_enabled=True,
            created_at=now,
        )
        event = FederationCreated(name, made.id, made.robot, document)
        await publish(tx, event, actor=actor.subject, at=now)
    return made


async def list_federations(accounts: Accounts, actor: Actor, after: str, limit: int) -> Sequence[Federation]:
    """Federations of the actor's domain by name, those after `after`. Raises AccessDenied."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        return [federation_of(row) for row in await queries.federations_of_domain(tx, actor.domain_id, after, limit)]


async def show_federation(accounts: Accounts, actor: Actor, name: str) -> Federation:
    """Raises AccessDenied or FederationUnknown."""
    require_admin(actor)
    async with accounts.db.reading() as tx:
        return await _own(tx, actor, name)


async def change_federation(
    accounts: Accounts, actor: Actor, name: str, given: Mapping[str, Any], is_enabled: bool | None = None
) -> Federation:
    """Change what is given; the rest stays. What the robot is signed in with ends at once.

    Raises AccessDenied, FederationUnknown or ParameterInvalid.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        await tx.lock(f"federation:{actor.domain_id}:{name}")
        found = await _own(tx, actor, name)
        before = document_of(found.settings)
        settings = parse_federation({**before, **given})
        if settings.reach != found.settings.reach:
            await _require_reach(tx, actor, settings)
        told = {key: value for key, value in document_of(settings).items() if value != before[key]}
        was = {key: before[key] for key in told}
        columns: dict[str, Any] = {"issuer": settings.issuer, "settings": document_of(settings)}
        if is_enabled is not None and is_enabled != found.is_enabled:
            columns["is_enabled"] = told["is_enabled"] = is_enabled
            was["is_enabled"] = found.is_enabled
        if told:
            await queries.change_federation(tx, found.id, columns)
            await people.end_credentials(tx, found.robot_id)
            event = FederationChanged(name, found.id, told, was)
            await publish(tx, event, actor=actor.subject, at=accounts.clock.now())
        return await _own(tx, actor, name)


async def delete_federation(accounts: Accounts, actor: Actor, name: str) -> None:
    """Trust these tokens no longer; what the robot is signed in with ends at once.

    Raises AccessDenied or FederationUnknown.
    """
    require_admin(actor)
    async with accounts.db.writing() as tx:
        await tx.lock(f"federation:{actor.domain_id}:{name}")
        found = await _own(tx, actor, name)
        await queries.delete_federation(tx, found.id)
        await people.end_credentials(tx, found.robot_id)
        event = FederationDeleted(name, found.id, found.robot, document_of(found.settings))
        await publish(tx, event, actor=actor.subject, at=accounts.clock.now())


def parse_federation(given: Mapping[str, Any]) -> FederationSettings:
    """Raises ParameterInvalid."""
    if strange := sorted(given.keys() - _KNOWN):
        raise ParameterInvalid(
            worded("A federation has no field {strange}.", strange=", ".join(strange)), kind="settings"
        )
    peer = parse_peer(given)
    conditions = parse_conditions([(one["claim"], one["pattern"]) for one in given.get("conditions", ())])
    if all(condition.is_open for condition in conditions):
        raise ParameterInvalid(
            "The issuer signs for others, too: give a condition that only yours meet, as a pattern for the claim sub.",
            kind="conditions",
        )
    audience = str(given.get("audience", ""))
    if not 0 < len(audience) <= TEXT_CHARS_MAX:
        raise ParameterInvalid(
            "Name the audience that tokens are made for, such as the address of this registry.", kind="audience"
        )
    keys = given.get("keys")
    if keys is not None:
        try:
            read_keys(keys)
        except OutboundFailed as error:
            raise ParameterInvalid(error.message, kind="keys") from error
    issuer = parse_issuer(str(given.get("issuer", "")), peer["reach"])
    return FederationSettings(issuer=issuer, audience=audience, conditions=conditions, keys=keys, **peer)


def federation_of(row: Row[Any]) -> Federation:
    return Federation(
        row.id,
        row.name,
        row.domain_id,
        row.robot_id,
        row.robot_login,
        parse_federation(row.settings),
        row.is_enabled,
        row.created_at,
    )


async def _own(tx: Reader, actor: Actor, name: str) -> Federation:
    row = await queries.federation_by_name(tx, actor.domain_id, name)
    if row is None:
        raise FederationUnknown(worded("There is no federation named {name}.", name=quoted(name)))
    return federation_of(row)


async def _require_reach(tx: Reader, actor: Actor, settings: FederationSettings) -> None:
    """With keys of its own, the issuer is never asked, wherever it is."""
    if settings.reach is not Reach.PUBLIC and settings.keys is None:
        await require_operator(tx, actor)
