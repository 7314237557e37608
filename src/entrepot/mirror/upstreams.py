"""Mirrors as they are defined: created, listed, shown, changed, deleted.

A mirror is an organization whose images come from another registry, its upstream. Operators make it, because an
upstream is an address that this machine asks; who may read what is in it is said as everywhere, by grants.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import EVERYONE, Actor
from entrepot.access.check import effective, require_account
from entrepot.access.grants import Grant, remove_grant, set_grant
from entrepot.access.levels import Level
from entrepot.accounts.operators import is_operator, require_operator
from entrepot.db.resealing import keep_sealed
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.mirror import freshness, upstream_rules
from entrepot.mirror.events import MirrorChanged, MirrorCreated, MirrorDeleted
from entrepot.mirror.freshness import Policy
from entrepot.mirror.queries import books, pins
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.secrets import Secrets, checked, seal, unseal
from entrepot.mirror.snippets import Engine, Snippet, snippet
from entrepot.mirror.sources import policy_of
from entrepot.registry.organizations import add_organization
from entrepot.registry.rules import page
from entrepot.values.errors import MirrorUnknown, Unauthenticated, worded
from entrepot.values.names import OrganizationName


@dataclass(frozen=True, slots=True)
class Upstream:
    """What a mirror is defined by. `endpoints`: addresses of the registry, in the order in which they are asked.

    `proxy` is an address, with user and password if it wants them; `authority` the certificates (PEM) of who signs the
    registry's. `host` is what clients call the registry, as `docker.io`: needed where that is not its first address.
    Empty: none of it, and nobody in particular asks there. `is_transparent`: it may answer pulls that name the host
    itself (`transparent.py`).
    """

    endpoints: Sequence[str]
    username: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""
    proxy: str = field(default="", repr=False)
    policy: Policy = field(default_factory=Policy)
    host: str = ""
    is_transparent: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None stays."""

    endpoints: Sequence[str] | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: str | None = None
    proxy: str | None = field(default=None, repr=False)
    policy: Mapping[str, Any] = field(default_factory=dict)
    """Fields of Policy that are to be others."""
    host: str | None = None
    is_transparent: bool | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A mirror as people see it. `host`: what clients call its upstream. `has_…`: what is not shown is there.

    `username`: empty, too, for who does not operate the installation. `is_transparent`: pulls that name the host
    itself may be answered by it. `is_public`: what comes through it may be pulled by anybody.
    """

    organization: str
    host: str
    endpoints: Sequence[str]
    username: str
    has_password: bool
    has_authority: bool
    has_proxy: bool
    policy: Policy
    creator_name: str
    created_at: datetime
    changed_at: datetime
    is_public: bool
    is_transparent: bool = True


@dataclass(frozen=True, slots=True)
class MirrorPage:
    """`after`: where to go on; None at the end."""

    items: Sequence[Shown]
    after: str | None


async def create_mirror(
    mirror: Mirror, actor: Actor, name: OrganizationName, upstream: Upstream, public_by_default: bool = False
) -> Shown:
    """Make the organization `name`, through which images of the upstream are pulled as `name/REPOSITORY`.

    Only operators may. Raises Unauthenticated, AccessDenied, ParameterInvalid, OrganizationExists or QuotaExceeded.
    """
    endpoints = upstream_rules.parse_endpoints(upstream.endpoints, mirror.settings.endpoints_max)
    policy = freshness.check(upstream.policy)
    secrets = checked(Secrets(upstream.username, upstream.password, upstream.authority, upstream.proxy))
    host = upstream_rules.parse_host(upstream.host) if upstream.host else upstream_rules.host_of(endpoints[0])
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        made = await add_organization(tx, mirror.registry, actor, name, public_by_default, is_mirror=True)
        now = mirror.clock.now()
        if public_by_default:
            # Also what is not here yet may be asked for, and so comes here.
            await set_grant(tx, Grant(name, EVERYONE, Level.READ), by=actor.subject, at=now)
        await keep_sealed(tx)
        row = {
            "organization_id": made.id,
            "host": host,
            "endpoints": list(endpoints),
            "sealed": seal(mirror.sealer, made.id, secrets),
            "is_transparent": upstream.is_transparent,
            **_kept(policy),
            "creator_id": actor.id,
            "created_at": now,
            "changed_at": now,
        }
        await queries.save_upstream(tx, row, policy.fresh_seconds)
        created = MirrorCreated(name, host, list(endpoints))
        await publish(tx, created, actor=actor.subject, at=now, domain_id=actor.domain_id)
        return await _shown(mirror, tx, name)


async def list_mirrors(mirror: Mirror, actor: Actor, after: str, limit: int) -> MirrorPage:
    """Those that the actor may read, all of them for operators, by name, from behind `after`.

    Raises Unauthenticated or AccessDenied.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with mirror.db.reading() as tx:
        reader = None if await is_operator(tx, actor) else actor
        rows = await queries.upstreams(tx, reader, after, limit + 1)
        items, has_more = page(rows, limit)
        shown = [_of(mirror, row) if reader is None else _for_readers(_of(mirror, row)) for row in items]
        return MirrorPage(shown, items[-1].organization if has_more else None)


async def show_mirror(mirror: Mirror, actor: Actor, name: OrganizationName) -> Shown:
    """For who may read the organization, and for operators. Raises Unauthenticated, AccessDenied or MirrorUnknown."""
    if actor.is_anonymous:
        raise Unauthenticated
    async with mirror.db.reading() as tx:
        shown = _of(mirror, await reached(tx, actor, name))
        return shown if await is_operator(tx, actor) else _for_readers(shown)


