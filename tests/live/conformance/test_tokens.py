"""The Bearer flow as docker's clients know it: challenge, token with scopes, retry."""

from __future__ import annotations

import time
from urllib.parse import urlencode, urlsplit

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Make
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import MODES
from tests.live.conformance.repository import ACCEPT, Repository

pytestmark = pytest.mark.parametrize(
    "registry", [mode for mode in MODES if mode == "bearer"], indirect=True, scope="session"
)
FORM = [("Content-Type", "application/x-www-form-urlencoded")]
ANONYMOUS = ""


def challenge_of(registry: Registry, method: str, path: str) -> dict[str, str]:
    answer = registry.send(method, path, authorization=ANONYMOUS)
    expect(answer, 401, code="UNAUTHORIZED") if method != "HEAD" else expect(answer, 401)
    return registry.challenge(answer)


def token_for(repo: Repository, *scopes: str) -> str:
    asked = challenge_of(repo.registry, "GET", "/v2/")
    answer = repo.registry.fetch_token(asked["realm"], asked["service"], scopes)
    token: str = expect(answer, 200).json()["token"]
    return f"Bearer {token}"


def post_form(registry: Registry, **fields: str) -> Answer:
    asked = challenge_of(registry, "GET", "/v2/")
    body = urlencode({"service": asked["service"], "client_id": "conformance", **fields}).encode()
    return registry.send("POST", asked["realm"], headers=FORM, body=body, authorization=ANONYMOUS)


def test_the_base_endpoint_challenges(registry: Registry) -> None:
    asked = challenge_of(registry, "GET", "/v2/")
    assert urlsplit(asked["realm"])[:2] == urlsplit(registry.url)[:2], "the realm is where the client came from"
    assert asked["service"]
    answer = registry.send("GET", "/v2/", authorization=ANONYMOUS)
    assert answer.header("Docker-Distribution-API-Version") == "registry/2.0"


@pytest.mark.parametrize(
    ("method", "tail", "actions"),
    [
        ("GET", "manifests/latest", {"pull"}),
        ("HEAD", "manifests/latest", {"pull"}),
        ("GET", "tags/list", {"pull"}),
        ("GET", "referrers/sha256:" + "0" * 64, {"pull"}),
        ("GET", "blobs/sha256:" + "0" * 64, {"pull"}),
        ("POST", "blobs/uploads/", {"pull", "push"}),
        ("PUT", "manifests/latest", {"pull", "push"}),
        ("DELETE", "manifests/latest", {"delete"}),
        ("DELETE", "blobs/sha256:" + "0" * 64, {"delete"}),
    ],
)
def test_the_challenge_names_repository_and_actions(
    repo: Repository, method: str, tail: str, actions: set[str]
) -> None:
    scope = challenge_of(repo.registry, method, repo.path(tail))["scope"]
    kind, _, rest = scope.partition(":")
    name, _, asked = rest.rpartition(":")
    assert (kind, name) == ("repository", repo.name)
    assert actions <= set(asked.split(","))


def test_a_token_opens_what_it_was_asked_for(repo: Repository, make: Make) -> None:
    repo.publish(make.image(0), "latest")
    token = token_for(repo, f"repository:{repo.name}:pull")
    path = repo.path("manifests/latest")
    expect(repo.registry.send("GET", path, headers=ACCEPT, authorization=token), 200)


def test_a_pull_token_pushes_and_deletes_nothing(repo: Repository, make: Make) -> None:
    repo.publish(make.image(0), "latest")
    token = token_for(repo, f"repository:{repo.name}:pull")
    for method, tail in (("POST", "blobs/uploads/"), ("PUT", "manifests/latest"), ("DELETE", "manifests/latest")):
        answer = repo.registry.send(method, repo.path(tail), authorization=token)
        expect(answer, 401, 403, code=("UNAUTHORIZED", "DENIED"))
        if answer.status == 401:
            assert "scope" in repo.registry.challenge(answer)
    expect(repo.head_manifest("latest"), 200)


def test_a_token_for_one_repository_opens_no_other(repo: Repository, repo2: Repository, make: Make) -> None:
    repo2.publish(make.image(0), "latest")
    token = token_for(repo, f"repository:{repo.name}:pull,push")
    answer = repo.registry.send("GET", repo2.path("manifests/latest"), headers=ACCEPT, authorization=token)
    expect(answer, 401, 404)


def test_a_token_without_scope_opens_the_base_endpoint_only(repo: Repository, make: Make) -> None:
    repo.publish(make.image(0), "latest")
    token = token_for(repo)
    expect(repo.registry.send("GET", "/v2/", authorization=token), 200)
    expect(repo.registry.send("GET", repo.path("manifests/latest"), authorization=token), 401, 404)


