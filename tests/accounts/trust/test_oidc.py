"""Single sign-on: there and back with everything fitting together; accounts found, made, refused; groups followed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from entrepot.access.groups import groups_of
from entrepot.accounts.groups import add_group_member, change_group, create_group, list_groups
from entrepot.accounts.login import sign_in
from entrepot.accounts.trust.oidc import Answer, Finished, begin_login, check_local, finish_login, list_ways
from entrepot.accounts.trust.providers import (
    change_provider,
    create_provider,
    delete_provider,
    link_identity,
    unlink_identity,
)
from entrepot.accounts.users import set_enabled, show_user
from entrepot.plumbing.outbound import OutboundFailed
from entrepot.values.errors import EntrepotError, IdentityProviderUnknown, ParameterInvalid, Unauthenticated
from entrepot.values.names import GroupName, ProviderName, UserName
from tests.make.issuer import CLIENT, SECRET, TheIssuer
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

BACK = "http://registry.test/auth/oidc/corp/callback"


async def provide(rooms: Rooms, issuer: TheIssuer, name: str = "corp", **more: Any) -> None:
    given = {"reach": "plain", "issuer": issuer.url, "client_id": CLIENT, "provisions": True, **more}
    await create_provider(rooms.accounts, rooms.admin, ProviderName(name), "oidc", given, SECRET)


@dataclass
class Trip:
    """A browser on its way: what it keeps, and what the provider sent it back with."""

    note: str
    answer: Answer


async def go(rooms: Rooms, issuer: TheIssuer, name: str = "corp", path: str = "/") -> Trip:
    begun = await begin_login(rooms.accounts, name, BACK, path)
    asked = {key: values[0] for key, values in parse_qs(urlsplit(begun.url).query).items()}
    back = parse_qs(urlsplit(issuer.authorize(asked)).query)
    return Trip(begun.note, Answer(state=back["state"][0], code=back["code"][0]))


async def come_back(rooms: Rooms, trip: Trip, name: str = "corp") -> Finished:
    return await finish_login(rooms.accounts, name, BACK, trip.note, trip.answer)


async def sign_on(rooms: Rooms, issuer: TheIssuer, person: Mapping[str, Any] | None = None) -> Finished:
    if person is not None:
        issuer.person = dict(person)
    return await come_back(rooms, await go(rooms, issuer))


async def groups_held(rooms: Rooms, user_id: str) -> set[str]:
    async with rooms.db.reading() as tx:
        held = await groups_of(tx, f"user:{user_id}")
    known = await list_groups(rooms.accounts, rooms.admin, "", 100)
    return {one.name for one in known if f"group:{one.id}" in held}


async def test_the_browser_is_sent_off_with_everything_that_must_come_back(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)

    begun = await begin_login(rooms.accounts, "corp", BACK, "/")

    parts = urlsplit(begun.url)
    asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{issuer.url}/authorize"
    assert asked["redirect_uri"] == BACK
    assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", CLIENT, "openid profile email")
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    for kept in (asked["state"], asked["nonce"]):
        assert kept not in begun.note


async def test_a_first_login_makes_an_account_and_a_second_finds_it(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)
    seq = await last_event(rooms.db)

    first = await come_back(rooms, await go(rooms, issuer, path="/acme/app?tab=tags"))
    second = await sign_on(rooms, issuer, {"sub": "1", "preferred_username": "renamed"})

    assert first.path == "/acme/app?tab=tags"
    assert (first.actor.name, first.actor.is_admin) == ("ann", False)
    assert second.actor == first.actor
    told = await events_after(rooms.db, seq)
    assert [(row.type, row.subject, row.domain_id) for row in told] == [
        ("user.created", "ann", rooms.admin.domain_id),
        ("identity.linked", "ann", rooms.admin.domain_id),
    ]
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "ann", "")


async def test_a_name_that_is_taken_is_not_taken_over(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)

    for name in ("admin", "admin@example.com"):
        with pytest.raises(Unauthenticated, match="nobody has said that it is yours"):
            await sign_on(rooms, issuer, {"sub": "evil", "preferred_username": name, "email": "admin@example.com"})

    await link_identity(rooms.accounts, rooms.admin, "corp", "evil", UserName("admin"))
    assert (await sign_on(rooms, issuer)).actor.is_admin


@pytest.mark.parametrize(
    ("settings", "claims", "said"),
    [
        ({"provisions": False}, {}, "not made at the first login"),
        ({"email_domains": ["example.com"]}, {}, "not in example.com"),
        ({"email_domains": ["example.com"]}, {"email": "a@example.com"}, "not in example.com"),
        ({"email_domains": ["example.com"]}, {"email": "a@evil.com", "email_verified": True}, "not in example.com"),
        ({"conditions": [{"claim": "team", "pattern": "platform-*"}]}, {"team": "sales"}, "does not fit"),
        ({}, {"preferred_username": None}, "gives no name"),
        ({}, {"sub": "x" * 256}, "over 255"),
    ],
)
async def test_who_may_have_no_account_gets_none(
    rooms: Rooms, issuer: TheIssuer, settings: dict[str, Any], claims: dict[str, Any], said: str
) -> None:
    await provide(rooms, issuer, **settings)

    with pytest.raises(EntrepotError, match=said):
        await sign_on(rooms, issuer, {**issuer.person, **claims})


async def test_conditions_that_are_met_let_in(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer, email_domains=["Example.com"], conditions=[{"claim": "team", "pattern": "plat*"}])

    person = {**issuer.person, "email": "ann@example.com", "email_verified": True, "team": ["x", "platform"]}

    assert (await sign_on(rooms, issuer, person)).actor.name == "ann"


async def test_a_sign_in_of_another_browser_is_refused(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)
    mine, other = await go(rooms, issuer), await go(rooms, issuer)

    for note, answer in (
        (other.note, mine.answer),
        ("", mine.answer),
        ("AAAA", mine.answer),
        (mine.note[:-8] + "AAAAAAA=", mine.answer),
        ("x" * 5_000, mine.answer),
        (mine.note, Answer(state="", code=mine.answer.code)),
        (mine.note, Answer(state=mine.answer.state, code=mine.answer.code, issuer="https://evil.example")),
    ):
        with pytest.raises(Unauthenticated, match="did not begin in this browser"):
            await come_back(rooms, Trip(note, answer))
    assert issuer.asked["/token"] == 0


async def test_a_note_ends_and_belongs_to_one_provider(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)
    await provide(rooms, issuer, name="second")
    trip = await go(rooms, issuer)

    with pytest.raises(Unauthenticated, match="did not begin"):
        await come_back(rooms, trip, name="second")
    rooms.clock.advance(minutes=10)
    with pytest.raises(Unauthenticated, match="took too long"):
        await come_back(rooms, trip)


async def test_a_code_is_good_once_and_for_its_browser(rooms: Rooms, issuer: TheIssuer) -> None:
    """The provider checks the verifier (PKCE): a stolen code is worth nothing with another note."""
    await provide(rooms, issuer)
    trip, thief = await go(rooms, issuer), await go(rooms, issuer)

    with pytest.raises(OutboundFailed, match="The code is not good"):
        await come_back(rooms, Trip(thief.note, Answer(state=thief.answer.state, code=trip.answer.code)))
    done = await go(rooms, issuer)
    await come_back(rooms, done)
    with pytest.raises(OutboundFailed, match="The code is not good"):
        await come_back(rooms, done)


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
)
async def test_an_id_token_that_does_not_fit_is_refused(
    rooms: Rooms, issuer: TheIssuer, claims: dict[str, Any]
) -> None:
    await provide(rooms, issuer)

    with pytest.raises(Unauthenticated, match="cannot be believed"):
        await sign_on(rooms, issuer, {**issuer.person, **claims})


async def test_a_provider_that_refuses_or_fails_is_told(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)
    trip = await go(rooms, issuer)
    refused = Trip(trip.note, Answer(state=trip.answer.state, error="access_denied"))

    with pytest.raises(Unauthenticated, match="access_denied"):
        await come_back(rooms, refused)
    issuer.lies["/token"] = (200, {"id_token": "nothing"})
    with pytest.raises(OutboundFailed, match="no ID token"):
        await come_back(rooms, await go(rooms, issuer))


async def test_a_secret_that_must_go_into_the_form_does(rooms: Rooms, issuer: TheIssuer) -> None:
    issuer.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    await provide(rooms, issuer)

    assert (await sign_on(rooms, issuer)).actor.name == "ann"


async def test_a_provider_that_is_away_leaves_local_accounts_alone(rooms: Rooms) -> None:
    given = {"reach": "plain", "issuer": "http://127.0.0.1:1", "client_id": CLIENT}
    await create_provider(rooms.accounts, rooms.admin, ProviderName("gone"), "oidc", given, None)

    with pytest.raises(OutboundFailed):
        await begin_login(rooms.accounts, "gone", BACK, "/")
    assert (await rooms.sign_in("admin")).is_admin


async def test_groups_are_as_the_provider_says_at_each_login(rooms: Rooms, issuer: TheIssuer) -> None:
    for name in ("editors", "readers", "ours"):
        await create_group(rooms.accounts, rooms.admin, GroupName(name))
    mapping = {"dev": "editors", "qa": "readers", "ghosts": "missing"}
    await provide(rooms, issuer, groups=mapping)
    person = {"sub": "1", "preferred_username": "ann"}

    ann = (await sign_on(rooms, issuer, {**person, "groups": ["dev", "root", "ghosts"]})).actor
    assert await groups_held(rooms, ann.id) == {"editors"}
    await add_group_member(rooms.accounts, rooms.admin, GroupName("ours"), UserName("ann"))
    seq = await last_event(rooms.db)

    await sign_on(rooms, issuer, {**person, "groups": ["qa"]})
    await sign_on(rooms, issuer, {**person, "groups": ["qa"]})

    assert await groups_held(rooms, ann.id) == {"readers", "ours"}
    told = await events_after(rooms.db, seq)
    assert [(row.type, row.subject, row.data["user"], row.actor) for row in told] == [
        ("group.member-added", "readers", "ann", f"user:{ann.id}"),
        ("group.member-removed", "editors", "ann", f"user:{ann.id}"),
    ]
    await sign_on(rooms, issuer, person)
    assert await groups_held(rooms, ann.id) == {"ours"}


async def in_groups(rooms: Rooms, issuer: TheIssuer) -> str:
    """Ann, whom the provider put into editors and readers, and an administrator into ours and, before that, readers."""
    for name in ("editors", "readers", "ours"):
        await create_group(rooms.accounts, rooms.admin, GroupName(name))
    await provide(rooms, issuer)
    person = {"sub": "1", "preferred_username": "ann", "groups": ["dev", "qa"]}
    ann = (await sign_on(rooms, issuer, person)).actor
    for name in ("ours", "readers"):
        await add_group_member(rooms.accounts, rooms.admin, GroupName(name), UserName("ann"))
    await change_provider(rooms.accounts, rooms.admin, "corp", {"groups": {"dev": "editors", "qa": "readers"}})
    await sign_on(rooms, issuer)
    assert await groups_held(rooms, ann.id) == {"editors", "readers", "ours"}
    return ann.id


async def test_groups_that_are_no_longer_mapped_lose_at_once_whom_the_provider_put_there(
    rooms: Rooms, issuer: TheIssuer
) -> None:
    ann = await in_groups(rooms, issuer)
    seq = await last_event(rooms.db)

    await change_provider(rooms.accounts, rooms.admin, "corp", {"groups": {"other": "elsewhere"}})

    assert await groups_held(rooms, ann) == {"readers", "ours"}, "what an administrator gave stays"
    told = await events_after(rooms.db, seq)
    assert [(row.type, row.subject, row.actor) for row in told] == [
        ("identity-provider.changed", "corp", rooms.admin.subject),
        ("group.member-removed", "editors", rooms.admin.subject),
    ]
    await sign_on(rooms, issuer)
    assert await groups_held(rooms, ann) == {"readers", "ours"}


async def test_a_group_that_takes_another_name_is_left_at_the_next_login(rooms: Rooms, issuer: TheIssuer) -> None:
    ann = await in_groups(rooms, issuer)
    await change_group(rooms.accounts, rooms.admin, GroupName("editors"), GroupName("writers"))

    await sign_on(rooms, issuer)

    assert await groups_held(rooms, ann) == {"readers", "ours"}


async def test_what_a_provider_gave_ends_with_the_link_and_with_the_provider(rooms: Rooms, issuer: TheIssuer) -> None:
    ann = await in_groups(rooms, issuer)
    ben = (await sign_on(rooms, issuer, {"sub": "2", "preferred_username": "ben", "groups": ["dev"]})).actor

    await unlink_identity(rooms.accounts, rooms.admin, "corp", "1")
    assert await groups_held(rooms, ann) == {"readers", "ours"}
    assert await groups_held(rooms, ben.id) == {"editors"}

    await delete_provider(rooms.accounts, rooms.admin, "corp")
    assert await groups_held(rooms, ben.id) == set()


async def test_a_disabled_account_and_a_disabled_provider_let_nobody_in(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)
    ann = (await sign_on(rooms, issuer)).actor
    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), False)
    with pytest.raises(Unauthenticated, match="disabled"):
        await sign_on(rooms, issuer)
    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), True)
    trip = await go(rooms, issuer)

    await change_provider(rooms.accounts, rooms.admin, "corp", {}, is_enabled=False)

    assert await list_ways(rooms.accounts, "default") == []
    with pytest.raises(IdentityProviderUnknown):
        await come_back(rooms, trip)
    await change_provider(rooms.accounts, rooms.admin, "corp", {}, is_enabled=True)
    assert await list_ways(rooms.accounts, "default") == ["corp"]
    assert await list_ways(rooms.accounts, "nowhere") == []
    again = (await sign_on(rooms, issuer)).actor
    assert again.id == ann.id and again.credential_version != ann.credential_version


async def test_a_deleted_provider_and_its_successor_share_nothing(rooms: Rooms, issuer: TheIssuer) -> None:
    await provide(rooms, issuer)
    await sign_on(rooms, issuer)
    await delete_provider(rooms.accounts, rooms.admin, "corp")
    await provide(rooms, issuer)

    assert (await show_user(rooms.accounts, rooms.admin, UserName("ann"))).is_enabled
    with pytest.raises(Unauthenticated, match="already"):
        await sign_on(rooms, issuer)


@pytest.mark.parametrize("path", ["/", "/acme/app", "/a?next=https://example.com", "/a/../b", "/a//b"])
def test_a_local_path_is_where_one_may_end(path: str) -> None:
    check_local(path)


@pytest.mark.parametrize(
    "path",
    ["", "acme", "//evil.example", "///evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example",
     "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", " /", "/ü", "/" + "x" * 600],
)  # fmt: skip
def test_everywhere_else_is_refused(path: str) -> None:
    with pytest.raises(ParameterInvalid, match="to a path of this server"):
        check_local(path)
