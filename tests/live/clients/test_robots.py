"""Programs sign in: robots, and people's tokens, with a real client, until the next request after they end."""

from pathlib import Path

from tests.live.api import Api
from tests.live.clients.containers import Containers
from tests.live.clients.images import Layout
from tests.live.clients.registries import Account, Registry


def test_a_robot_works_with_a_real_client_until_the_next_request_after_it_is_shut_out(
    person: Containers, plain_registry: Registry, workspace: Path
) -> None:
    person.trust(plain_registry)
    Layout(workspace / "image").add_image("1.0")
    image = f"oci:{workspace}/image:1.0"
    organization = plain_registry.new_organization()
    with Api(plain_registry.need_ours()) as api:
        right = {"scope": f"{organization}/team-*", "access": "push"}
        body = {"name": organization, "rights": [right]}
        made = api.client.post("/v2/manage/robots", json=body).json()
    robot = Account(made["login"], made["secret"])
    inside, outside = (f"docker://{plain_registry.image(f'{organization}/{name}')}" for name in ("team-a", "other"))

    person.login(plain_registry, robot)
    person.skopeo("copy", image, inside)
    person.skopeo("inspect", inside)
    assert "denied" in person.refused("skopeo", "copy", image, outside)

    with Api(plain_registry.need_ours()) as api:
        api.client.post(f"/v2/manage/robots/{organization}/disable").raise_for_status()
    refused = person.refused("skopeo", "inspect", inside)
    assert "unauthorized" in refused or "invalid username/password" in refused


def test_a_personal_token_is_a_password_until_the_next_request_after_it_is_deleted(
    person: Containers, plain_registry: Registry, workspace: Path
) -> None:
    person.trust(plain_registry)
    Layout(workspace / "image").add_image("1.0")
    image, target = f"oci:{workspace}/image:1.0", f"docker://{plain_registry.image(plain_registry.new_repository())}"
    owner = plain_registry.owner
    person.skopeo("copy", f"--dest-creds={owner.pair}", image, target)
    with Api(plain_registry.need_ours()) as api:
        body = {"name": "reading", "bounds": [{"scope": "*", "auth": 1}]}
        token = Account(owner.name, api.client.post("/v2/manage/tokens", json=body).json()["secret"])

    person.login(plain_registry, token)
    person.skopeo("inspect", target)
    assert "denied" in person.refused("skopeo", "copy", image, target)

    with Api(plain_registry.need_ours()) as api:
        api.client.delete("/v2/manage/tokens/reading").raise_for_status()
    refused = person.refused("skopeo", "inspect", target)
    assert "unauthorized" in refused or "invalid username/password" in refused
