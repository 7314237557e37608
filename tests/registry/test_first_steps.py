"""First steps: how far a new domain has come."""

import pytest

from entrepot.accounts.tokens import issue_refresh_token
from entrepot.accounts.users import set_password
from entrepot.registry.first_steps import FirstSteps, show_first_steps
from entrepot.values.errors import AccessDenied
from entrepot.values.names import OrganizationName, RepositoryName, UserName
from tests.make.rooms import PASSWORD, Rooms


async def test_each_step_is_done_when_what_it_makes_is_there(rooms: Rooms) -> None:
    assert await steps(rooms) == FirstSteps(False, None, False, None)

    await set_password(rooms.accounts, rooms.admin, UserName("admin"), "another long password", PASSWORD)
    assert (await steps(rooms)).has_own_password
    await rooms.organization("acme")
    assert (await steps(rooms)).organization == "acme"
    await issue_refresh_token(rooms.accounts, rooms.admin)
    assert (await steps(rooms)).has_docker
    await rooms.repository("acme/app")
    assert not (await steps(rooms)).are_done
    await rooms.push("acme/app", "1.0")
    assert await steps(rooms) == FirstSteps(True, OrganizationName("acme"), True, RepositoryName("acme/app"))
    assert (await steps(rooms)).are_done


async def test_what_another_domain_has_is_none_of_ours(rooms: Rooms) -> None:
    await rooms.domain("partner")
    boss = await rooms.sign_in("partner/boss")
    await rooms.organization("acme")
    await rooms.repository("acme/app")
    await rooms.push("acme/app", "1.0")
    assert await show_first_steps(rooms.registry, boss) == FirstSteps(False, None, False, None)


async def test_they_are_for_administrators(rooms: Rooms) -> None:
    with pytest.raises(AccessDenied):
        await show_first_steps(rooms.registry, await rooms.user("ann"))


async def steps(rooms: Rooms) -> FirstSteps:
    return await show_first_steps(rooms.registry, rooms.admin)
