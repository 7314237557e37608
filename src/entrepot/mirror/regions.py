"""Regions: other places, with another installation that images can be copied to, or nodes of this one, or both.

Operators make them known; everybody may list them. Where a region is (`places.py`), only operators are told.
Who we are there is kept sealed, and told to nobody; that there is a password is told to operators.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_account
from entrepot.accounts.operators import require_operator
from entrepot.db.resealing import keep_sealed
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.mirror import rules
from entrepot.mirror.events import RegionChanged, RegionCreated, RegionDeleted
from entrepot.mirror.kept import keep
from entrepot.mirror.places import NOWHERE, Place, check_unclaimed, parse_cidrs, place_of
from entrepot.mirror.queries import copies, wide
from entrepot.mirror.queries import sync as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.secrets import Secrets, seal_region, unseal_region
from entrepot.plumbing.outbound import tls_context
from entrepot.values.errors import ParameterInvalid, RuleExists, RuleUnknown, Unauthenticated, worded
from entrepot.values.location import Location
from entrepot.values.names import RegionName

_LISTED_MAX: Final = 1_000
_GONE: Final = worded("The region was deleted.")
_NETWORKS_LOCK: Final = "region-networks"


@dataclass(frozen=True, slots=True)
class Region:
    """`url`: empty: nothing is copied to it."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at a region. `authority`: certificates (PEM) of who signs its own; empty: those the system knows."""

    username: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""


@dataclass(frozen=True, slots=True)
class RegionChange:
    """What is to be different; None stays. `url` and `location`: empty: there is none any more."""

    url: str | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authority: str | None = None
    cidrs: Sequence[str] | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class RegionShown:
    """A region as operators see it. `has_…`: what is not shown is there."""

    name: str
    url: str
    username: str
    has_password: bool
    has_authority: bool
    place: Place = NOWHERE


async def list_regions(mirror: Mirror, actor: Actor) -> Sequence[Region]:
    """By name. Raises Unauthenticated or AccessDenied."""
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
    async with mirror.db.reading() as tx:
        return [Region(row.name, row.url) for row in await queries.regions(tx, _LISTED_MAX)]


async def show_region(mirror: Mirror, actor: Actor, name: RegionName) -> RegionShown:
    """Only operators may. Raises Unauthenticated, AccessDenied or RuleUnknown."""
    async with mirror.db.reading() as tx:
        await require_operator(tx, actor)
        row = await queries.region_by_name(tx, name)
    if row is None:
        raise unknown(name)
    return _shown(row.name, row.url, _account(mirror, row), place_of(row))


@dataclass(frozen=True, slots=True)
class RegionUse:
    """What would end with a region: so many rules, and so many copies that wait or run."""

    region: Region
    rules: int
    waiting: int


async def show_region_use(mirror: Mirror, actor: Actor, name: RegionName) -> RegionUse:
    """What ends when a region is forgotten. Only operators may. Raises Unauthenticated, AccessDenied or RuleUnknown."""
    async with mirror.db.reading() as tx:
        await require_operator(tx, actor)
        row = await queries.region_by_name(tx, name)
        if row is None:
            raise unknown(name)
        rules_to = await queries.rules_to(tx, name) + await wide.rules_to(tx, name)
        waiting = await copies.under_way_to(tx, name)
    return RegionUse(Region(row.name, row.url), rules_to, waiting)


async def create_region(
    mirror: Mirror,
    actor: Actor,
    name: RegionName,
    url: str,
    account: Account | None = None,
    cidrs: Sequence[str] = (),
    location: str = "",
) -> RegionShown:
    """Make a region known. `url`: of the installation there; empty: nothing is copied to it.

    Raises Unauthenticated, AccessDenied, ParameterInvalid or RuleExists.
    """
    address, account = url and rules.parse_url(url), _checked(account or Account())
    place = Place.parse(cidrs, location)
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(_NETWORKS_LOCK)
        check_unclaimed(place.networks, await queries.cidrs_of_regions(tx, name))
        now = mirror.clock.now()
        await keep_sealed(tx)
        values = {"url": address, "sealed": _sealed(mirror, name, account), **place.columns}
        if not await queries.save_region(tx, name, actor.id, now, **values):
            raise RuleExists(worded("A region named {name} exists already.", name=name), kind="region-exists")
        told = _told(address, account, place)
        await publish(tx, RegionCreated(name, **told), actor=actor.subject, at=now)
    return _shown(name, address, account, place)


