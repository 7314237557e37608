"""An application on a real distribution: a base layer of more than 100 MB, thousands of files, three engines."""

import shutil
from pathlib import Path

import pytest

from tests.live.clients.containerd import Ctr
from tests.live.clients.containers import Containers
from tests.live.clients.debian import CONTENTS, Debian, make_debian
from tests.live.clients.docker import Docker
from tests.live.clients.images import write_recipe
from tests.live.clients.registries import Registry

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),  # the first of a day waits for debootstrap
    pytest.mark.xdist_group("engines"),
    pytest.mark.parametrize("registry", ["tls"], indirect=True),
]


@pytest.fixture(scope="session")
def debian() -> Debian:
    return make_debian()


def write_base(folder: Path, debian: Debian) -> None:
    folder.mkdir()
    shutil.copyfile(debian.archive, folder / "rootfs.tar")
    (folder / "Dockerfile").write_text("FROM scratch\nADD rootfs.tar /\nCMD /bin/bash\n")


def test_an_application_on_debian_runs_in_every_engine(
    debian: Debian, client: Containers, docker: Docker, ctr: Ctr, registry: Registry, workspace: Path
) -> None:
    organization = registry.new_organization()
    base, application = (registry.image(f"{organization}/{name}") for name in ("debian", "application"))
    write_base(workspace / "base", debian)
    client.build(workspace / "base", base)
    client.podman("push", base)
    client.forget(base)
    shown = client.run_command(base, "bash", "-c", CONTENTS)
    assert shown.split()[0] == debian.contents  # every byte of /usr

    content = write_recipe(workspace / "application", base)
    docker.login(registry)
    docker.build(workspace / "application", application)  # pulls the base
    said = docker("push", application)
    assert "Mounted from" in said.out or "Layer already exists" in said.out

    docker.forget_all()
    ctr.pull(application)
    outputs = [engine.run_image(application) for engine in (client, docker, ctr)]
    assert outputs == [content.output] * 3
