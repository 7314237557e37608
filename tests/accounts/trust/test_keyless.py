"""Keyless robots: a token that fits makes a robot; every other one is refused, and asks nobody for anything."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from entrepot.access.levels import Level
from entrepot.accounts.login import sign_in
from entrepot.accounts.robots import create_robot, disable_robot
from entrepot.accounts.rules import Right
from entrepot.accounts.tokens import issue_refresh_token, issue_token, read_token
from entrepot.accounts.trust.checking import check_federation
from entrepot.accounts.trust.federations import (
    change_federation,
    create_federation,
    delete_federation,
    list_federations,
    parse_federation,
    show_federation,
)
from entrepot.accounts.users import set_enabled
from entrepot.values.errors import (
    AccessDenied,
    FederationExists,
    FederationUnknown,
    ParameterInvalid,
    RobotUnknown,
    Unauthenticated,
)
from entrepot.values.names import FederationName, RobotName, UserName
from tests.make.issuer import TheIssuer, running_issuer
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

US = "https://registry.example"
MAIN = {"claim": "sub", "pattern": "repo:acme/*:ref:refs/heads/main"}
JOB: dict[str, Any] = {"aud": US, "sub": "repo:acme/app:ref:refs/heads/main"}


async def federate(rooms: Rooms, issuer: TheIssuer, name: str = "ci", robot: str = "ci", **more: Any) -> None:
    given = {"issuer": issuer.url, "audience": US, "conditions": [MAIN], "reach": "plain", **more}
    await create_federation(rooms.accounts, rooms.admin, FederationName(name), RobotName(robot), given)


async def make_robot(rooms: Rooms, name: str = "ci") -> str:
    if name == "ci":
        await rooms.organization("acme")
    made = await create_robot(rooms.accounts, rooms.admin, RobotName(name), [Right("acme", Level.EDIT)])
    return made.robot.id


async def test_a_token_that_fits_makes_the_robot(rooms: Rooms, issuer: TheIssuer) -> None:
    robot_id = await make_robot(rooms)
    await federate(rooms, issuer)

    for name in ("oidc", "robot$ci", "default/oidc", "default/robot$ci"):
        actor = await sign_in(rooms.accounts, name, issuer.sign(JOB))
        assert (actor.id, actor.name, actor.is_robot) == (robot_id, "robot$ci", True)
        assert actor.credential.startswith("federation:")
        assert actor.until == issuer.now + 600
        assert await issue_refresh_token(rooms.accounts, actor) is None


async def test_many_logins_and_pulls_ask_the_issuer_once(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)
    for number in range(20):
        actor = await sign_in(rooms.accounts, "oidc", issuer.sign({**JOB, "run": number}))
        issued = await issue_token(rooms.accounts, actor, [])
        await read_token(rooms.accounts, issued.token)

    assert issuer.asked == {"/.well-known/openid-configuration": 1, "/keys": 1}


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "repo:acme/app:ref:refs/heads/other"},
        {"sub": "repo:evil/app:ref:refs/heads/main"},
        {"sub": "repo:acme/app:pull_request"},
        {"aud": "https://another.example"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"nbf": 9_999_999_999},
        {"iss": "https://evil.example"},
        {"iss": "entrepot"},
        {"iss": "nul\0"},
    ],
)
async def test_a_token_that_does_not_fit_is_refused(rooms: Rooms, issuer: TheIssuer, claims: dict[str, Any]) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)

    for name in ("oidc", "robot$ci"):
        with pytest.raises(Unauthenticated):
            await sign_in(rooms.accounts, name, issuer.sign({**JOB, **claims}))


async def test_forged_tokens_are_refused(rooms: Rooms, issuer: TheIssuer) -> None:
    """No signature; the public key as a shared secret; another issuer's key; a token of our own."""
    await make_robot(rooms)
    await federate(rooms, issuer)
    claims = {"iss": issuer.url, "exp": issuer.now + 600, **JOB}
    [(key_id, key)] = issuer.keys.items()
    none = ".".join(_part(one) for one in ({"alg": "none", "kid": key_id}, claims)) + "."
    public = OctKey.import_key(_text(key.as_pem(private=False)))
    shared = jwt.encode({"alg": "HS256", "kid": key_id}, claims, public)
    ours = (await issue_token(rooms.accounts, rooms.admin, [])).token
    with running_issuer() as stranger:
        others = stranger.sign(claims, kid=key_id)

    for token in (none, shared, ours, others):
        for name in ("oidc", "robot$ci", "admin"):
            with pytest.raises(Unauthenticated):
                await sign_in(rooms.accounts, name, token)


