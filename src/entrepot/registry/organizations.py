"""Organizations: made, shown, listed, changed, deleted when empty."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Row

from entrepot.access.actor import EVERYONE, Actor, admins_of
from entrepot.access.check import (
    allowed,
    effective,
    level_of,
    level_within,
    require_account,
    require_admin,
    require_person,
)
from entrepot.access.grants import Grant, remove_grant, remove_scope, set_grant
from entrepot.access.levels import Action, Level
from entrepot.access.scopes import lock_organization
from entrepot.accounts.operators import is_operator
from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader, Writer
from entrepot.db.walking import ListOrder, marker_of
from entrepot.jobs.events import publish
from entrepot.registry import charging, limits, rules
from entrepot.registry.events import OrganizationChanged, OrganizationCreated, OrganizationDeleted
from entrepot.registry.queries import names
from entrepot.registry.room import Registry
from entrepot.values.errors import (
    AccessDenied,
    OrganizationExists,
    OrganizationNotEmpty,
    OrganizationUnknown,
    Unauthenticated,
    worded,
)
from entrepot.values.names import OrganizationName

AS_SETTINGS_SAY: Final = -1
_LEVELS: Final = {int(level): level for level in Level}


class Organization(NamedTuple):
    """`history_days`: for how long it is kept what tags named before; its own are None where the settings say it.

    `is_mirror`: what is in it comes from another registry. `is_virtual`: it merges others. Nobody pushes to either.
    """

    id: int
    name: str
    creator_id: str
    creator_name: str
    level: Level
    allows_sparse: bool
    public_by_default: bool
    created_at: datetime
    history_days: int
    own_history_days: int | None = None
    repositories: int = 0
    members: int = 0
    is_mirror: bool = False
    is_virtual: bool = False

    @property
    def is_filled_elsewhere(self) -> bool:
        """Whether nobody pushes to it."""
        return self.is_mirror or self.is_virtual


async def create_organization(
    registry: Registry, actor: Actor, name: OrganizationName, public_by_default: bool = False
) -> Organization:
    """A new, empty organization that its creator manages, and so do the domain's administrators.

    Names are unique over all domains. Raises Unauthenticated, AccessDenied (for robots and limited
    tokens), OrganizationExists or QuotaExceeded.
    """
    require_person(actor)
    async with registry.db.writing() as tx:
        return await add_organization(tx, registry, actor, name, public_by_default)


async def add_organization(
    tx: Writer,
    registry: Registry,
    actor: Actor,
    name: OrganizationName,
    public_by_default: bool = False,
    is_mirror: bool = False,
    is_virtual: bool = False,
) -> Organization:
    """The same in a transaction of somebody else, first thing in it. Raises OrganizationExists or QuotaExceeded."""
    await limits.begin_domain(tx, registry.settings, actor.domain_id)
    now = registry.clock.now()
    kind = (is_mirror, is_virtual)
    found = await names.save_organization(tx, actor.domain_id, name, actor.id, public_by_default, *kind, now)
    if found is None:
        raise OrganizationExists(worded("An organization named {name} exists already.", name=name))
    for subject in (actor.subject, admins_of(actor.domain_id)):
        await set_grant(tx, Grant(name, subject, Level.MANAGE), by=actor.subject, at=now)
    await charging.take(tx, await _existing(tx, name), organizations=1)
    created = OrganizationCreated(name, public_by_default)
    await publish(tx, created, actor=actor.subject, at=now, domain_id=actor.domain_id)
    days = registry.settings.history_days
    made = Organization(found, name, actor.id, actor.name, Level.MANAGE, False, public_by_default, now, days)
    return made._replace(is_mirror=is_mirror, is_virtual=is_virtual)


async def list_organizations(
    registry: Registry, actor: Actor, part: str = "", including_visible: bool = False
) -> Sequence[Organization]:
    """Organizations whose name contains `part` and that the actor holds a permission on, by name.

    With `including_visible` also those in which the actor holds one only on some repository (level 0).
    Raises Unauthenticated.
    """
    _require_account(actor)
    async with registry.db.reading() as tx:
        limit = registry.settings.organizations_page_max
        rows = await names.organizations_of(tx, actor, part, including_visible, limit)
        return [one for one in await _listed(registry, tx, actor, rows) if one.level or including_visible]


async def list_organizations_from(
    registry: Registry, actor: Actor, part: str, order: ListOrder, descending: bool, marker: str, limit: int
) -> tuple[Sequence[Organization], str | None]:
    """A page of the same with those in which only a repository is held, by name or age, those after `marker`; the
    marker of the next page, None at the end.

    Raises Unauthenticated, or ParameterInvalid for a marker of another list.
    """
    _require_account(actor)
    async with registry.db.reading() as tx:
        rows = await names.organizations_from(tx, actor, part, order, descending, marker, limit + 1)
        items, has_more = rules.page(rows, limit)
        return await _listed(registry, tx, actor, items), marker_of(order, items[-1]) if has_more else None


async def _listed(registry: Registry, tx: Reader, actor: Actor, rows: Sequence[Any]) -> Sequence[Organization]:
    """Taken apart by position, which takes a fifth of the time that names do: there may be ten thousand."""
    creators = await names_of(tx, list({row[2] for row in rows}))
    standing = registry.settings.history_days
    return [
        Organization(
            identity,
            name,
            creator,
            creators.get(creator, ""),
            min(_LEVELS[held], level_within(actor.bounds, name)),
            sparse,
            public,
            created_at,
            standing if days is None else days,
            days,
            repositories,
            members,
            *kind,
        )
        for identity, name, creator, held, sparse, public, created_at, days, *kind, repositories, members in rows
    ]


async def show_organization(
    registry: Registry, actor: Actor, name: OrganizationName, with_counts: bool = False
) -> Organization:
    """One organization, with the actor's level; its repositories and members are counted only `with_counts`.

    Raises Unauthenticated or OrganizationUnknown.
    """
    async with registry.db.looking() as tx:
        row = await reachable(tx, actor, Action.ORGANIZATION_READ, name)
        counts = await names.counts_in(tx, actor, row.id) if with_counts else None
    repositories, members = (counts.repositories, counts.members) if counts else (0, 0)
    return Organization(
        row.id,
        row.name,
        row.creator_id,
        row.creator_name,
        effective(actor, name, row.level),
        row.allows_sparse,
        row.public_by_default,
        row.created_at,
        registry.settings.history_days if row.history_days is None else row.history_days,
        row.history_days,
        repositories,
        members,
        row.is_mirror,
        row.is_virtual,
    )


async def change_organization(
    registry: Registry,
    actor: Actor,
    name: OrganizationName,
    allows_sparse: bool | None = None,
    public_by_default: bool | None = None,
    history_days: int | None = None,
) -> None:
    """Change what is given: whether manifests may name absent content, whether pushes make public repositories.

    And for how many days it is kept what tags named before: 0 to 3,650, or AS_SETTINGS_SAY.
    What was pushed stays as it is. Raises Unauthenticated, AccessDenied, OrganizationUnknown or ParameterInvalid.
    """
    given: dict[str, Any] = {"allows_sparse": allows_sparse, "public_by_default": public_by_default}
    changes = {key: value for key, value in given.items() if value is not None}
    if history_days is not None:
        changes["history_days"] = None if history_days == AS_SETTINGS_SAY else rules.check_history_days(history_days)
    async with registry.db.writing() as tx:
        row = await changing(tx, actor, Action.ORGANIZATION_MANAGE, name)
        is_now = {key: getattr(row, key) for key in (*given, "history_days")}
        wanted = is_now | changes
        before = {key: value for key, value in is_now.items() if wanted[key] != value}
        if not before:
            return
        await names.change_organization(tx, row.id, **wanted)
        now = registry.clock.now()
        if (row.is_mirror or row.is_virtual) and "public_by_default" in before:
            # Everybody may then ask for what is not here, which no grant on a repository says.
            if wanted["public_by_default"]:
                await set_grant(tx, Grant(name, EVERYONE, Level.READ), by=actor.subject, at=now)
            else:
                await remove_grant(tx, name, EVERYONE)
        changed = OrganizationChanged(name, **wanted, before=before)
        await publish(tx, changed, actor=actor.subject, at=now, domain_id=row.domain_id)


async def delete_organization(registry: Registry, actor: Actor, name: OrganizationName) -> None:
    """Delete an empty organization and its permissions.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or OrganizationNotEmpty.
    """
    async with registry.db.writing() as tx:
        await tx.lock(charging.LIMITS, shared=True)
        row = await changing(tx, actor, Action.ORGANIZATION_MANAGE, name, alone=True)
        if await names.has_repositories(tx, row.id):
            raise OrganizationNotEmpty(worded("{name} still has repositories; delete them first.", name=name))
        await remove_scope(tx, name)
        await names.delete_organization(tx, row.id)
        await charging.take(tx, row, organizations=-1)
        await charging.end_organization(tx, row)
        deleted = OrganizationDeleted(name)
        await publish(tx, deleted, actor=actor.subject, at=registry.clock.now(), domain_id=row.domain_id)


async def reachable(tx: Reader, actor: Actor, action: Action, name: OrganizationName) -> Row[Any]:
    """The organization's row when the actor may do `action`; what they may not even see is unknown.

    Raises Unauthenticated, AccessDenied or OrganizationUnknown.
    """
    row = await names.reached_organization(tx, actor, name)
    if row is None:
        await _permitted(tx, actor, action, name)
        raise _unknown(name)
    _decide(actor, action, name, effective(actor, name, row.level))
    return row


async def administered(tx: Reader, actor: Actor, name: OrganizationName) -> Row[Any]:
    """The organization's row for administrators of its domain, and for operators, whatever domain it is of.

    Raises Unauthenticated, AccessDenied or OrganizationUnknown.
    """
    if await is_operator(tx, actor):
        return await _existing(tx, name)
    row = await reachable(tx, actor, Action.ORGANIZATION_READ, name)
    require_admin(actor)
    if row.domain_id != actor.domain_id:
        raise AccessDenied(
            worded("{name} does not administer the domain of {organization}.", name=actor.name, organization=name),
            readable=True,
        )
    return row


async def changing(tx: Writer, actor: Actor, action: Action, name: OrganizationName, alone: bool = False) -> Row[Any]:
    """Like `reachable`, and the organization stays until the end of the transaction.

    With `alone` nobody makes repositories or gives permissions in it meanwhile.
    """
    await _permitted(tx, actor, action, name)
    await lock_organization(tx, name, shared=not alone)
    return await _existing(tx, name)


async def _permitted(tx: Reader, actor: Actor, action: Action, name: OrganizationName) -> None:
    _decide(actor, action, name, await level_of(tx, actor, name))


def _decide(actor: Actor, action: Action, name: OrganizationName, level: Level) -> None:
    try:
        allowed(actor, action, name, level)
    except AccessDenied as denied:
        if not denied.readable:
            raise _unknown(name) from denied
        raise


async def _existing(tx: Reader, name: OrganizationName) -> Row[Any]:
    row = await names.organization_by_name(tx, name)
    if row is None:
        raise _unknown(name)
    return row


def _unknown(name: str) -> OrganizationUnknown:
    return OrganizationUnknown(
        worded("There is no organization {name}, or you may not see it.", name=name), organization=name
    )


def _require_account(actor: Actor) -> None:
    if actor.is_anonymous:
        raise Unauthenticated
    require_account(actor)
