"""Login by a directory: its people come in with their password, nobody else does, and nobody waits for it in vain."""

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.accounts.groups import create_group
from entrepot.accounts.login import sign_in
from entrepot.accounts.tokens import issue_refresh_token
from entrepot.accounts.trust import directory
from entrepot.accounts.trust.checking import check_provider
from entrepot.accounts.trust.directories import Directories
from entrepot.accounts.trust.providers import change_provider, create_provider, link_identity, list_identities
from entrepot.accounts.trust.settings import LdapSettings, parse_settings
from entrepot.accounts.users import set_enabled, set_password
from entrepot.plumbing.outbound import OutboundFailed
from entrepot.values.errors import EntrepotError, ParameterInvalid, Unauthenticated
from entrepot.values.names import GroupName, ProviderName, UserName
from tests.accounts.trust.test_oidc import groups_held
from tests.live.slapd import BASE, GROUPS, PASSWORD, PEOPLE, SEARCHER, SEARCHER_PASSWORD, Slapd
from tests.make.rooms import PASSWORD as LOCAL_PASSWORD
from tests.make.rooms import Rooms

WRONG = "not the password"


def given_to(slapd: Slapd, **more: Any) -> dict[str, Any]:
    return {
        "url": slapd.tls_url,
        "authority": slapd.tls.authority.read_text(),
        "reach": "private",
        "base_dn": PEOPLE,
        "bind_dn": SEARCHER,
        "provisions": True,
        **more,
    }


async def provide(rooms: Rooms, slapd: Slapd, name: str = "directory", **more: Any) -> None:
    given = given_to(slapd, **more)
    await create_provider(rooms.accounts, rooms.admin, ProviderName(name), "ldap", given, SEARCHER_PASSWORD)


async def refused(rooms: Rooms, name: str, password: str) -> None:
    with pytest.raises(Unauthenticated, match="not right"):
        await sign_in(rooms.accounts, name, password)


async def test_people_of_the_directory_come_in_with_their_password(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd)

    first = await sign_in(rooms.accounts, "ann", PASSWORD)
    second = await sign_in(rooms.accounts, "default/ann", PASSWORD)

    assert (first.name, first.is_admin, first.is_robot) == ("ann", False, False)
    assert first.credential.startswith("ldap:")
    assert second == first
    assert await issue_refresh_token(rooms.accounts, first) is None
    [linked] = await list_identities(rooms.accounts, rooms.admin, "directory", "", 10)
    assert linked.user_name == "ann" and len(linked.subject) == 36  # its entryUUID
    await refused(rooms, "ann", WRONG)
    await refused(rooms, "nobody", PASSWORD)
    await refused(rooms, "elsewhere/ann", PASSWORD)


@pytest.mark.parametrize("how", ["start_tls", "plain"])
async def test_a_connection_can_become_encrypted_or_stay_plain_where_that_is_said(
    rooms: Rooms, slapd: Slapd, how: str
) -> None:
    more = {"start_tls": True} if how == "start_tls" else {"reach": "plain"}
    await provide(rooms, slapd, url=slapd.url, **more)

    assert (await sign_in(rooms.accounts, "ann", PASSWORD)).name == "ann"


async def test_a_directory_that_cannot_prove_who_it_is_gets_no_password(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd, authority="")
    await provide(rooms, slapd, "by-starttls", url=slapd.url, start_tls=True, authority="")
    await provide(rooms, slapd, "other-name", url=slapd.tls_url.replace("localhost", "127.0.0.2"))

    await refused(rooms, "ann", PASSWORD)

    for name in ("directory", "by-starttls", "other-name"):
        assert "certificate verify failed" in (await check_provider(rooms.accounts, rooms.admin, name)).says[0]


async def test_an_empty_password_lets_nobody_in(rooms: Rooms, slapd: Slapd) -> None:
    """This directory allows a login without a password, as many do."""
    await provide(rooms, slapd)

    await refused(rooms, "ann", "")
    await refused(rooms, "ann", "\0")


@pytest.mark.parametrize(
    "name",
    ["*", "a*", "ann)(uid=*", "*)(objectClass=*", "ann)(|(uid=*", "\\2a", "ann\\", "(ann)", "uid=ann", f"ann,{PEOPLE}",
     "ann\0", "ann ", " ann", "&", "|", "é"],
)  # fmt: skip
async def test_what_is_typed_stays_a_name(rooms: Rooms, slapd: Slapd, name: str) -> None:
    await provide(rooms, slapd, user_filter="(&(objectClass=inetOrgPerson)(uid={name}))")

    if name.strip() != name:  # a directory's own rules take spaces around a name away
        with pytest.raises(EntrepotError):
            await sign_in(rooms.accounts, name, WRONG)
        return
    await refused(rooms, name, PASSWORD)