async def reached(tx: Reader, actor: Actor, name: OrganizationName) -> Row[Any]:
    """The row of a mirror, for who may read the organization, and for operators. Raises what `show_mirror` raises."""
    require_account(actor)
    row = await queries.reached_upstream(tx, actor, name)
    if row is not None and effective(actor, name, row.level) >= Level.READ:
        return row
    if actor.is_anonymous:
        raise Unauthenticated
    if row is None or not await is_operator(tx, actor):
        raise _unknown(name)
    return row


async def show_config(mirror: Mirror, actor: Actor, name: OrganizationName, engine: Engine, address: str) -> Snippet:
    """How an engine is told to pull through the mirror, at this service's `address`.

    Raises what `show_mirror` raises, and ParameterInvalid for what the engine cannot do.
    """
    shown = await show_mirror(mirror, actor, name)
    return snippet(engine, shown.organization, shown.host, shown.endpoints[0], address, mirror.settings.docker_url)


async def change_mirror(mirror: Mirror, actor: Actor, name: OrganizationName, change: Change) -> Shown:
    """Only operators may. What is held stays; for how long it is fresh holds for it, too.

    Raises Unauthenticated, AccessDenied, MirrorUnknown or ParameterInvalid.
    """
    async with mirror.db.writing() as tx:
        row = await changing(tx, actor, name)
        before = _of(mirror, row)
        endpoints, host = tuple(before.endpoints), before.host
        if change.endpoints is not None:
            endpoints = upstream_rules.parse_endpoints(change.endpoints, mirror.settings.endpoints_max)
        if change.host is not None:
            host = upstream_rules.parse_host(change.host) if change.host else upstream_rules.host_of(endpoints[0])
        elif before.host == upstream_rules.host_of(before.endpoints[0]):
            host = upstream_rules.host_of(endpoints[0])
        policy = freshness.check(replace(before.policy, **change.policy))
        old = unseal(mirror.sealer, row)
        is_transparent = before.is_transparent if change.is_transparent is None else change.is_transparent
        given = {one: getattr(change, one) for one in ("username", "password", "authority", "proxy")}
        secrets = checked(replace(old, **{one: value for one, value in given.items() if value is not None}))
        now = mirror.clock.now()
        await books.forget_allowances(tx, row.organization_id)  # somebody else may ask there from now on
        await keep_sealed(tx)
        await queries.change_upstream(
            tx,
            row.organization_id,
            policy.fresh_seconds,
            host=host,
            endpoints=list(endpoints),
            sealed=seal(mirror.sealer, row.organization_id, secrets),
            is_transparent=is_transparent,
            **_kept(policy),
            changed_at=now,
        )
        shown = await _shown(mirror, tx, name)
        told, was = _told(shown), _told(before)
        differing = [key for key in told if told[key] != was[key]]
        changed = MirrorChanged(
            name,
            {key: told[key] for key in differing},
            [one for one in given if getattr(old, one) != getattr(secrets, one)],
            {key: was[key] for key in differing},
        )
        await publish(tx, changed, actor=actor.subject, at=now, domain_id=row.domain_id)
        return shown


async def delete_mirror(mirror: Mirror, actor: Actor, name: OrganizationName) -> None:
    """Bring nothing more: the organization is one like others, with what was brought. Only operators may.

    Raises Unauthenticated, AccessDenied or MirrorUnknown.
    """
    async with mirror.db.writing() as tx:
        row = await changing(tx, actor, name)
        await queries.delete_upstream(tx, row.organization_id)
        await pins.delete_pins(tx, row.organization_id)
        await books.forget_mirror(tx, row.organization_id)
        await remove_grant(tx, name, EVERYONE)  # what was brought is public by itself; what is pushed is not
        deleted = MirrorDeleted(name, _told(_of(mirror, row)))
        await publish(tx, deleted, actor=actor.subject, at=mirror.clock.now(), domain_id=row.domain_id)


async def changing(tx: Writer, actor: Actor, name: OrganizationName) -> Row[Any]:
    """The row of a mirror, that nobody else changes before the commit. Raises what `change_mirror` raises."""
    await require_operator(tx, actor)
    await tx.lock(f"mirror:{name}")
    row = await queries.upstream_of(tx, name)
    if row is None:
        raise _unknown(name)
    return row


async def _shown(mirror: Mirror, tx: Reader, name: OrganizationName) -> Shown:
    row = await queries.upstream_of(tx, name)
    assert row is not None, "it was written in this transaction"
    return _of(mirror, row)


def _of(mirror: Mirror, row: Row[Any]) -> Shown:
    secrets = unseal(mirror.sealer, row)
    return Shown(
        row.organization,
        row.host,
        tuple(row.endpoints),
        secrets.username,
        bool(secrets.password),
        bool(secrets.authority),
        bool(secrets.proxy),
        policy_of(row),
        row.creator_name or "",
        row.created_at,
        row.changed_at,
        row.public_by_default,
        row.is_transparent,
    )


def _kept(policy: Policy) -> dict[str, Any]:
    """What the upstream's own row says of it."""
    return {name: value for name, value in asdict(policy).items() if name != "fresh_seconds"}


def _for_readers(shown: Shown) -> Shown:
    """The same without what only those need who keep it running: whom it is at its upstream."""
    return replace(shown, username="")


def _told(shown: Shown) -> dict[str, Any]:
    """What an event says of a mirror."""
    about = {"host": shown.host, "endpoints": list(shown.endpoints), "username": shown.username}
    return {**about, "is_transparent": shown.is_transparent, **asdict(shown.policy)}


def _unknown(name: str) -> MirrorUnknown:
    return MirrorUnknown(
        worded(
            "There is no mirror {name}. An operator makes one: entrepot mirror create {name} --upstream URL", name=name
        )
    )
