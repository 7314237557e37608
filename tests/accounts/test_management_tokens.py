"""Management tokens, and that no kind of token is ever taken for another."""

import pytest

from entrepot.accounts import jwts, management_tokens
from entrepot.accounts.docker_logins import create_login
from entrepot.accounts.jwts import MANAGEMENT, REGISTRY, Kind
from entrepot.accounts.tokens import issue_refresh_token, issue_token, read_token, refresh
from entrepot.accounts.users import set_enabled, set_password
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import UserName
from tests.make.rooms import PASSWORD, Rooms

ANN = UserName("ann")


async def token_of_ann(rooms: Rooms) -> str:
    await rooms.user("ann")
    return (await management_tokens.issue(rooms.accounts, "ann", PASSWORD)).token


async def is_believed(rooms: Rooms, token: str) -> bool:
    try:
        await management_tokens.read(rooms.accounts, token)
    except Unauthenticated:
        return False
    return True


async def test_a_token_is_its_users_for_a_day(rooms: Rooms) -> None:
    token = await token_of_ann(rooms)

    actor = await management_tokens.read(rooms.accounts, token)
    assert (actor.name, actor.limits, actor.bounds) == ("ann", None, None)
    rooms.clock.advance(hours=23, minutes=59)
    assert await is_believed(rooms, token)
    rooms.clock.advance(minutes=1)
    assert not await is_believed(rooms, token)


async def test_a_new_password_and_a_disabled_user_end_it_at_once(rooms: Rooms) -> None:
    token = await token_of_ann(rooms)

    await set_password(rooms.accounts, rooms.admin, ANN, "another long password")
    assert not await is_believed(rooms, token)
    token = (await management_tokens.issue(rooms.accounts, "ann", "another long password")).token
    await set_enabled(rooms.accounts, rooms.admin, ANN, is_enabled=False)
    assert not await is_believed(rooms, token)


async def test_it_is_given_for_a_persons_own_password_only(rooms: Rooms) -> None:
    login = await create_login(rooms.accounts, rooms.admin)

    for name, password in ((login.user, login.password), ("admin", "wrong"), ("nobody", PASSWORD)):
        with pytest.raises(Unauthenticated):
            await management_tokens.issue(rooms.accounts, name, password)


async def test_kinds_of_tokens_are_not_taken_for_each_other(rooms: Rooms) -> None:
    management = await token_of_ann(rooms)
    registry = (await issue_token(rooms.accounts, rooms.admin, [])).token
    renewing = await issue_refresh_token(rooms.accounts, rooms.admin)
    assert renewing is not None

    for other in (registry, renewing, ""):
        assert not await is_believed(rooms, other)
    for other in (management, renewing):
        with pytest.raises(Unauthenticated):
            await read_token(rooms.accounts, other)
    for other in (management, registry):
        with pytest.raises(Unauthenticated):
            await refresh(rooms.accounts, other)


@pytest.mark.parametrize(
    "kind",
    [
        REGISTRY,
        Kind(REGISTRY.typ, MANAGEMENT.audience),
        Kind(MANAGEMENT.typ, REGISTRY.audience),
        Kind("JWT", MANAGEMENT.audience),
        Kind("management+jwt", "/management/"),
    ],
)
async def test_both_marks_of_a_kind_count(rooms: Rooms, kind: Kind) -> None:
    """Signed with our own key, saying everything else right."""
    claims = {"sub": rooms.admin.id, "ver": 1}
    token = await jwts.sign(rooms.accounts, kind, claims, 600)

    assert not await is_believed(rooms, token)
    assert await is_believed(rooms, await jwts.sign(rooms.accounts, MANAGEMENT, claims, 600))