def test_one_token_may_be_for_several_repositories(repo: Repository, repo2: Repository, make: Make) -> None:
    blob = make.blob()
    repo2.push(blob)
    scopes = [f"repository:{repo.name}:pull,push", f"repository:{repo2.name}:pull"]
    for token in (token_for(repo, *scopes), token_for(repo, " ".join(scopes))):
        params = [("mount", blob.digest), ("from", repo2.name)]
        answer = repo.registry.send("POST", repo.path("blobs/uploads/"), params=params, authorization=token)
        expect(answer, 201)


def test_the_challenge_of_a_mount_names_both_repositories(repo: Repository, repo2: Repository, make: Make) -> None:
    blob = make.blob()
    repo2.push(blob)
    path = repo.path(f"blobs/uploads/?mount={blob.digest}&from={repo2.name}")
    scopes = challenge_of(repo.registry, "POST", path)["scope"].split()
    assert any(scope.startswith(f"repository:{repo.name}:") and "push" in scope for scope in scopes)
    assert any(scope.startswith(f"repository:{repo2.name}:") and "pull" in scope for scope in scopes)


def test_the_token_answer_has_what_clients_read(registry: Registry) -> None:
    asked = challenge_of(registry, "GET", "/v2/")
    reply = expect(registry.fetch_token(asked["realm"], asked["service"], []), 200).json()
    assert reply["token"]
    assert reply.get("access_token", reply["token"]) == reply["token"]
    assert reply["expires_in"] >= 60
    assert (
        abs(time.mktime(time.strptime(reply["issued_at"][:19], "%Y-%m-%dT%H:%M:%S")) - time.mktime(time.gmtime())) < 60
    )


def test_a_wrong_password_gets_no_token(registry: Registry) -> None:
    asked = challenge_of(registry, "GET", "/v2/")
    wrong = Registry(registry.url, "basic", registry.user, registry.password + "x")
    answer = registry.fetch_token(asked["realm"], asked["service"], [], wrong.basic)
    expect(answer, 401, code="UNAUTHORIZED")
    expect(registry.send("GET", "/v2/", authorization=wrong.basic), 401, code="UNAUTHORIZED")
    wrong.close()


def test_an_anonymous_token_opens_nothing_private(repo: Repository, make: Make) -> None:
    """Anonymous tokens exist, for public repositories; here they carry no right."""
    repo.publish(make.image(0), "latest")
    asked = challenge_of(repo.registry, "GET", "/v2/")
    query = urlencode({"service": asked["service"], "scope": f"repository:{repo.name}:pull"})
    answer = repo.registry.send("GET", f"{asked['realm']}?{query}", authorization=ANONYMOUS)
    if expect(answer, 200, 401).status == 200:
        token = f"Bearer {answer.json()['token']}"
        expect(repo.registry.send("GET", repo.path("manifests/latest"), authorization=token), 401)


def test_the_oauth_form_grants_by_password(repo: Repository, make: Make) -> None:
    repo.publish(make.image(0), "latest")
    registry = repo.registry
    scope = f"repository:{repo.name}:pull"
    answer = post_form(registry, grant_type="password", username=registry.user, password=registry.password, scope=scope)
    token = f"Bearer {expect(answer, 200).json()['access_token']}"
    expect(registry.send("GET", repo.path("manifests/latest"), headers=ACCEPT, authorization=token), 200)


def test_the_oauth_form_grants_by_refresh_token(repo: Repository, make: Make) -> None:
    repo.publish(make.image(0), "latest")
    registry = repo.registry
    first = post_form(
        registry, grant_type="password", username=registry.user, password=registry.password, access_type="offline"
    )
    refresh = expect(first, 200).json()["refresh_token"]
    scope = f"repository:{repo.name}:pull"
    second = expect(post_form(registry, grant_type="refresh_token", refresh_token=refresh, scope=scope), 200)
    token = f"Bearer {second.json()['access_token']}"
    expect(registry.send("GET", repo.path("manifests/latest"), headers=ACCEPT, authorization=token), 200)
    # A refresh token is no access token.
    expect(registry.send("GET", "/v2/", authorization=f"Bearer {refresh}"), 401)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"grant_type": "password"},
        {"grant_type": "password", "username": "nobody", "password": "wrong"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "made-up"},
        {"grant_type": "client_credentials"},
    ],
)
def test_the_oauth_form_refuses_what_it_cannot_grant(registry: Registry, fields: dict[str, str]) -> None:
    answer = post_form(registry, **fields)
    assert answer.status in (400, 401), str(answer)
    assert answer.json(), "a refusal that says why"


@pytest.mark.parametrize("scope", ["", "x", "repository", "repository:", "repository::pull", "repository:a/b:fly"])
def test_a_scope_nobody_understands_grants_nothing(registry: Registry, scope: str) -> None:
    asked = challenge_of(registry, "GET", "/v2/")
    answer = registry.fetch_token(asked["realm"], asked["service"], [scope])
    expect(answer, 200, 400)
