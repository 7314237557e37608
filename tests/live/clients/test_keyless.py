"""A build without a secret: its own system's token is the password, and the command line says who may."""

import time
from pathlib import Path

import httpx2

from tests.cli.run import Run
from tests.live.api import fresh_name
from tests.live.cli.conftest import as_admin, home, run
from tests.live.cli.test_commands import ok
from tests.live.clients.containers import Containers
from tests.live.clients.images import Layout
from tests.live.clients.registries import Account, Registry
from tests.make.issuer import running_issuer

__all__ = ["as_admin", "home", "run"]  # fixtures

US = "https://registry.example"


def test_a_build_pushes_and_pulls_with_the_token_of_its_own_system(
    person: Containers, plain_registry: Registry, as_admin: Run, workspace: Path
) -> None:
    robot, federation = fresh_name("robot"), fresh_name("jobs")
    registry = plain_registry
    registry.need_ours()
    repository = registry.new_repository()
    assert as_admin("robot", "create", robot, "--push", repository).code == 0
    Layout(workspace / "built").add_image("1.0")
    image = f"docker://{registry.image(repository)}"
    with running_issuer() as issuer:
        issuer.now = int(time.time())
        ok(
            as_admin(
                *("federation", "create", federation, "--robot", robot, "--issuer", issuer.url, "--audience", US),
                *("--condition", "sub=repo:acme/*:ref:refs/heads/main", "--reach", "plain"),
            )
        )
        assert "shows 1 keys" in ok(as_admin("federation", "check", federation))
        good = {"aud": US, "sub": "repo:acme/app:ref:refs/heads/main"}
        person.trust(registry)

        person.login(registry, Account("oidc", issuer.sign(good)))
        person.skopeo("copy", f"oci:{workspace}/built:1.0", image)
        looks = issuer.asked["/keys"]
        for _ in range(3):
            person.skopeo("inspect", image)
        assert issuer.asked["/keys"] == looks

        other = workspace / "other-branch"
        other.write_text(issuer.sign({**good, "sub": "repo:acme/app:ref:refs/heads/other"}))
        said = as_admin("federation", "check", federation, "--token-file", str(other))
        assert (said.code, "does not fit" in said.out) == (1, True)
        refused = person.refused("skopeo", "inspect", f"--creds=oidc:{other.read_text()}", image)
        assert "unauthorized" in refused or "invalid username/password" in refused

        with httpx2.Client(base_url=registry.url, trust_env=False) as client:
            exchanged = client.post(
                "/auth/token",
                data={
                    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                    "subject_token": issuer.sign(good),
                    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                    "scope": f"repository:{repository}:pull",
                },
            )
            headers = {"authorization": f"Bearer {exchanged.json()['access_token']}"}
            path = f"/v2/{repository}/manifests/1.0"
            assert client.get(path, headers=headers).status_code == 200
            ok(as_admin("federation", "delete", federation, "--yes"))
            assert client.get(path, headers=headers).status_code == 401
