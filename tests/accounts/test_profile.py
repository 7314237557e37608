"""The profile: what somebody's own account is."""

import pytest

from entrepot.access.actor import ANONYMOUS
from entrepot.accounts.groups import add_group_member, create_group
from entrepot.accounts.profile import show_profile
from entrepot.accounts.trust.providers import create_provider, link_identity
from entrepot.accounts.users import set_password
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import GroupName, ProviderName, UserName
from tests.make.rooms import PASSWORD, Rooms

ANN, CORP = UserName("ann"), ProviderName("corp")
OIDC = {"issuer": "https://127.0.0.1", "client_id": "registry"}


async def test_it_says_who_somebody_is_and_to_which_groups_they_belong(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    for name in ("web", "all"):
        await create_group(rooms.accounts, rooms.admin, GroupName(name))
        await add_group_member(rooms.accounts, rooms.admin, GroupName(name), ANN)

    found = await show_profile(rooms.accounts, ann)

    assert (found.login, found.user.domain_name, found.groups) == ("ann", "default", ["all", "web"])
    assert (found.has_password, found.has_first_password, found.providers) == (True, True, [])


async def test_people_of_another_domain_sign_in_with_its_name(rooms: Rooms) -> None:
    await rooms.domain("partner")
    assert (await show_profile(rooms.accounts, await rooms.sign_in("partner/boss"))).login == "partner/boss"


async def test_a_new_password_is_not_the_first_one(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    await set_password(rooms.accounts, ann, ANN, "another long password", PASSWORD)
    assert not (await show_profile(rooms.accounts, ann)).has_first_password


async def test_it_names_the_providers_that_vouch_for_somebody(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    await create_provider(rooms.accounts, rooms.admin, CORP, "oidc", OIDC, secret="")
    await link_identity(rooms.accounts, rooms.admin, CORP, "subject-1", ANN)
    assert (await show_profile(rooms.accounts, ann)).providers == ["corp"]


async def test_nobody_has_no_profile(rooms: Rooms) -> None:
    with pytest.raises(Unauthenticated):
        await show_profile(rooms.accounts, ANONYMOUS)