async def change_region(mirror: Mirror, actor: Actor, name: RegionName, change: RegionChange) -> RegionShown:
    """What copies begin from now on goes by it. Only operators may.

    Raises Unauthenticated, AccessDenied, RuleUnknown or ParameterInvalid.
    """
    url = change.url and rules.parse_url(change.url)
    networks = None if change.cidrs is None else parse_cidrs(change.cidrs)
    location = change.location and Location.parse(change.location)
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(_NETWORKS_LOCK)
        await tx.lock(lock_of(name))
        row = await queries.region_by_name(tx, name)
        if row is None:
            raise unknown(name)
        old = _account(mirror, row)
        given = {one: getattr(change, one) for one in ("username", "password", "authority")}
        account = _checked(replace(old, **{one: value for one, value in given.items() if value is not None}))
        before = place_of(row)
        place = Place(
            before.networks if networks is None else networks,
            before.location if location is None else location or None,
        )
        check_unclaimed(place.networks, await queries.cidrs_of_regions(tx, name))
        address = row.url if url is None else url
        if row.url and not address:
            await _check_unused(tx, name)
        await keep_sealed(tx)
        now = mirror.clock.now()
        values = {"url": address, "sealed": _sealed(mirror, name, account), **place.columns}
        await queries.change_region(tx, name, now, **values)
        was, told = _told(row.url, old, before), _told(address, account, place)
        differing = [key for key in told if told[key] != was[key]]
        changed = RegionChanged(
            name,
            {key: told[key] for key in differing},
            [one for one in ("password", "authority") if getattr(old, one) != getattr(account, one)],
            {key: was[key] for key in differing},
        )
        await publish(tx, changed, actor=actor.subject, at=now)
    return _shown(name, address, account, place)


async def delete_region(mirror: Mirror, actor: Actor, name: RegionName) -> None:
    """Forget a region with the rules that copy to it; copies that wait or run are cancelled.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with mirror.db.writing() as tx:
        await require_operator(tx, actor)
        await tx.lock(lock_of(name))
        row = await queries.region_by_name(tx, name)
        if row is None:
            raise unknown(name)
        now = mirror.clock.now()
        gone = await queries.rules_to(tx, name) + await wide.rules_to(tx, name)
        cancelled = await copies.cancel_to_region(tx, name, keep(_GONE), now)
        await queries.delete_region(tx, name)
        before = _told(row.url, _account(mirror, row), place_of(row))
        await publish(tx, RegionDeleted(name, gone, cancelled, before), actor=actor.subject, at=now)


def lock_of(name: str) -> str:
    """What those who name a region share, and who deletes it holds alone."""
    return f"region:{name}"


def unknown(name: str) -> RuleUnknown:
    return RuleUnknown(
        worded("There is no region {name}. An operator makes one known: entrepot region create {name}", name=name),
        kind="region-unknown",
    )


def _checked(account: Account) -> Account:
    rules.check_account(account.username, account.password, account.authority)
    if account.authority:
        tls_context(account.authority)
    return account


def _sealed(mirror: Mirror, name: str, account: Account) -> bytes | None:
    if account == Account():
        return None
    return seal_region(mirror.sealer, name, Secrets(account.username, account.password, account.authority))


def _account(mirror: Mirror, row: Row[Any]) -> Account:
    secrets = unseal_region(mirror.sealer, row.name, row.sealed)
    return Account(secrets.username, secrets.password, secrets.authority)


def _shown(name: str, url: str, account: Account, place: Place) -> RegionShown:
    return RegionShown(name, url, account.username, bool(account.password), bool(account.authority), place)


def _told(url: str, account: Account, place: Place) -> dict[str, Any]:
    """What events say of a region."""
    return {"url": url, "username": account.username, "cidrs": place.cidrs, "location": place.at}


async def _check_unused(tx: Writer, name: RegionName) -> None:
    """Pass when nothing is to be copied to the region. Raises ParameterInvalid."""
    rules_to = await queries.rules_to(tx, name) + await wide.rules_to(tx, name)
    under_way = await copies.under_way_to(tx, name)
    if rules_to or under_way:
        raise ParameterInvalid(
            worded(
                "The region {name} keeps its address while something copies to it: {rules} rules, {copies} copies "
                "under way.",
                name=name,
                rules=rules_to,
                copies=under_way,
            ),
            kind="url",
        )
