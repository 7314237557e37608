"""Personal tokens: whom they act for, how far they reach, and what ends them."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.check import level_of, require_admin
from entrepot.access.levels import Level
from entrepot.accounts.login import sign_in
from entrepot.accounts.personal_tokens import (
    WithSecret,
    create_token,
    delete_token,
    list_tokens,
    parse_bound,
)
from entrepot.accounts.rules import Right
from entrepot.accounts.scopes import parse_scopes
from entrepot.accounts.tokens import issue_refresh_token, issue_token, read_token
from entrepot.accounts.users import set_enabled
from entrepot.registry.lists import list_catalog
from entrepot.registry.organizations import create_organization, list_organizations
from entrepot.registry.pull import Pulls
from entrepot.values.errors import (
    AccessDenied,
    ParameterInvalid,
    TokenExists,
    TokenUnknown,
    Unauthenticated,
    UserUnknown,
)
from entrepot.values.names import OrganizationName, TokenName, UserName
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms
from tests.make.wire import basic, bearer

LAPTOP = TokenName("laptop")


@pytest.fixture
async def ann(rooms: Rooms) -> Actor:
    """Edits `acme` and manages `rest`."""
    for path in ("acme/web-1", "acme/other", "rest/web-1"):
        if path != "acme/other":
            await rooms.organization(path.partition("/")[0])
        await rooms.push(path, "v1")
    actor = await rooms.user("ann")
    await rooms.grant("acme", "ann", Level.EDIT)
    await rooms.grant("rest", "ann", Level.MANAGE)
    return actor


async def make(rooms: Rooms, actor: Actor, *bounds: Right, **more: Any) -> WithSecret:
    return await create_token(rooms.accounts, actor, LAPTOP, bounds or None, **more)


async def carried(rooms: Rooms, secret: str) -> Actor:
    return await rooms.credentials.actor(bearer(secret)["Authorization"].encode())


async def is_refused(attempt: Awaitable[Any]) -> bool:
    try:
        await attempt
    except Unauthenticated:
        return True
    return False


async def test_a_token_acts_for_its_user_by_password_and_by_bearer(rooms: Rooms, ann: Actor) -> None:
    made = await make(rooms, ann)

    for actor in (
        await sign_in(rooms.accounts, "ann", made.secret),
        await sign_in(rooms.accounts, "default/ann", made.secret),
        await carried(rooms, made.secret),
    ):
        assert actor == ann
        assert (actor.credential, actor.bounds, actor.limits) == (f"token:{made.token.id}", None, None)
        assert await issue_refresh_token(rooms.accounts, actor) is None


async def test_the_name_beside_a_token_is_its_users(rooms: Rooms, ann: Actor) -> None:
    made = await make(rooms, ann)
    for name in ("admin", "", "other/ann", "ANN", "robot$ann"):
        assert await is_refused(sign_in(rooms.accounts, name, made.secret))
    for wrong in ("ept_", "ept_wrong", made.secret + "x", made.token.id):
        assert await is_refused(sign_in(rooms.accounts, "ann", wrong))
        assert await is_refused(carried(rooms, wrong))


async def test_bounds_take_away_and_never_give(rooms: Rooms, ann: Actor) -> None:
    made = await make(rooms, ann, parse_bound("acme", Level.READ), parse_bound("rest/web-*", Level.EDIT))

    actor = await carried(rooms, made.secret)

    async with rooms.db.reading() as tx:
        levels = {name: await level_of(tx, actor, name) for name in ("acme", "acme/other", "rest", "rest/web-1")}
    assert levels == {"acme": Level.READ, "acme/other": Level.READ, "rest": Level.NONE, "rest/web-1": Level.EDIT}
    assert [one.name for one in await list_organizations(rooms.registry, actor)] == ["acme"]
    visible = await list_organizations(rooms.registry, actor, including_visible=True)
    assert [(one.name, one.level) for one in visible] == [("acme", Level.READ), ("rest", Level.NONE)]
    assert (await list_catalog(rooms.registry, actor, "", 10)).items == ["acme/other", "acme/web-1", "rest/web-1"]
    with pytest.raises(AccessDenied):
        await create_organization(rooms.registry, actor, OrganizationName("new"))


async def test_a_bounded_token_of_an_administrator_administers_nothing(rooms: Rooms, ann: Actor) -> None:
    whole = await carried(rooms, (await make(rooms, rooms.admin)).secret)
    require_admin(whole)
    made = await create_token(rooms.accounts, rooms.admin, TokenName("less"), [parse_bound("*", Level.MANAGE)])
    with pytest.raises(AccessDenied):
        require_admin(await carried(rooms, made.secret))


async def test_a_registry_token_of_a_token_has_its_bounds(rooms: Rooms, ann: Actor) -> None:
    made = await make(rooms, ann, parse_bound("acme/web-*", Level.READ))
    actor = await carried(rooms, made.secret)

    issued = await issue_token(
        rooms.accounts, actor, parse_scopes(["repository:acme/web-1:pull,push repository:acme/other:pull"])
    )

    read = await read_token(rooms.accounts, issued.token)
    assert read.limits == {"acme/web-1": frozenset({"pull"})}
    assert read.bounds == (Bound("acme/web-*", Level.READ),)
    assert read.credential == f"token:{made.token.id}"


async def test_a_token_makes_no_tokens(rooms: Rooms, ann: Actor) -> None:
    actor = await carried(rooms, (await make(rooms, ann)).secret)

    with pytest.raises(AccessDenied):
        await create_token(rooms.accounts, actor, TokenName("second"))
    for nobody, refused in (
        (ANONYMOUS, Unauthenticated),
        (replace(ann, is_robot=True), AccessDenied),
        (replace(ann, bounds=()), AccessDenied),
        (replace(ann, limits={}), AccessDenied),
    ):
        for attempt in (
            create_token(rooms.accounts, nobody, TokenName("second")),
            list_tokens(rooms.accounts, nobody, "", 10),
            delete_token(rooms.accounts, nobody, LAPTOP),
        ):
            with pytest.raises(refused):
                await attempt


async def test_what_ends_a_token_ends_it_on_the_next_request(rooms: Rooms, ann: Actor) -> None:
    """As a remembered header and as a registry token, on the pull path's one read."""
    pulls = Pulls(rooms.registry)

    async def pulled(headers: list[bytes]) -> list[bool]:
        actors = [rooms.credentials.remembered(header, rooms.clock.now().timestamp()) for header in headers]
        return [
            actor is not None and await pulls.manifest(actor, "acme/web-1", "v1", with_body=False) is not None
            for actor in actors
        ]

    async def expire() -> None:
        rooms.clock.advance(seconds=30)

    for end in (
        lambda: delete_token(rooms.accounts, ann, LAPTOP),
        lambda: set_enabled(rooms.accounts, rooms.admin, UserName("ann"), False),
        expire,
    ):
        made = await make(rooms, ann, expires_at=rooms.clock.now() + timedelta(seconds=30))
        actor = await carried(rooms, made.secret)
        issued = await issue_token(rooms.accounts, actor, parse_scopes(["repository:acme/web-1:pull"]))
        headers = [
            one["Authorization"].encode()
            for one in (bearer(made.secret), basic("ann", made.secret), bearer(issued.token))
        ]
        for header in headers:
            await rooms.credentials.actor(header)
        assert await pulled(headers) == [True] * 3

        await end()

        assert await pulled(headers) == [False] * 3
        for header in headers:
            assert await is_refused(rooms.credentials.actor(header))
        if await list_tokens(rooms.accounts, ann, "", 10):
            await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), True)
            await delete_token(rooms.accounts, ann, LAPTOP)


