"""Docker Engine: login, build, push, pull and run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live import parts
from tests.live.clients.commands import run
from tests.live.clients.containers import Containers
from tests.live.clients.docker import Docker
from tests.live.clients.images import Layout, new_content, write_recipe
from tests.live.clients.registries import Registry, plain_only

pytestmark = pytest.mark.xdist_group("dockerd")

DEBIAN_CLI = Path("/usr/bin/docker")


@pytest.fixture
def signed_in(docker: Docker, registry: Registry) -> Docker:
    assert "Login Succeeded" in docker.login(registry).out
    return docker


def test_what_was_built_and_pushed_is_pulled_and_runs(signed_in: Docker, registry: Registry, workspace: Path) -> None:
    content = write_recipe(workspace)
    repository = registry.new_repository()
    image = registry.image(repository)

    signed_in.build(workspace, image)
    said = signed_in("push", image)
    digest = registry.manifest(repository, "1.0").headers["docker-content-digest"]
    assert digest in said.out
    signed_in.forget_all()
    assert digest in signed_in("pull", image).out

    assert signed_in.digest(image) == digest
    assert signed_in.run_image(image) == content.output


@plain_only
def test_an_application_is_built_on_a_base_from_the_registry(
    signed_in: Docker, registry: Registry, workspace: Path
) -> None:
    organization = registry.new_organization()
    base, application = (registry.image(f"{organization}/{name}") for name in ("base", "application"))
    write_recipe(workspace / "base")
    signed_in.build(workspace / "base", base)
    signed_in("push", base)
    signed_in.forget_all()

    content = write_recipe(workspace / "application", base)
    signed_in.build(workspace / "application", application)  # pulls the base
    said = signed_in("push", application)

    assert "Mounted from" in said.out or "Layer already exists" in said.out
    signed_in.forget_all()
    assert signed_in.run_image(application) == content.output  # run pulls by itself


def test_buildkit_pulls_its_base_and_pushes(docker: Docker, plain_registry: Registry, workspace: Path) -> None:
    # Plain only: unlike the Engine around it, BuildKit never tries TLS with an insecure registry.
    if not DEBIAN_CLI.exists():
        parts.missing("the BuildKit inside dockerd needs Debian's own command line")
    docker = replace(docker, program=str(DEBIAN_CLI))
    docker.login(plain_registry)
    organization = plain_registry.new_organization()
    base, application = (plain_registry.image(f"{organization}/{name}") for name in ("base", "application"))
    write_recipe(workspace / "base")
    docker.build(workspace / "base", base)
    docker("push", base)
    docker.forget_all()

    content = write_recipe(workspace / "application", base)
    words = ["build", "--network=host", "--progress=plain", "--tag", application, str(workspace / "application")]
    said = run(docker.program, *words, env={**docker.env, "DOCKER_BUILDKIT": "1"})
    assert "[internal] load build definition" in said.both
    docker("push", application)
    docker.forget_all()
    docker("pull", application)
    assert docker.run_image(application) == content.output


@plain_only
def test_an_image_in_oci_format_is_pulled_by_digest(
    signed_in: Docker, client: Containers, registry: Registry, workspace: Path
) -> None:
    content = new_content()
    pushed = Layout(workspace / "layout").add_image("1.0", content=content)
    repository = registry.new_repository()
    client.skopeo("copy", f"oci:{workspace}/layout:1.0", f"docker://{registry.image(repository)}")

    image = f"{registry.host}/{repository}@{pushed['digest']}"
    signed_in("pull", image)
    assert signed_in.run_image(image) == content.output


@plain_only
def test_of_a_list_the_fitting_platform_is_pulled(
    signed_in: Docker, client: Containers, registry: Registry, workspace: Path
) -> None:
    content = new_content()
    Layout(workspace / "layout").add_index("1.0", content)
    image = registry.image(registry.new_repository())
    client.skopeo("copy", "--all", f"oci:{workspace}/layout:1.0", f"docker://{image}")

    signed_in("pull", image)
    assert signed_in.run_image(image) == content.output
    signed_in("pull", "--platform=linux/arm64", image)
    assert signed_in("image", "inspect", "--format={{.Architecture}}", image).out == "arm64"


def test_a_list_is_made_from_two_pushed_images(docker: Docker, plain_registry: Registry, workspace: Path) -> None:
    docker.login(plain_registry)
    repository = plain_registry.new_repository()
    contents = {}
    for tag in ("one", "two"):
        contents[tag] = write_recipe(workspace / tag)
        docker.build(workspace / tag, plain_registry.image(repository, tag))
        docker("push", plain_registry.image(repository, tag))

    whole, members = (
        plain_registry.image(repository, "all"),
        [plain_registry.image(repository, tag) for tag in contents],
    )
    docker("manifest", "create", "--insecure", whole, *members)
    docker("manifest", "annotate", "--arch=arm64", whole, members[1])
    docker("manifest", "push", "--insecure", whole)

    children = json.loads(plain_registry.manifest(repository, "all").text)["manifests"]
    assert sorted(child["platform"]["architecture"] for child in children) == ["amd64", "arm64"]
    docker.forget_all()
    assert docker.run_image(whole) == contents["one"].output


@plain_only
def test_all_tags_are_pulled_at_once(signed_in: Docker, registry: Registry, workspace: Path) -> None:
    content = write_recipe(workspace)
    repository = registry.new_repository()
    tags = ("1.0", "1.1", "latest")
    signed_in.build(workspace, registry.image(repository, tags[0]))
    for tag in tags[1:]:
        signed_in("tag", registry.image(repository, tags[0]), registry.image(repository, tag))
    signed_in("push", "--all-tags", f"{registry.host}/{repository}")
    signed_in.forget_all()

    signed_in("pull", "--all-tags", f"{registry.host}/{repository}")
    listed = signed_in("image", "ls", "--format={{.Tag}}", f"{registry.host}/{repository}").out
    assert sorted(listed.split()) == sorted(tags)
    assert signed_in.run_image(registry.image(repository, "latest")) == content.output


def test_after_logout_nothing_private_is_pulled(docker: Docker, plain_registry: Registry, workspace: Path) -> None:
    # Plain only: refused over TLS, the Engine tries an insecure registry without it and shows that error instead.
    docker.login(plain_registry)
    write_recipe(workspace)
    image = plain_registry.image(plain_registry.new_repository())
    docker.build(workspace, image)
    docker("push", image)
    docker.forget_all()
    docker("logout", plain_registry.host)
    message = docker.refused("pull", image)
    assert "denied" in message or "no basic auth credentials" in message or "unauthorized" in message


def test_a_wrong_password_is_told_at_login(docker: Docker, registry: Registry) -> None:
    words = ["login", f"--username={registry.owner.name}", "--password-stdin", registry.host]
    message = docker.refused(*words, stdin="not the password")
    assert "unauthorized" in message.lower()


def test_a_public_image_is_run_without_an_account(docker: Docker, plain_registry: Registry, workspace: Path) -> None:
    content = write_recipe(workspace)
    repository = plain_registry.new_repository()
    image = plain_registry.image(repository)
    docker.login(plain_registry)
    docker.build(workspace, image)
    docker("push", image)
    plain_registry.set_public(repository)
    docker("logout", plain_registry.host)
    docker.forget_all()

    assert docker.run_image(image) == content.output
    docker("tag", image, plain_registry.image(repository, "2.0"))
    message = docker.refused("push", plain_registry.image(repository, "2.0"))
    assert "unauthorized" in message or "no basic auth credentials" in message or "denied" in message


def test_a_reader_pulls_and_is_told_that_pushing_is_denied(
    docker: Docker, plain_registry: Registry, workspace: Path
) -> None:
    content = write_recipe(workspace)
    repository = plain_registry.new_repository()
    image = plain_registry.image(repository)
    docker.login(plain_registry)
    docker.build(workspace, image)
    docker("push", image)
    docker.forget_all()

    docker.login(plain_registry, plain_registry.new_user(repository, "read"))
    docker("pull", image)
    assert docker.run_image(image) == content.output
    docker("tag", image, plain_registry.image(repository, "2.0"))
    assert "denied" in docker.refused("push", plain_registry.image(repository, "2.0"))


def test_who_pushes_to_an_organization_that_is_missing_is_told_how_to_create_it(
    docker: Docker, plain_registry: Registry, workspace: Path
) -> None:
    plain_registry.need_ours()
    write_recipe(workspace)
    image = plain_registry.image("no-such-organization/app")
    docker.login(plain_registry)
    docker.build(workspace, image)
    assert "entrepot org create no-such-organization" in docker.refused("push", image)
