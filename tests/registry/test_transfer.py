"""Transfer of organizations: to another owner, to another domain; who may, what ends, what stays, what counts where."""

import pytest

from entrepot.access.actor import Actor
from entrepot.access.levels import Level
from entrepot.registry.browse import list_repositories
from entrepot.registry.members import list_members
from entrepot.registry.organizations import create_organization, delete_organization, show_organization
from entrepot.registry.pull import Pulls
from entrepot.registry.quota_rules import OF_DOMAIN, Resource
from entrepot.registry.quotas import set_domain_quotas, set_organization_quotas, show_domain_quotas
from entrepot.registry.room import Registry
from entrepot.registry.shared import list_shared
from entrepot.registry.tables import share
from entrepot.registry.transfer import transfer_organization
from entrepot.registry.wanted import RepositoryOrder, SharedOrder, WantedRepositories, WantedShared
from entrepot.values.errors import (
    AccessDenied,
    DomainUnknown,
    OrganizationUnknown,
    ParameterInvalid,
    QuotaExceeded,
    UserUnknown,
)
from entrepot.values.names import DomainName, OrganizationName, RepositoryName, UserName
from tests.make.cast import WHO, Cast
from tests.make.looking import events_after, last_event, rows_in
from tests.make.rooms import Rooms

ACME, APP, OPEN = OrganizationName("acme"), RepositoryName("acme/app"), RepositoryName("acme/open")
GUESTS, BOSS = DomainName("guests"), UserName("boss")
ALL = WantedRepositories()


@pytest.fixture
async def boss(rooms: Rooms, cast: Cast) -> Actor:
    await rooms.domain(GUESTS)
    return await rooms.sign_in("guests/boss")


async def reads(registry: Registry, actor: Actor, path: RepositoryName = APP) -> bool:
    return await Pulls(registry).manifest(actor, path, "v1", with_body=False) is not None


async def used(registry: Registry, actor: Actor, domain: str) -> dict[Resource, int | None]:
    return {one.resource: one.used for one in await show_domain_quotas(registry, actor, domain)}


async def test_in_another_domain_all_levels_of_the_old_one_end(
    rooms: Rooms, cast: Cast, registry: Registry, boss: Actor
) -> None:
    await rooms.grant("acme", "reader", Level.READ)
    assert await reads(registry, cast["editor"])

    await transfer_organization(registry, cast["admin"], ACME, GUESTS, BOSS)

    for who in WHO:
        assert not await reads(registry, cast[who])
        assert await reads(registry, cast[who], OPEN)  # public stays public
    assert await reads(registry, boss)
    shown = await show_organization(registry, boss, ACME)
    assert (shown.creator_name, shown.level) == ("boss", Level.MANAGE)
    assert (await list_members(registry, boss, ACME)).others == []
    assert (await list_members(registry, boss, APP)).others == []
    page = await list_repositories(registry, boss, ALL, RepositoryOrder.NAME, False, 0, 10)
    assert [(one.repository.path, one.domain_name) for one in page.items] == [(APP, "guests"), (OPEN, "guests")]
    page = await list_repositories(registry, cast["admin"], ALL, RepositoryOrder.NAME, False, 0, 10)
    assert [one.repository.path for one in page.items] == [OPEN]
    with pytest.raises(OrganizationUnknown):
        await delete_organization(registry, cast["admin"], ACME)


async def test_shares_with_others_stay_and_one_with_the_new_domain_ends(
    rooms: Rooms, cast: Cast, registry: Registry, boss: Actor
) -> None:
    friends = await rooms.domain("friends")
    await rooms.share(APP, GUESTS)
    await rooms.share(APP, friends)

    await transfer_organization(registry, cast["admin"], ACME, GUESTS)

    assert await reads(registry, await rooms.sign_in("friends/boss"))
    assert await rows_in(rooms.db, share) == 1
    received = await list_shared(registry, boss, WantedShared(False), SharedOrder.NAME, False, 0, 10)
    given = await list_shared(registry, boss, WantedShared(True), SharedOrder.NAME, False, 0, 10)
    assert ([one.listed.repository.path for one in given.items], received.items) == ([APP], [])


async def test_without_an_owner_the_administrators_have_it(cast: Cast, registry: Registry, boss: Actor) -> None:
    await transfer_organization(registry, cast["admin"], ACME, GUESTS)

    shown = await show_organization(registry, boss, ACME)
    assert (shown.creator_name, shown.level) == ("", Level.MANAGE)


