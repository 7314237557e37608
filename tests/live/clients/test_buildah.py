"""buildah: images from a Dockerfile, from a working container, and as a list."""

from pathlib import Path

from tests.live.clients.containers import Containers
from tests.live.clients.images import INDEX, busybox, new_content, write_recipe
from tests.live.clients.registries import Registry, plain_only


def test_what_was_built_and_pushed_is_pulled_and_runs(client: Containers, registry: Registry, workspace: Path) -> None:
    content = write_recipe(workspace)
    repository = registry.new_repository()
    image = registry.image(repository)

    client.build(workspace, image, program="buildah")
    client.buildah("push", "--digestfile", workspace / "digest", image)
    client.buildah("rmi", image)
    client.buildah("pull", image)

    assert client.run_image(image) == content.output
    digest = registry.manifest(repository, "1.0").headers["docker-content-digest"]
    assert (workspace / "digest").read_text() == digest


def test_a_working_container_becomes_an_image(client: Containers, registry: Registry, workspace: Path) -> None:
    content = new_content()
    (workspace / "payload").write_bytes(content.payload)
    image = registry.image(registry.new_repository())

    working = client.buildah("from", "scratch").out
    client.buildah("copy", "--quiet", working, busybox(), "/bin/busybox")
    client.buildah("copy", "--quiet", working, workspace / "payload", "/srv/payload")
    client.buildah("config", "--cmd", "/bin/busybox sha256sum /srv/payload", working)
    client.buildah("commit", "--quiet", working, f"docker://{image}")  # straight to the registry
    client.buildah("rm", working)

    client.podman("pull", image)
    assert client.run_image(image).split()[0] in content.output


@plain_only
def test_a_layer_cache_lives_in_the_registry(client: Containers, registry: Registry, workspace: Path) -> None:
    write_recipe(workspace)
    repository = registry.new_repository("cache")
    cache = f"{registry.host}/{repository}"
    options = ("--layers", "--cache-to", cache, "--cache-from", cache)

    client.build(workspace, "localhost/first", program="buildah", options=options)
    client.buildah("rmi", "--all", "--force")
    said = client.build(workspace, "localhost/second", program="buildah", options=options)

    assert "Cache pulled from remote" in said.both


@plain_only
def test_a_list_made_from_two_builds_is_pushed_whole(client: Containers, registry: Registry, workspace: Path) -> None:
    content = write_recipe(workspace)
    recipe = (workspace / "Dockerfile").read_text()
    # Another platform cannot run a step of its own here.
    (workspace / "Dockerfile").write_text("\n".join(line for line in recipe.splitlines() if not line.startswith("RUN")))
    repository = registry.new_repository()
    image = registry.image(repository)

    options = ("--platform=linux/amd64,linux/arm64", "--manifest=all")
    client.build(workspace, "unused", program="buildah", options=options)
    client.buildah("manifest", "push", "--all", "all", f"docker://{image}")

    stored = registry.manifest(repository, "1.0")
    assert stored.headers["content-type"] == INDEX
    platforms = [child["platform"]["architecture"] for child in stored.json()["manifests"]]
    assert sorted(platforms) == ["amd64", "arm64"]
    client.podman("pull", image)
    assert client.run_image(image) == content.output