async def test_a_token_of_an_issuer_is_no_token_of_ours(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)

    with pytest.raises(Unauthenticated):
        await read_token(rooms.accounts, issuer.sign(JOB))


async def test_strangers_make_nobody_ask_for_anything(rooms: Rooms, issuer: TheIssuer) -> None:
    """Neither tokens of an issuer that is not trusted, nor names that are no robot's, cost a request."""
    await make_robot(rooms)
    with running_issuer() as trusted:
        await federate(rooms, trusted)

        for name in ("oidc", "robot$ci", "other/oidc"):
            with pytest.raises(Unauthenticated):
                await sign_in(rooms.accounts, name, issuer.sign(JOB))
        for name in ("admin", "ann", "oidc2"):
            with pytest.raises(Unauthenticated):
                await sign_in(rooms.accounts, name, trusted.sign(JOB))

    assert issuer.asked.total() == trusted.asked.total() == 0


async def test_wrong_tokens_of_a_trusted_issuer_are_bounded_looks(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)

    for number in range(30):
        with pytest.raises(Unauthenticated):
            await sign_in(rooms.accounts, "oidc", issuer.sign(JOB, kid=f"unknown {number}"))

    assert issuer.asked["/keys"] == 1


async def test_keys_that_are_given_ask_nobody(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer, keys=issuer.key_set())

    actor = await sign_in(rooms.accounts, "oidc", issuer.sign(JOB))

    assert actor.is_robot
    assert issuer.asked.total() == 0


async def test_a_token_that_fits_several_robots_must_name_one(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    other = await make_robot(rooms, "other")
    await federate(rooms, issuer)
    await federate(rooms, issuer, name="other", robot="other")
    await federate(rooms, issuer, name="again", conditions=[{"claim": "sub", "pattern": "**:main"}, MAIN])

    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "oidc", issuer.sign(JOB))
    assert (await sign_in(rooms.accounts, "robot$other", issuer.sign(JOB))).id == other


async def test_every_change_ends_what_the_robot_is_signed_in_with(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)

    async def token() -> str:
        actor = await sign_in(rooms.accounts, "oidc", issuer.sign(JOB))
        return (await issue_token(rooms.accounts, actor, [])).token

    for change in (
        {"conditions": [{"claim": "sub", "pattern": "repo:acme/app:**"}]},
        {"audience": f"{US}/other"},
    ):
        before = await token()
        await change_federation(rooms.accounts, rooms.admin, "ci", change)
        with pytest.raises(Unauthenticated):
            await read_token(rooms.accounts, before)
        fitting = issuer.sign({**JOB, "aud": change.get("audience", US)})
        assert (await sign_in(rooms.accounts, "oidc", fitting)).is_robot
    await change_federation(rooms.accounts, rooms.admin, "ci", {"audience": US})
    before = await token()
    await change_federation(rooms.accounts, rooms.admin, "ci", {}, is_enabled=False)
    await refused(rooms, issuer, before)
    await change_federation(rooms.accounts, rooms.admin, "ci", {}, is_enabled=True)
    before = await token()
    await delete_federation(rooms.accounts, rooms.admin, "ci")
    await refused(rooms, issuer, before)


async def refused(rooms: Rooms, issuer: TheIssuer, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await read_token(rooms.accounts, token)
    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "oidc", issuer.sign(JOB))


async def test_a_robot_that_may_not_work_does_not(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)
    await disable_robot(rooms.accounts, rooms.admin, RobotName("ci"))

    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "oidc", issuer.sign(JOB))