@given(st.text(max_size=30))
def test_no_text_ends_its_place_in_a_filter(text: str) -> None:
    settings = parse_settings("ldap", {"url": "ldaps://directory.example.com", "base_dn": BASE})
    assert isinstance(settings, LdapSettings)

    _, filter_ = directory.user_query(settings, text)

    inside = filter_.removeprefix("(uid=").removesuffix(")")
    assert filter_ == f"(uid={inside})"
    assert not set(inside) & set("()*\0&|=")
    assert bytes.fromhex("".join(_digits(inside))).decode() == text


def _digits(inside: str) -> list[str]:
    parts = inside.split("\\")
    found = [parts[0].encode().hex()]
    return found + [part[:2] + part[2:].encode().hex() for part in parts[1:]]


BY_DN: Mapping[str, Any] = {"bind_dn": "", "base_dn": "", "user_dn": f"uid={{name}},{PEOPLE}"}


async def test_without_anybody_who_searches_people_are_who_their_dn_says(rooms: Rooms, slapd: Slapd) -> None:
    await create_group(rooms.accounts, rooms.admin, GroupName("editors"))
    given = given_to(slapd, **BY_DN, groups={"dev": "editors"}, group_base_dn=GROUPS)
    await create_provider(rooms.accounts, rooms.admin, ProviderName("directory"), "ldap", given, None)

    ann = await sign_in(rooms.accounts, "ann", PASSWORD)

    assert (ann.name, await groups_held(rooms, ann.id)) == ("ann", {"editors"})
    [linked] = await list_identities(rooms.accounts, rooms.admin, "directory", "", 10)
    assert len(linked.subject) == 36  # its entryUUID: who searches makes no difference to who somebody is
    for name, password in (("ann", WRONG), ("nobody", PASSWORD), ("ann", "")):
        await refused(rooms, name, password)
    assert (await check_provider(rooms.accounts, rooms.admin, "directory")).is_good


@pytest.mark.parametrize(
    "name",
    [f"ann,{PEOPLE}", "ann+cn=ann", "ann\\", "\\61nn", "#616e6e", '"ann"', "ann;", "<ann>", "uid=ann", "*", "é",
     f"x,uid=ann,{PEOPLE}"],
)  # fmt: skip
async def test_what_is_typed_stays_one_value_of_a_dn(rooms: Rooms, slapd: Slapd, name: str) -> None:
    await provide(rooms, slapd, **BY_DN)

    await refused(rooms, name, PASSWORD)

    assert (await check_provider(rooms.accounts, rooms.admin, "directory")).is_good, "it is not away because of a name"


async def test_a_name_with_signs_of_a_dn_is_found_by_it(slapd: Slapd) -> None:
    strange = f"x, y+z={slapd.port}"
    dn = rf"cn=x\, y\+z\3d{slapd.port},{PEOPLE}"
    person = f"objectClass: inetOrgPerson\ncn: {strange}\nsn: x\nuserPassword: {PASSWORD}\n"
    slapd.add(f"dn: {dn}\n{person}")
    settings = parse_settings("ldap", given_to(slapd, **{**BY_DN, "user_dn": f"cn={{name}},{PEOPLE}"}))
    assert isinstance(settings, LdapSettings)

    entry = directory.find_person(settings, ["127.0.0.1"], "", strange, PASSWORD, 5)

    assert entry is not None and len(entry.id) == 36


async def test_a_filter_that_was_chosen_holds_for_who_signs_in_by_their_dn(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd, **BY_DN, user_filter="(&(uid={name})(!(uid=ben)))")

    assert (await sign_in(rooms.accounts, "ann", PASSWORD)).name == "ann"
    await refused(rooms, "ben", PASSWORD)


@given(st.text(max_size=30))
def test_no_text_ends_its_place_in_a_dn(text: str) -> None:
    settings = parse_settings("ldap", {"url": "ldaps://directory.example.com", **BY_DN})
    assert isinstance(settings, LdapSettings)

    inside = directory.user_dn(settings, text).removeprefix("uid=").removesuffix(f",{PEOPLE}")

    assert not set(inside) & set(',+"<>;=# \0')
    assert bytes.fromhex("".join(_digits(inside))).decode() == text


async def test_nobody_becomes_a_local_account_by_its_name(rooms: Rooms, slapd: Slapd) -> None:
    await rooms.user("local")
    await provide(rooms, slapd)

    for name in ("admin", "local"):
        await refused(rooms, name, PASSWORD.upper())
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "local", "the directory's password of local")
    assert (await sign_in(rooms.accounts, "local", LOCAL_PASSWORD)).credential == "password"