async def test_tokens_are_their_users_business_and_administrators_may_end_them(rooms: Rooms, ann: Actor) -> None:
    ben = await rooms.user("ben")
    for name in ("b", "a", "c"):
        await create_token(rooms.accounts, ann, TokenName(name))

    assert [one.name for one in await list_tokens(rooms.accounts, ann, "", 2)] == ["a", "b"]
    assert [one.name for one in await list_tokens(rooms.accounts, ann, "b", 2)] == ["c"]
    assert await list_tokens(rooms.accounts, ben, "", 10) == []
    with pytest.raises(TokenUnknown):
        await delete_token(rooms.accounts, ben, TokenName("a"))
    for attempt in (
        list_tokens(rooms.accounts, ben, "", 10, UserName("ann")),
        delete_token(rooms.accounts, ben, TokenName("a"), UserName("ann")),
    ):
        with pytest.raises(AccessDenied):
            await attempt
    with pytest.raises(UserUnknown):
        await list_tokens(rooms.accounts, rooms.admin, "", 10, UserName("nobody"))

    await delete_token(rooms.accounts, rooms.admin, TokenName("a"), UserName("ann"))

    assert [one.name for one in await list_tokens(rooms.accounts, rooms.admin, "", 10, UserName("ann"))] == ["b", "c"]


async def test_what_cannot_be_a_token_is_refused(rooms: Rooms, ann: Actor) -> None:
    await make(rooms, ann)
    with pytest.raises(TokenExists):
        await make(rooms, ann)
    with pytest.raises(ParameterInvalid):
        await create_token(rooms.accounts, ann, TokenName("second"), bounds=[])
    with pytest.raises(ParameterInvalid):
        await create_token(rooms.accounts, ann, TokenName("second"), expires_at=rooms.clock.now())
    with pytest.raises(ParameterInvalid):
        parse_bound("a*", Level.READ)


async def test_when_a_token_was_last_used_is_written_a_moment_later(rooms: Rooms, ann: Actor) -> None:
    made = await make(rooms, ann)
    await carried(rooms, made.secret)
    await rooms.accounts.uses.keep()

    assert [one.last_used_at for one in await list_tokens(rooms.accounts, ann, "", 1)] == [rooms.clock.now()]


async def test_what_happens_to_tokens_is_told_without_secrets(rooms: Rooms, ann: Actor) -> None:
    seq = await last_event(rooms.db)
    made = await make(rooms, ann, parse_bound("acme", Level.READ))
    await delete_token(rooms.accounts, rooms.admin, LAPTOP, UserName("ann"))

    told = await events_after(rooms.db, seq)

    by_id = {"token_id": made.token.id, "user_id": ann.id}
    assert [(row.type, row.subject, row.actor, row.data) for row in told] == [
        ("token.created", "laptop", ann.subject, {**by_id, "bounds": [["acme", 1]], "expires_at": None}),
        ("token.deleted", "laptop", rooms.admin.subject, by_id),
    ]
