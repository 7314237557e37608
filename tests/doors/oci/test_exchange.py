"""Token exchange (RFC 8693): a token that somebody else signed becomes a short one of ours."""

from typing import Any
from urllib.parse import urlencode

import pytest

from entrepot.access.levels import Level
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.accounts.trust.federations import create_federation
from entrepot.values.names import FederationName, RobotName
from tests.make.cast import Cast
from tests.make.issuer import TheIssuer, running_issuer
from tests.make.rooms import Rooms
from tests.make.wire import Answer, Wire, basic, bearer

US = "https://registry.example"
JOB = {"aud": US, "sub": "acme"}
JWT = "urn:ietf:params:oauth:token-type:jwt"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"


@pytest.fixture
async def issuer(cast: Cast, rooms: Rooms):
    with running_issuer() as issuer:
        await create_robot(rooms.accounts, rooms.admin, RobotName("ci"), [Right("acme/app", Level.READ)])
        given = {
            "issuer": issuer.url,
            "audience": US,
            "conditions": [{"claim": "sub", "pattern": "acme"}],
            "reach": "plain",
        }
        await create_federation(rooms.accounts, rooms.admin, FederationName("ci"), RobotName("ci"), given)
        yield issuer


async def exchange(wire: Wire, token: str, **more: Any) -> Answer:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": JWT,
        "scope": "repository:acme/app:pull,push",
        **more,
    }
    return await wire("POST", "/auth/token", urlencode(form).encode())


async def test_a_token_is_exchanged_for_a_short_one(nobody: Wire, issuer: TheIssuer) -> None:
    answer = await exchange(nobody, issuer.sign(JOB))

    assert answer.status == 200
    said = answer.json()
    assert (said["issued_token_type"], said["token_type"]) == (ACCESS, "Bearer")
    assert 0 < said["expires_in"] <= 300
    assert "refresh_token" not in said
    assert answer.header("cache-control") == "no-store"
    pulled = await nobody("GET", "/v2/acme/app/manifests/v1", headers=bearer(said["access_token"]))
    assert pulled.status == 200
    pushed = await nobody("POST", "/v2/acme/app/blobs/uploads/", headers=bearer(said["access_token"]))
    assert pushed.status == 403


async def test_it_lives_no_longer_than_what_was_shown(nobody: Wire, issuer: TheIssuer) -> None:
    answer = await exchange(nobody, issuer.sign({**JOB, "exp": issuer.now + 20}))

    assert answer.json()["expires_in"] == 20


async def test_the_robot_may_be_named(nobody: Wire, issuer: TheIssuer) -> None:
    assert (await exchange(nobody, issuer.sign(JOB), username="robot$ci")).status == 200
    assert (await exchange(nobody, issuer.sign(JOB), username="robot$other")).status == 401


async def test_the_same_token_is_a_password(nobody: Wire, issuer: TheIssuer) -> None:
    headers = basic("oidc", issuer.sign(JOB))

    answer = await nobody("GET", "/auth/token?scope=repository:acme/app:pull&offline_token=true", headers=headers)

    assert answer.status == 200
    assert "refresh_token" not in answer.json()
    assert (await nobody("GET", "/v2/acme/app/manifests/v1", headers=headers)).status == 200


async def test_pulls_with_it_end_with_it(nobody: Wire, rooms: Rooms, issuer: TheIssuer) -> None:
    headers = basic("oidc", issuer.sign({**JOB, "exp": issuer.now + 30}))
    assert (await nobody("GET", "/v2/acme/app/manifests/v1", headers=headers)).status == 200
    looks = issuer.asked.total()

    rooms.clock.advance(seconds=29)
    assert (await nobody("GET", "/v2/acme/app/manifests/v1", headers=headers)).status == 200
    rooms.clock.advance(seconds=90)
    assert (await nobody("GET", "/v2/acme/app/manifests/v1", headers=headers)).status == 401
    assert issuer.asked.total() == looks


@pytest.mark.parametrize("claims", [{"aud": "other"}, {"sub": "evil"}, {"exp": 1}, {"iss": "https://evil.example"}])
async def test_a_token_that_does_not_fit_is_refused(nobody: Wire, issuer: TheIssuer, claims: dict[str, Any]) -> None:
    assert (await exchange(nobody, issuer.sign({**JOB, **claims}))).status == 401


@pytest.mark.parametrize(
    "more",
    [
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"subject_token_type": ""},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"actor_token": "x"},
    ],
)
async def test_an_exchange_of_another_kind_is_refused(nobody: Wire, issuer: TheIssuer, more: dict[str, str]) -> None:
    assert (await exchange(nobody, issuer.sign(JOB), **more)).status == 400


async def test_our_own_token_is_not_exchanged(nobody: Wire, issuer: TheIssuer) -> None:
    ours = (await exchange(nobody, issuer.sign(JOB))).json()["access_token"]

    assert (await exchange(nobody, ours)).status == 401