async def test_a_local_account_that_is_linked_has_both_passwords(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd)
    slapd.add_person(f"both{slapd.port}{id(rooms)}")
    uid = f"both{slapd.port}{id(rooms)}"
    local = await rooms.user(uid)
    slapd.modify(f"dn: uid={uid},{PEOPLE}\nchangetype: modify\nreplace: userPassword\nuserPassword: another one\n")
    await refused(rooms, uid, "another one")

    settings = parse_settings("ldap", given_to(slapd))
    assert isinstance(settings, LdapSettings)
    entry = directory.find_person(settings, ["127.0.0.1"], SEARCHER_PASSWORD, uid, "another one", 5)
    assert entry is not None
    await link_identity(rooms.accounts, rooms.admin, "directory", entry.id, UserName(uid))

    assert (await sign_in(rooms.accounts, uid, "another one")).id == local.id
    assert (await sign_in(rooms.accounts, uid, LOCAL_PASSWORD)).id == local.id


async def test_groups_are_as_the_directory_says(rooms: Rooms, slapd: Slapd) -> None:
    for name in ("editors", "testers"):
        await create_group(rooms.accounts, rooms.admin, GroupName(name))
    mapping = {f"cn=dev,{GROUPS}": "editors", "qa": "testers"}
    await provide(rooms, slapd, groups=mapping, group_base_dn=GROUPS)

    ann, ben = await sign_in(rooms.accounts, "ann", PASSWORD), await sign_in(rooms.accounts, "ben", PASSWORD)

    assert await groups_held(rooms, ann.id) == {"editors"}
    assert await groups_held(rooms, ben.id) == {"editors", "testers"}
    await change_provider(rooms.accounts, rooms.admin, "directory", {"groups": {"qa": "editors"}})
    await sign_in(rooms.accounts, "ann", PASSWORD)
    assert await groups_held(rooms, ann.id) == set()


async def test_groups_may_be_an_attribute_of_the_entry(rooms: Rooms, slapd: Slapd) -> None:
    await create_group(rooms.accounts, rooms.admin, GroupName("editors"))
    await provide(rooms, slapd, groups={f"cn=dev,{GROUPS}": "editors"})

    ann = await sign_in(rooms.accounts, "ann", PASSWORD)

    assert await groups_held(rooms, ann.id) == {"editors"}


@pytest.mark.parametrize(
    ("more", "lets_in"),
    [
        ({"provisions": False}, False),
        ({"email_domains": ["example.org"]}, False),
        ({"email_domains": ["example.com"]}, True),
        ({"conditions": [{"claim": "memberOf", "pattern": "cn=qa,**"}]}, False),
        ({"conditions": [{"claim": "memberOf", "pattern": "cn=dev,**"}]}, True),
        ({"id_attribute": "employeeNumber"}, False),
        ({"user_filter": "(objectClass={name})"}, False),
    ],
)
async def test_who_may_have_no_account_gets_none(
    rooms: Rooms, slapd: Slapd, more: Mapping[str, Any], lets_in: bool
) -> None:
    await provide(rooms, slapd, **more)

    if lets_in:
        assert (await sign_in(rooms.accounts, "ann", PASSWORD)).name == "ann"
    else:
        await refused(rooms, "ann", PASSWORD)


async def test_a_disabled_account_stays_out(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd)
    await sign_in(rooms.accounts, "ann", PASSWORD)

    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), False)

    await refused(rooms, "ann", PASSWORD)


async def test_a_right_password_is_remembered_for_a_minute(rooms: Rooms, slapd: Slapd) -> None:
    now = [1_000.0]
    accounts = replace(rooms.accounts, directories=Directories(rooms.accounts.settings, lambda: now[0]))
    await provide(rooms, slapd)
    uid = f"once{slapd.port}{id(rooms)}"
    slapd.add_person(uid)
    await sign_in(accounts, uid, PASSWORD)
    slapd.modify(f"dn: uid={uid},{PEOPLE}\nchangetype: modify\nreplace: userPassword\nuserPassword: changed\n")

    assert (await sign_in(accounts, uid, PASSWORD)).name == uid
    now[0] += 61
    with pytest.raises(Unauthenticated):
        await sign_in(accounts, uid, PASSWORD)
    assert (await sign_in(accounts, uid, "changed")).name == uid


async def test_a_directory_that_is_down_keeps_nobody_else_out(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd, url="ldaps://localhost:1")

    for _ in range(2):
        await refused(rooms, "ann", PASSWORD)
    assert (await sign_in(rooms.accounts, "admin", LOCAL_PASSWORD)).is_admin
    [said] = (await check_provider(rooms.accounts, rooms.admin, "directory")).says
    assert "fails" in said or "cannot be asked" in said


