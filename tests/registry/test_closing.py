"""Maintenance and read-only: what is refused, to whom, and what goes on."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from entrepot.accounts.sessions import begin_session, end_session
from entrepot.accounts.users import create_user
from entrepot.jobs.closing import Mode, closed_organizations, is_open
from entrepot.operations.maintenance import (
    close_installation,
    follow_setting,
    open_installation,
    show_maintenance,
)
from entrepot.registry import browse, history, retag
from entrepot.registry.closing import close_organization, is_read_only, open_organization
from entrepot.registry.immutability import create_rule
from entrepot.registry.immutability_rules import Rule
from entrepot.registry.organizations import change_organization, create_organization
from entrepot.registry.pull import find_manifest
from entrepot.registry.push import check_push
from entrepot.registry.remove import delete_tag
from entrepot.registry.repositories import create_repository, delete_repository
from entrepot.registry.uploads import start_upload
from entrepot.values.accept import Accept
from entrepot.values.errors import (
    AccessDenied,
    InMaintenance,
    OrganizationUnknown,
    ParameterInvalid,
    ReadOnly,
    Unauthenticated,
)
from entrepot.values.names import OrganizationName, RepositoryName, TagName, UserName
from tests.make.cast import Cast
from tests.make.furnish import push_image
from tests.make.image import Image
from tests.make.looking import events_after, last_event
from tests.make.rooms import PASSWORD, Rooms

ACME, LAB, APP, V1 = OrganizationName("acme"), OrganizationName("lab"), RepositoryName("acme/app"), TagName("v1")
WRITES: dict[str, Callable[[Rooms], Coroutine[Any, Any, object]]] = {
    "push": lambda r: push_image(r.registry, r.admin, APP, Image.make(), "v2"),
    "look before a push": lambda r: check_push(r.registry, r.admin, APP),
    "begin an upload": lambda r: start_upload(r.registry, r.admin, APP),
    "tag": lambda r: retag.add_tag(r.registry, r.admin, APP, V1, TagName("v2")),
    "delete a tag": lambda r: delete_tag(r.registry, r.admin, APP, V1),
    "delete": lambda r: delete_repository(r.registry, r.admin, APP),
    "create": lambda r: create_repository(r.registry, r.admin, RepositoryName("acme/new"), False),
    "change": lambda r: change_organization(r.registry, r.admin, ACME, True),
    "rule": lambda r: create_rule(r.registry, r.admin, ACME, Rule("*", "*")),
}
ELSEWHERE: dict[str, Callable[[Rooms], Coroutine[Any, Any, object]]] = {
    "user": lambda r: create_user(r.accounts, r.admin, UserName("new"), PASSWORD),
    "organization": lambda r: create_organization(r.registry, r.admin, OrganizationName("new")),
    "push": lambda r: push_image(r.registry, r.admin, "lab/app", Image.make(), "v2"),
}


@pytest.mark.parametrize(("mode", "error"), [(Mode.MAINTENANCE, InMaintenance), (Mode.READ_ONLY, ReadOnly)])
async def test_a_closed_installation_changes_nothing_until_it_is_opened(
    rooms: Rooms, cast: Cast, mode: Mode, error: type[Exception]
) -> None:
    await rooms.organization("lab")
    await close_installation(rooms.operations, rooms.admin, mode, "New disks until noon.")
    seen = await last_event(rooms.db)

    for name, verb in (WRITES | ELSEWHERE).items():
        with pytest.raises(error) as refused:
            await verb(rooms)
        assert "New disks until noon." in str(refused.value), name

    assert await events_after(rooms.db, seen) == []
    assert not await is_open(rooms.db)
    await open_installation(rooms.operations, rooms.admin)
    for verb in ELSEWHERE.values():
        await verb(rooms)
    await WRITES["push"](rooms)
    assert await is_open(rooms.db)


async def test_pulls_lists_and_sign_in_go_on(rooms: Rooms, cast: Cast) -> None:
    await close_installation(rooms.operations, rooms.admin, Mode.READ_ONLY)

    found = await find_manifest(rooms.registry, cast["reader"], APP, V1, Accept.parse(["*/*"]))
    await browse.show_repository(rooms.registry, cast["reader"], APP)
    await history.list_tag_history(rooms.registry, cast["reader"], APP, V1, None, 10)
    begun = await begin_session(rooms.accounts, cast["reader"])
    await end_session(rooms.accounts, cast["reader"], begun.session.id)

    assert found.digest == str(cast.image.digest)


async def test_a_read_only_organization_leaves_others_alone(rooms: Rooms, cast: Cast) -> None:
    await rooms.organization("lab")
    await close_organization(rooms.registry, rooms.admin, ACME, "The project has ended.")

    for name, verb in WRITES.items():
        with pytest.raises(ReadOnly) as refused:
            await verb(rooms)
        assert refused.value.message == "The organization acme is read-only: The project has ended.", name
    for verb in ELSEWHERE.values():
        await verb(rooms)

    async with rooms.db.reading() as tx:
        assert await closed_organizations(tx) == {"acme"}
    assert await is_open(rooms.db)
    await open_organization(rooms.registry, rooms.admin, ACME)
    await open_organization(rooms.registry, rooms.admin, ACME)
    assert not await is_read_only(rooms.registry, ACME)
    await WRITES["push"](rooms)


async def test_only_operators_close_the_installation_and_administrators_their_organizations(
    rooms: Rooms, cast: Cast
) -> None:
    await rooms.domain("partner")
    boss = await rooms.sign_in("partner/boss")
    await rooms.organization("theirs", boss)
    operations = rooms.operations

    for who in (cast["manager"], boss):
        with pytest.raises(AccessDenied):
            await close_installation(operations, who, Mode.READ_ONLY)
        with pytest.raises(AccessDenied):
            await open_installation(operations, who)
    with pytest.raises(Unauthenticated):
        await show_maintenance(operations, cast["anonymous"])
    with pytest.raises(OrganizationUnknown):
        await close_organization(rooms.registry, boss, ACME)
    await close_organization(rooms.registry, boss, OrganizationName("theirs"))
    await open_organization(rooms.registry, rooms.admin, OrganizationName("theirs"))
    with pytest.raises(ParameterInvalid):
        await close_installation(operations, rooms.admin, Mode.READ_ONLY, "x" * 501)
    assert await show_maintenance(operations, boss) is None


async def test_the_feed_tells_who_closed_and_opened_and_how_it_was_before(rooms: Rooms, cast: Cast) -> None:
    seen = await last_event(rooms.db)

    await close_installation(rooms.operations, rooms.admin, Mode.MAINTENANCE, "Soon.")
    await close_installation(rooms.operations, rooms.admin, Mode.READ_ONLY, "Longer.")
    shown = await show_maintenance(rooms.operations, cast["reader"])
    await close_organization(rooms.registry, rooms.admin, ACME)
    for _ in range(2):
        await open_organization(rooms.registry, rooms.admin, ACME)
        await open_installation(rooms.operations, rooms.admin)

    assert shown is not None
    assert (shown.mode, shown.message, shown.by) == (Mode.READ_ONLY, "Longer.", "admin")
    told = [(event.type, event.data) for event in await events_after(rooms.db, seen)]
    assert told == [
        ("installation.closed", {"mode": "maintenance", "message": "Soon.", "before": {}}),
        (
            "installation.closed",
            {"mode": "read-only", "message": "Longer.", "before": {"mode": "maintenance", "message": "Soon."}},
        ),
        ("organization.closed", {"message": "", "before": {}}),
        ("organization.opened", {"before": {"message": ""}}),
        ("installation.opened", {"before": {"mode": "read-only", "message": "Longer."}}),
    ]


async def test_the_setting_closes_at_a_start_and_opens_only_what_it_closed(rooms: Rooms, cast: Cast) -> None:
    await follow_setting(rooms.operations, True)
    await follow_setting(rooms.operations, True)
    shown = await show_maintenance(rooms.operations, rooms.admin)
    await follow_setting(rooms.operations, False)

    assert shown is not None
    assert shown.by == "setting"
    assert await is_open(rooms.db)
    await close_installation(rooms.operations, rooms.admin, Mode.MAINTENANCE)
    await follow_setting(rooms.operations, True)
    await follow_setting(rooms.operations, False)
    assert not await is_open(rooms.db)