async def test_a_robot_ends_with_its_owner(rooms: Rooms, issuer: TheIssuer) -> None:
    owner = await rooms.user("owner", is_admin=True)
    await rooms.organization("acme")
    await create_robot(rooms.accounts, owner, RobotName("ci"), [Right("acme", Level.READ)])
    await federate(rooms, issuer)
    assert (await sign_in(rooms.accounts, "oidc", issuer.sign(JOB))).is_robot

    await set_enabled(rooms.accounts, rooms.admin, UserName("owner"), False)

    with pytest.raises(Unauthenticated):
        await sign_in(rooms.accounts, "oidc", issuer.sign(JOB))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"conditions": []}, "a condition that only yours meet"),
        ({"conditions": [{"claim": "sub", "pattern": "**"}, {"claim": "ref", "pattern": "*"}]}, "only yours meet"),
        ({"audience": ""}, "Name the audience"),
        ({"audience": "x" * 2_000}, "Name the audience"),
        ({"issuer": "http://issuer.example"}, "should begin with https"),
        ({"issuer": "https://issuer.example?x=1"}, "has no query"),
        ({"issuer": ""}, "An address is"),
        ({"reach": "everywhere"}, "reach is"),
        ({"authority": "no pem"}, "not PEM"),
        ({"keys": {"keys": []}}, "holds no key"),
        ({"keys": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}}, "holds no key"),
        ({"is_admin": True}, "no field is_admin"),
    ],
)
def test_a_federation_that_trusts_too_much_is_refused(change: Mapping[str, Any], said: str) -> None:
    given = {"issuer": "https://issuer.example", "audience": US, "conditions": [MAIN]}
    parse_federation(given)

    with pytest.raises(ParameterInvalid, match=said):
        parse_federation({**given, **change})


async def test_only_administrators_keep_federations(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)
    ann = await rooms.user("ann")

    for attempt in (
        create_federation(rooms.accounts, ann, FederationName("x"), RobotName("ci"), {**parse_given(issuer)}),
        list_federations(rooms.accounts, ann, "", 10),
        show_federation(rooms.accounts, ann, "ci"),
        change_federation(rooms.accounts, ann, "ci", {}),
        delete_federation(rooms.accounts, ann, "ci"),
        check_federation(rooms.accounts, ann, "ci"),
    ):
        with pytest.raises(AccessDenied):
            await attempt


def parse_given(issuer: TheIssuer) -> dict[str, Any]:
    return {"issuer": issuer.url, "audience": US, "conditions": [MAIN], "reach": "plain"}


async def test_federations_are_named_once_and_unknown_ones_are_told(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)

    with pytest.raises(FederationExists):
        await federate(rooms, issuer)
    with pytest.raises(RobotUnknown):
        await federate(rooms, issuer, name="other", robot="nobody")
    for attempt in (
        show_federation(rooms.accounts, rooms.admin, "other"),
        change_federation(rooms.accounts, rooms.admin, "other", {}),
        delete_federation(rooms.accounts, rooms.admin, "other"),
    ):
        with pytest.raises(FederationUnknown):
            await attempt
    assert [one.name for one in await list_federations(rooms.accounts, rooms.admin, "", 10)] == ["ci"]
    assert await list_federations(rooms.accounts, rooms.admin, "ci", 10) == []


async def test_what_happens_to_federations_is_told(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    seq = await last_event(rooms.db)

    await federate(rooms, issuer)
    await change_federation(rooms.accounts, rooms.admin, "ci", {"audience": "new"}, is_enabled=False)
    await change_federation(rooms.accounts, rooms.admin, "ci", {"audience": "new"})
    await delete_federation(rooms.accounts, rooms.admin, "ci")

    created, changed, deleted = await events_after(rooms.db, seq)
    assert (created.type, created.subject, created.data["robot"]) == ("federation.created", "ci", "ci")
    assert created.data["settings"]["conditions"] == [MAIN]
    assert changed.data["changes"] == {"audience": "new", "is_enabled": False}
    assert changed.data["before"] == {"audience": US, "is_enabled": True}
    assert (deleted.type, deleted.data["before"]["audience"]) == ("federation.deleted", "new")


async def test_a_check_says_what_is_wrong(rooms: Rooms, issuer: TheIssuer) -> None:
    await make_robot(rooms)
    await federate(rooms, issuer)

    async def says(token: str = "") -> str:
        return " ".join((await check_federation(rooms.accounts, rooms.admin, "ci", token)).says)

    assert "The issuer answers and shows 1 keys." in await says()
    assert "is accepted as the robot ci" in await says(issuer.sign(JOB))
    assert "no signed token" in await says("password")
    assert "meant for 'elsewhere'" in await says(issuer.sign({**JOB, "aud": "elsewhere"}))
    assert "its claim 'sub' does not fit" in await says(issuer.sign({**JOB, "sub": "repo:evil/x"}))
    issuer.described = {"issuer": "https://renamed.example"}
    assert "calls itself 'https://renamed.example'" in await says()
    await change_federation(rooms.accounts, rooms.admin, "ci", {}, is_enabled=False)
    assert "is disabled" in await says()


def _part(document: Mapping[str, Any]) -> str:
    return _text(json.dumps(document).encode())


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