async def test_within_a_domain_only_the_owner_changes(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    await transfer_organization(registry, cast["admin"], ACME, owner=UserName("stranger"))

    assert all([await reads(registry, cast[who]) for who in WHO if who != "anonymous"])
    shown = await show_organization(registry, cast["stranger"], ACME)
    assert (shown.creator_name, shown.level) == ("stranger", Level.MANAGE)


async def test_only_those_above_an_organization_transfer_it(
    rooms: Rooms, cast: Cast, registry: Registry, boss: Actor
) -> None:
    await rooms.grant("acme", "manager", Level.MANAGE)
    seq = await last_event(rooms.db)

    for actor, domain, error in (
        (cast["stranger"], None, OrganizationUnknown),
        (cast["manager"], None, AccessDenied),
        (cast["manager"], GUESTS, AccessDenied),
        (boss, None, OrganizationUnknown),
        (boss, GUESTS, OrganizationUnknown),
    ):
        with pytest.raises(error):
            await transfer_organization(registry, actor, ACME, domain, BOSS)

    assert await events_after(rooms.db, seq) == []


async def test_administrators_keep_to_their_domain_and_learn_nothing_of_others(
    rooms: Rooms, cast: Cast, registry: Registry, boss: Actor
) -> None:
    lab = OrganizationName("lab")
    await create_organization(registry, boss, lab)

    for domain in ("default", "nobody"):
        for owner in (None, UserName("admin"), UserName("nobody")):
            with pytest.raises(AccessDenied, match="does not operate"):
                await transfer_organization(registry, boss, lab, DomainName(domain), owner)
    with pytest.raises(UserUnknown):
        await transfer_organization(registry, boss, lab, owner=UserName("admin"))  # of another domain

    # An operator may, without any permission in it.
    await transfer_organization(registry, cast["admin"], lab, DomainName("default"), UserName("reader"))
    assert (await show_organization(registry, cast["reader"], lab)).level is Level.MANAGE


async def test_what_cannot_be_transferred_is_refused(cast: Cast, registry: Registry, boss: Actor) -> None:
    admin = cast["admin"]
    for error, name, domain, owner in (
        (ParameterInvalid, ACME, None, None),
        (ParameterInvalid, ACME, DomainName("default"), None),
        (DomainUnknown, ACME, DomainName("nobody"), BOSS),
        (UserUnknown, ACME, GUESTS, UserName("reader")),
        (AccessDenied, ACME, None, UserName("admin")),  # to themselves
        (OrganizationUnknown, OrganizationName("none"), GUESTS, BOSS),
    ):
        with pytest.raises(error):
            await transfer_organization(registry, admin, name, domain, owner)


async def test_what_an_organization_holds_counts_in_its_new_domain(cast: Cast, registry: Registry, boss: Actor) -> None:
    admin = cast["admin"]
    for domain in ("default", "guests"):
        await set_domain_quotas(registry, admin, domain, dict.fromkeys(OF_DOMAIN, 1_000_000))
    held, nothing = await used(registry, admin, "default"), await used(registry, admin, "guests")
    assert set(nothing.values()) == {0}

    await transfer_organization(registry, admin, ACME, GUESTS, BOSS)

    assert (await used(registry, admin, "guests"), await used(registry, admin, "default")) == (held, nothing)


async def test_a_domain_whose_limits_do_not_hold_it_does_not_get_it(
    rooms: Rooms, cast: Cast, registry: Registry, boss: Actor
) -> None:
    admin = cast["admin"]
    await set_domain_quotas(registry, admin, "default", {Resource.REPOSITORIES: 1})  # fewer than there are
    await set_domain_quotas(registry, admin, "guests", {Resource.TAGS: 1, Resource.REPOSITORIES: 2})
    seq = await last_event(rooms.db)

    with pytest.raises(QuotaExceeded, match="tags is used up: 0 used, 1 allowed, 2 more"):
        await transfer_organization(registry, admin, ACME, GUESTS, BOSS)

    assert await reads(registry, cast["reader"])
    assert not await reads(registry, boss)
    assert await events_after(rooms.db, seq) == []
    await set_domain_quotas(registry, admin, "guests", {Resource.TAGS: 2})
    await transfer_organization(registry, admin, ACME, GUESTS, BOSS)
    assert (await used(registry, admin, "guests"))[Resource.TAGS] == 2


async def test_both_domains_are_told(rooms: Rooms, cast: Cast, registry: Registry, boss: Actor) -> None:
    seq, admin = await last_event(rooms.db), cast["admin"]

    await transfer_organization(registry, admin, ACME, GUESTS, BOSS)

    told = await events_after(rooms.db, seq)
    assert [(row.type, row.subject, row.domain_id) for row in told] == [
        ("organization.transferred", "acme", domain) for domain in (admin.domain_id, boss.domain_id)
    ]
    before = {"domain": "default", "owner": "admin"}
    assert [row.data for row in told] == [{"domain": "guests", "owner": "boss", "before": before}] * 2


async def test_operators_set_quotas_of_organizations_of_every_domain(
    cast: Cast, registry: Registry, boss: Actor
) -> None:
    lab = OrganizationName("lab")
    await create_organization(registry, boss, lab)

    limits = await set_organization_quotas(registry, cast["admin"], lab, {Resource.BYTES: 7})

    assert {one.resource: one.limit for one in limits}[Resource.BYTES] == 7
    with pytest.raises(OrganizationUnknown):
        await set_organization_quotas(registry, boss, ACME, {Resource.BYTES: 7})
