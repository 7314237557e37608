"""Programs sign in: a robot pushes and pulls what it may with a real client, until it is shut out."""

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