async def test_a_directory_that_hangs_is_left_alone(rooms: Rooms, slapd: Slapd) -> None:
    """Many logins at once cost it, and us, a few connections; then it has half a minute to come back."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(100)
        url = f"ldap://localhost:{silent.getsockname()[1]}"
        await provide(rooms, slapd, url=url, reach="plain")
        settings = replace(rooms.accounts.settings, ldap_seconds=1, ldap_at_once=2)
        accounts = replace(rooms.accounts, directories=Directories(settings))

        refusals = await asyncio.gather(
            *(sign_in(accounts, f"user{number}", PASSWORD) for number in range(20)), return_exceptions=True
        )

        assert all(isinstance(one, Unauthenticated) for one in refusals)
        silent.setblocking(False)
        connections = 0
        while True:
            try:
                silent.accept()[0].close()
            except BlockingIOError:
                break
            connections += 1
        assert connections <= 2


async def test_two_directories_are_asked_in_turn(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd, "a-down", url="ldaps://localhost:1")
    await provide(rooms, slapd, "b-good")

    assert (await sign_in(rooms.accounts, "ann", PASSWORD)).name == "ann"


@pytest.mark.parametrize(
    ("more", "secret", "said"),
    [
        ({}, "wrong", "does not let"),
        ({"bind_dn": f"cn=nobody,{BASE}"}, SEARCHER_PASSWORD, "does not let"),
        ({"base_dn": f"ou=nowhere,{BASE}"}, SEARCHER_PASSWORD, "does not search below"),
        ({"group_base_dn": f"ou=nowhere,{BASE}"}, SEARCHER_PASSWORD, "does not search below"),
        ({"user_filter": "(&(uid={name})"}, SEARCHER_PASSWORD, "fails"),
        ({}, SEARCHER_PASSWORD, "The directory answers"),
    ],
)
async def test_a_check_says_in_a_sentence_what_is_wrong(
    rooms: Rooms, slapd: Slapd, more: Mapping[str, Any], secret: str, said: str
) -> None:
    given = given_to(slapd, **more)
    await create_provider(rooms.accounts, rooms.admin, ProviderName("directory"), "ldap", given, secret)

    checked = await check_provider(rooms.accounts, rooms.admin, "directory")

    assert said in checked.says[0]
    assert checked.is_good is ("answers" in said)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"url": "ldap://directory.example.com"}, "should begin with ldaps"),
        ({"url": "ldaps://directory.example.com", "start_tls": True}, "should begin with ldap"),
        ({"url": "https://directory.example.com"}, "should begin with ldaps"),
        ({"url": "ldaps://directory.example.com/ou=people"}, "ends with its host"),
        ({"url": ""}, "url is missing"),
        ({"base_dn": ""}, "base_dn is missing"),
        ({"base_dn": "", "user_dn": f"uid=ann,{PEOPLE}"}, "user_dn is the name"),
        ({"user_dn": "{name}"}, "user_dn is the name"),
        ({"user_dn": "{name}@example.com"}, "user_dn is the name"),
        ({"user_dn": f"{{name}}=ann,{PEOPLE}"}, "user_dn is the name"),
        ({"user_dn": f"uid={{name}},ou={{name}},{BASE}"}, "user_dn is the name"),
        ({"user_dn": f"uid={{name}},{PEOPLE}", "bind_dn": SEARCHER}, "give one of them"),
        ({"user_filter": "uid={name}"}, "user_filter is an LDAP filter"),
        ({"user_filter": "(uid=ann)"}, "user_filter is an LDAP filter"),
        ({"group_filter": "(member={name})"}, "group_filter is an LDAP filter"),
        ({"id_attribute": "a)(b"}, "is the name of an attribute"),
        ({"client_id": "x"}, "no field client_id"),
    ],
)
def test_settings_that_cannot_work_are_refused(more: Mapping[str, Any], said: str) -> None:
    given = {"url": "ldaps://directory.example.com", "base_dn": BASE}
    parse_settings("ldap", given)

    with pytest.raises(ParameterInvalid, match=said):
        parse_settings("ldap", {**given, **more})


def test_the_directory_is_told_no_password_of_whom_it_does_not_know(slapd: Slapd) -> None:
    """Whoever has a local account is asked about as somebody who does not exist."""
    settings = parse_settings("ldap", given_to(slapd))
    assert isinstance(settings, LdapSettings)

    assert directory.find_person(settings, ["127.0.0.1"], SEARCHER_PASSWORD, None, PASSWORD, 5) is None
    with pytest.raises(OutboundFailed):
        directory.find_person(settings, [], SEARCHER_PASSWORD, "ann", PASSWORD, 5)


async def test_a_password_set_here_works_beside_the_directory(rooms: Rooms, slapd: Slapd) -> None:
    await provide(rooms, slapd)
    await sign_in(rooms.accounts, "ann", PASSWORD)

    await set_password(rooms.accounts, rooms.admin, UserName("ann"), "a password of this place")

    assert (await sign_in(rooms.accounts, "ann", "a password of this place")).credential == "password"
    assert (await sign_in(rooms.accounts, "ann", PASSWORD)).credential.startswith("ldap:")
