"""Users: made, shown, given passwords, disabled; by whom, and what follows for their credentials."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from entrepot.access.actor import ANONYMOUS
from entrepot.access.check import level_of
from entrepot.access.groups import groups_of
from entrepot.access.levels import Level
from entrepot.accounts.groups import add_group_member, create_group
from entrepot.accounts.initial_password import forget_initial_password
from entrepot.accounts.login import sign_in
from entrepot.accounts.personal_tokens import create_token, list_tokens
from entrepot.accounts.robots import create_robot, show_robot
from entrepot.accounts.rules import Right
from entrepot.accounts.tokens import issue_refresh_token, refresh
from entrepot.accounts.users import (
    create_user,
    delete_user,
    ensure_first_admin,
    has_first_admin,
    list_users,
    set_enabled,
    set_password,
    show_user,
    update_user,
)
from entrepot.values.errors import (
    AccessDenied,
    EntrepotError,
    ParameterInvalid,
    PasswordInvalid,
    Unauthenticated,
    UserExists,
    UserUnknown,
)
from entrepot.values.names import GroupName, RobotName, TokenName, UserName
from tests.make.looking import events_after, last_event
from tests.make.rooms import PASSWORD, Rooms

ANN, OTHER = UserName("ann"), "another long password"


async def test_a_new_user_signs_in_and_holds_nothing(rooms: Rooms) -> None:
    made = await create_user(rooms.accounts, rooms.admin, ANN, PASSWORD)

    actor = await sign_in(rooms.accounts, "ann", PASSWORD)

    assert (actor.id, actor.name, actor.is_admin, actor.limits) == (made.id, "ann", False, None)
    assert actor.subjects == ("*", f"user:{made.id}", f"domain:{made.domain_id}")
    assert await show_user(rooms.accounts, actor, ANN) == made


async def test_names_are_taken_once_and_case_counts(rooms: Rooms) -> None:
    await rooms.user("ann")
    with pytest.raises(UserExists):
        await create_user(rooms.accounts, rooms.admin, ANN, PASSWORD)
    await rooms.user("Ann")
    results = await asyncio.gather(
        *(create_user(rooms.accounts, rooms.admin, UserName("bob"), PASSWORD) for _ in range(5)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["User"] + ["UserExists"] * 4


async def test_wrong_names_and_passwords_are_refused_in_the_same_words(rooms: Rooms) -> None:
    await rooms.user("ann")
    await set_enabled(rooms.accounts, rooms.admin, ANN, False)
    said = set()
    for name, password in (("admin", "wrong"), ("nobody", PASSWORD), ("", ""), ("ann", PASSWORD), ("Admin", PASSWORD)):
        with pytest.raises(Unauthenticated) as refused:
            await sign_in(rooms.accounts, name, password)
        said.add((refused.value.message, str(refused.value.detail)))
    assert len(said) == 1


async def test_only_administrators_keep_users(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    for actor, refused in (
        (ANONYMOUS, Unauthenticated),
        (ann, AccessDenied),
        (replace(rooms.admin, limits={}), AccessDenied),
    ):
        for attempt in (
            create_user(rooms.accounts, actor, UserName("new"), PASSWORD),
            list_users(rooms.accounts, actor, "", 10),
            show_user(rooms.accounts, actor, UserName("second")),
            set_password(rooms.accounts, actor, UserName("bob"), OTHER),
            set_enabled(rooms.accounts, actor, ANN, False),
            update_user(rooms.accounts, actor, ANN, is_admin=True),
            delete_user(rooms.accounts, actor, ANN),
        ):
            with pytest.raises(refused):
                await attempt


async def test_users_are_listed_by_name_in_pages(rooms: Rooms) -> None:
    names = ["Zoe", "a-b", "a.b", "a0", "aB", "ab", "admin", "b_a"]
    for name in names:
        if name != "admin":
            await rooms.user(name)

    found, after = list[str](), ""
    while page := await list_users(rooms.accounts, rooms.admin, after, 3):
        found += [user.name for user in page]
        after = page[-1].name

    assert found == sorted(names)


async def test_a_user_changes_their_password_by_showing_the_current_one(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    for current in (None, "wrong"):
        with pytest.raises(AccessDenied):
            await set_password(rooms.accounts, ann, ANN, OTHER, current)
    with pytest.raises(AccessDenied):
        await set_password(rooms.accounts, ann, UserName("admin"), OTHER, PASSWORD)
    with pytest.raises(PasswordInvalid):
        await set_password(rooms.accounts, ann, ANN, "short", PASSWORD)

    await set_password(rooms.accounts, ann, ANN, OTHER, PASSWORD)

    await sign_in(rooms.accounts, "ann", OTHER)
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "ann", PASSWORD)


async def test_every_change_of_an_account_ends_its_credentials(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    for change in (
        set_password(rooms.accounts, rooms.admin, ANN, PASSWORD),
        set_enabled(rooms.accounts, rooms.admin, ANN, False),
        set_enabled(rooms.accounts, rooms.admin, ANN, True),
    ):
        secret = None
        if await enabled(rooms):
            secret = await issue_refresh_token(rooms.accounts, ann)
        await change
        if secret is not None:
            with pytest.raises(Unauthenticated):
                await refresh(rooms.accounts, secret)
    fresh = await sign_in(rooms.accounts, "ann", PASSWORD)
    assert fresh.credential_version == (ann.credential_version or 0) + 3


async def enabled(rooms: Rooms) -> bool:
    return (await show_user(rooms.accounts, rooms.admin, ANN)).is_enabled


async def test_the_last_administrator_stays(rooms: Rooms) -> None:
    admin = UserName("admin")
    with pytest.raises(ParameterInvalid):
        await set_enabled(rooms.accounts, rooms.admin, admin, False)
    second = await rooms.user("second", is_admin=True)

    results = await asyncio.gather(
        set_enabled(rooms.accounts, second, admin, False),
        set_enabled(rooms.accounts, rooms.admin, UserName("second"), False),
        return_exceptions=True,
    )

    assert sum(isinstance(result, EntrepotError) for result in results) == 1
    users = await list_users(rooms.accounts, rooms.admin, "", 10)
    assert sum(user.is_admin and user.is_enabled for user in users) == 1


async def test_the_last_administrator_without_an_end_stays(rooms: Rooms) -> None:
    admin, end = UserName("admin"), rooms.clock.now() + timedelta(days=1)
    for attempt in (
        delete_user(rooms.accounts, rooms.admin, admin),
        update_user(rooms.accounts, rooms.admin, admin, is_admin=False),
        update_user(rooms.accounts, rooms.admin, admin, expires_at=end),
    ):
        with pytest.raises(ParameterInvalid):
            await attempt
    second = await rooms.user("second", is_admin=True)
    await update_user(rooms.accounts, rooms.admin, UserName("second"), expires_at=end)
    with pytest.raises(ParameterInvalid):
        await delete_user(rooms.accounts, rooms.admin, admin)
    await update_user(rooms.accounts, rooms.admin, UserName("second"), expires_at=None)

    await delete_user(rooms.accounts, second, admin)

    assert [user.name for user in await list_users(rooms.accounts, second, "", 10)] == ["second"]


async def test_a_user_is_renamed_promoted_and_given_an_end(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    await rooms.user("ben")
    seq, end = await last_event(rooms.db), rooms.clock.now() + timedelta(days=1)
    with pytest.raises(UserExists):
        await update_user(rooms.accounts, rooms.admin, ANN, UserName("ben"))
    with pytest.raises(ParameterInvalid):
        await update_user(rooms.accounts, rooms.admin, ANN, expires_at=rooms.clock.now())

    changed = await update_user(rooms.accounts, rooms.admin, ANN, UserName("anna"), True, end)

    anna = await sign_in(rooms.accounts, "anna", PASSWORD)
    assert (anna.id, anna.is_admin, anna.until) == (ann.id, True, end.timestamp())
    assert (changed.name, changed.is_admin, changed.expires_at) == ("anna", True, end)
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "ann", PASSWORD)
    ended = "2026-01-02T00:00:00.000000Z"
    assert [(row.type, row.subject, row.data) for row in await events_after(rooms.db, seq)] == [
        (
            "user.updated",
            "anna",
            {
                "user_id": ann.id,
                "name": "anna",
                "is_admin": True,
                "expires_at": ended,
                "before": {"name": "ann", "is_admin": False, "expires_at": None},
            },
        )
    ]
    rooms.clock.advance(days=1)
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "anna", PASSWORD)


async def test_of_a_deleted_user_nothing_stays_for_who_takes_the_name(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    await rooms.organization("acme")
    await rooms.grant("acme", "ann", Level.MANAGE)
    await create_group(rooms.accounts, rooms.admin, GroupName("team"))
    await add_group_member(rooms.accounts, rooms.admin, GroupName("team"), ANN)
    made = await create_token(rooms.accounts, ann, TokenName("laptop"))
    robot = await create_robot(rooms.accounts, ann, RobotName("ci"), [Right("acme", Level.EDIT)])
    seq = await last_event(rooms.db)

    await delete_user(rooms.accounts, rooms.admin, ANN)

    again = await rooms.user("ann")
    assert again.id != ann.id
    async with rooms.db.reading() as tx:
        for actor in (ann, again):
            assert await level_of(tx, actor, "acme") is Level.NONE
            assert await groups_of(tx, actor.subject) == []
    assert await list_tokens(rooms.accounts, again, "", 10) == []
    for name, secret in (("ann", made.secret), (robot.robot.login, robot.secret)):
        with pytest.raises(Unauthenticated):
            await sign_in(rooms.accounts, name, secret)
    orphan = await show_robot(rooms.accounts, rooms.admin, RobotName("ci"))
    assert (orphan.owner_name, orphan.is_enabled) == ("", False)
    told = [(row.type, row.subject) for row in await events_after(rooms.db, seq)]
    assert told == [("robot.disabled", "ci"), ("user.deleted", "ann"), ("user.created", "ann")]


async def test_who_is_not_there_is_unknown(rooms: Rooms) -> None:
    for attempt in (
        show_user(rooms.accounts, rooms.admin, ANN),
        set_password(rooms.accounts, rooms.admin, ANN, OTHER),
        set_enabled(rooms.accounts, rooms.admin, ANN, True),
        update_user(rooms.accounts, rooms.admin, ANN, is_admin=True),
        delete_user(rooms.accounts, rooms.admin, ANN),
    ):
        with pytest.raises(UserUnknown):
            await attempt


async def test_the_first_administrator_is_made_once(rooms: Rooms) -> None:
    assert await has_first_admin(rooms.accounts)
    made = await asyncio.gather(*(ensure_first_admin(rooms.accounts, OTHER) for _ in range(3)))
    assert made == [False, False, False]
    await sign_in(rooms.accounts, "admin", PASSWORD)


async def test_the_file_of_the_first_password_goes_with_it(rooms: Rooms, tmp_path: Path) -> None:
    file = tmp_path / "initial-admin-password"
    file.write_text(f"{PASSWORD}\n")
    accounts = replace(rooms.accounts, settings=replace(rooms.accounts.settings, initial_password_file=file))
    await rooms.user("ann")
    await set_password(accounts, rooms.admin, ANN, OTHER)
    assert not await forget_initial_password(accounts)
    assert file.exists()

    await set_password(rooms.accounts, rooms.admin, UserName("admin"), OTHER)  # by a replica without the file
    assert await forget_initial_password(accounts)
    assert not file.exists()
    assert not await forget_initial_password(accounts)


async def test_what_happens_to_users_is_told_without_secrets(rooms: Rooms) -> None:
    seq = await last_event(rooms.db)
    ann = await rooms.user("ann")
    await set_password(rooms.accounts, rooms.admin, ANN, OTHER)
    await set_enabled(rooms.accounts, rooms.admin, ANN, False)
    await set_enabled(rooms.accounts, rooms.admin, ANN, True)

    told = await events_after(rooms.db, seq)

    assert [(row.type, row.subject, row.data) for row in told] == [
        ("user.created", "ann", {"user_id": ann.id, "is_admin": False}),
        ("user.changed", "ann", {"user_id": ann.id, "change": "password"}),
        ("user.changed", "ann", {"user_id": ann.id, "change": "disabled"}),
        ("user.changed", "ann", {"user_id": ann.id, "change": "enabled"}),
    ]
