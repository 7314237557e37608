"""Files that the service itself makes of an image: skopeo and Docker read them; a client that leaves ends them."""

from pathlib import Path

import httpx2
import pytest

from tests.live.clients.containers import Containers
from tests.live.clients.docker import Docker
from tests.live.clients.images import Layout, new_content
from tests.live.clients.registries import Registry, plain_only

pytestmark = [plain_only, pytest.mark.xdist_group("dockerd"), pytest.mark.slow]


def download(registry: Registry, repository: str, target: Path, **query: str) -> Path:
    organization, _, name = repository.partition("/")
    path = f"/v2/manage/namespaces/{organization}/repos/{name}/download"
    with (
        httpx2.Client(base_url=registry.url, auth=(registry.owner.name, registry.owner.password)) as client,
        client.stream("GET", path, params=query) as answer,
        target.open("wb") as file,
    ):
        assert answer.status_code == 200, answer.read()
        for chunk in answer.iter_bytes():
            file.write(chunk)
        assert target.stat().st_size <= int(answer.headers["content-length"])
    assert target.stat().st_size == int(answer.headers["content-length"])
    return target


def test_skopeo_and_docker_read_what_the_service_made(
    client: Containers, registry: Registry, docker: Docker, workspace: Path
) -> None:
    repository, content = f"{registry.new_organization()}/app", new_content()
    layout = Layout(workspace / "layout")
    layout.add_index("1.0", content)
    client.skopeo("copy", "--all", f"oci:{workspace}/layout:1.0", f"docker://{registry.image(repository, '1.0')}")
    name = f"{registry.host}/{repository}:1.0"

    as_docker = download(registry, repository, workspace / "docker.tar", reference="1.0", format="docker")
    as_oci = download(registry, repository, workspace / "oci.tar", reference="1.0", format="oci")

    client.skopeo("copy", f"docker-archive:{as_docker}:{name}", f"dir:{workspace}/one")
    client.skopeo("copy", "--all", f"oci-archive:{as_oci}", f"oci:{workspace}/many:1.0")
    docker("load", "--input", as_docker)
    assert docker.run_image(name) == content.output
