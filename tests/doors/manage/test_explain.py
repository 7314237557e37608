"""Explain on the wire: who may ask about whom, and what is answered, with names and in words."""

from typing import Any

import httpx2
import pytest

from entrepot.access.actor import EVERYONE
from entrepot.access.grants import Grant, set_grant
from entrepot.access.groups import join_group
from entrepot.access.levels import Level
from entrepot.accounts.queries import groups, people
from tests.doors.manage.conftest import As
from tests.doors.manage.test_door import assert_problem
from tests.make.rooms import Rooms

EXPLAIN = "/v2/manage/explain"


async def ask(client: httpx2.AsyncClient, who: str, action: str, what: str) -> httpx2.Response:
    return await client.get(EXPLAIN, params={"who": who, "action": action, "what": what})


async def told(client: httpx2.AsyncClient, who: str, action: str, what: str) -> tuple[bool, str]:
    answer = await ask(client, who, action, what)
    assert answer.status_code == 200, answer.text
    return answer.json()["is_allowed"], answer.json()["because"]


@pytest.fixture
async def furnished(rooms: Rooms) -> Rooms:
    """`acme/app` is private, `acme/open` public; ann manages acme, ben reads it by a group, zoe has nothing."""
    await rooms.organization("acme")
    await rooms.repository("acme/app")
    await rooms.repository("acme/open", is_public=True)
    for name in ("ann", "ben", "zoe"):
        await rooms.user(name)
    await rooms.grant("acme", "ann", Level.MANAGE)
    ben = await rooms.sign_in("ben")
    async with rooms.db.writing() as tx:
        now = rooms.clock.now()
        await groups.save_group(tx, "g1", ben.domain_id, "readers", "", now)
        await join_group(tx, ben.subject, "group:g1")
        await set_grant(tx, Grant("acme", "group:g1", Level.READ), by="*", at=now)
        await people.save_domain(tx, "d2", "second", now)
    return rooms


async def test_it_is_said_in_words_with_names(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    assert await told(api, "ben", "pull", "acme/app") == (
        True, "ben may do repository:pull on acme/app: read on acme is given to the group readers.",
    )  # fmt: skip
    assert await told(api, "ben", "repository:push", "acme/app") == (
        False, "ben may not do repository:push on acme/app: read on acme is given to the group readers; it needs edit.",
    )  # fmt: skip
    assert await told(api, "zoe", "pull", "acme/open") == (
        True, "zoe may do repository:pull on acme/open: read on acme/open is given to everybody.",
    )  # fmt: skip
    assert await told(api, "*", "pull", "acme/app") == (
        False, "everybody may not do repository:pull on acme/app: nothing there was given to everybody; it needs read.",
    )  # fmt: skip
    assert await told(api, "me", "manage", "acme") == (
        True, "admin may do organization:manage on acme: manage on acme is given to the administrators of default.",
    )  # fmt: skip
    assert (await told(api, "default/ben", "pull", "acme/app"))[0]

    (reason,) = (await ask(api, "ben", "pull", "acme/app")).json()["reasons"]
    assert reason == {"scope": "acme", "kind": "group", "name": "readers", "auth": 1, "expires_at": None}


async def test_who_may_not_sign_in_may_do_nothing(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    await api.post("/v2/manage/users/ben/disable")

    allowed, because = await told(api, "ben", "pull", "acme/app")

    assert (allowed, "disabled" in because) == (False, True)


async def test_what_one_may_not_see_explains_like_what_is_not_there(furnished: Rooms, as_user: As) -> None:
    zoe = as_user("zoe")

    for what, absent in (("acme/app", "acme/gone"), ("acme", "emca")):
        here, there = await ask(zoe, "me", "repository:pull", what), await ask(zoe, "me", "repository:pull", absent)
        assert (here.status_code, here.text.replace(what, absent)) == (there.status_code, there.text)
        hidden, missing = (
            await ask(zoe, "ben", "repository:pull", what),
            await ask(zoe, "no", "repository:pull", absent),
        )
        assert hidden.status_code == missing.status_code == 404
        assert hidden.json()["error_msg"].replace(what, absent) == missing.json()["error_msg"]


async def test_managers_ask_about_those_of_their_domain_readers_do_not(furnished: Rooms, as_user: As) -> None:
    ann, ben = as_user("ann"), as_user("ben")

    assert (await told(ann, "ben", "pull", "acme/app"))[0]
    assert (await told(ann, EVERYONE, "pull", "acme/open"))[0]
    assert_problem(await ask(ann, "second/somebody", "pull", "acme/app"), 404, "ENTREPOT.4040001")
    assert_problem(await ask(ann, "nobody", "pull", "acme/app"), 404, "ENTREPOT.4040001")
    assert_problem(await ask(ben, "ann", "pull", "acme/app"), 403, "SVCSTG.SWR.4039002")
    assert_problem(await ask(ben, "nobody", "pull", "acme/app"), 403, "SVCSTG.SWR.4039002")
    assert (await told(ben, "ben", "pull", "acme/app"))[0]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"action": "fly", "what": "acme/app"}, "4001024"),
        ({"action": "pull", "what": "acme"}, "4001024"),
        ({"action": "pull", "what": "NO"}, "4001028"),
        ({"action": "pull"}, "4001014"),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    furnished: Rooms, api: httpx2.AsyncClient, parameters: dict[str, Any], code: str
) -> None:
    assert_problem(await api.get(EXPLAIN, params=parameters), 400, f"SVCSTG.SWR.{code}")


async def test_a_gate_has_its_say_where_somebody_is_permitted(furnished: Rooms, api: httpx2.AsyncClient) -> None:
    await furnished.push("acme/app", "v1")
    await furnished.grant("acme", "zoe", Level.EDIT)
    rule = {"tags": "v*", "exclusions": ["v*-rc"]}
    assert (await api.post("/v2/manage/namespaces/acme/immutability", json=rule)).status_code == 201

    async def gates(who: str, action: str, what: str) -> tuple[bool, bool, list[tuple[bool, str]]]:
        found = (await ask(api, who, action, what)).json()
        said = [(one["is_passed"], one["because"]) for one in found["gates"]]
        return found["is_allowed"], found["is_permitted"], said

    named = "rule 1 of acme (tags v* of *, set by admin)"
    kept = f"The tag v1 of acme/app is immutable by {named}: it stays where it is. Choose another, or disable the rule."
    assert await gates("zoe", "push", "acme/app:v1") == (False, True, [(False, kept)])
    assert await gates("zoe", "push", "acme/app:v1-rc") == (True, True, [])
    assert await gates("zoe", "pull", "acme/app:v1") == (True, True, [])
    assert await gates("zoe", "delete-content", "acme/app:v1") == (False, False, [])
    assert await gates("zoe", "push", "acme/app") == (True, True, [(True, f"Tags stay where they are by {named}.")])
    new = f"The tag v2 can be made once, and stays then by {named}."
    assert await gates("zoe", "push", "acme/app:v2") == (True, True, [(True, new)])
    for what in ("acme/app", "acme/app:v1"):
        is_allowed, is_permitted, [(is_passed, because)] = await gates("ann", "delete", what)
        assert (is_allowed, is_permitted, is_passed) == (False, True, False)
        assert "entrepot immutable update acme 1 --disable" in because
    assert (await ask(api, "ann", "push", "acme/app:v/1")).status_code == 400
