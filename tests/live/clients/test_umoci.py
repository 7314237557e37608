"""umoci: an OCI layout made, changed and unpacked by hand, with the registry in between."""

import os
from pathlib import Path

from tests.live import parts
from tests.live.clients.commands import run
from tests.live.clients.containers import Containers, blobs_sent
from tests.live.clients.images import busybox, new_content
from tests.live.clients.registries import Registry, plain_only


def test_a_root_file_system_comes_back_file_by_file(client: Containers, registry: Registry, workspace: Path) -> None:
    umoci, env = parts.command("umoci"), client.env
    content = new_content()
    (workspace / "payload").write_bytes(content.payload)
    layout = workspace / "made"
    run(umoci, "init", "--layout", layout, env=env)
    run(umoci, "new", "--image", f"{layout}:1.0", env=env)
    for source, target in ((busybox(), "/bin/busybox"), (workspace / "payload", "/srv/payload")):
        run(umoci, "insert", "--image", f"{layout}:1.0", source, target, env=env)
    run(umoci, "config", "--image", f"{layout}:1.0", "--config.cmd", "/bin/busybox", "--config.user", "4242", env=env)

    image = registry.image(registry.new_repository())
    client.skopeo("copy", f"oci:{layout}:1.0", f"docker://{image}")
    client.skopeo("copy", f"docker://{image}", f"oci:{workspace}/pulled:1.0")
    run(umoci, "unpack", "--image", f"{workspace}/pulled:1.0", workspace / "bundle", env=env)

    rootfs = workspace / "bundle/rootfs"
    assert (rootfs / "srv/payload").read_bytes() == content.payload
    assert (rootfs / "bin/busybox").read_bytes() == busybox().read_bytes()
    assert os.access(rootfs / "bin/busybox", os.X_OK)
    assert '"uid": 4242' in (workspace / "bundle/config.json").read_text()


@plain_only
def test_a_layer_made_from_a_change_is_pushed_alone(client: Containers, registry: Registry, workspace: Path) -> None:
    umoci, env = parts.command("umoci"), client.env
    layout = workspace / "made"
    run(umoci, "init", "--layout", layout, env=env)
    run(umoci, "new", "--image", f"{layout}:1.0", env=env)
    run(umoci, "insert", "--image", f"{layout}:1.0", busybox(), "/bin/busybox", env=env)
    repository = registry.new_repository()
    client.skopeo("copy", f"oci:{layout}:1.0", f"docker://{registry.image(repository)}")

    run(umoci, "unpack", "--image", f"{layout}:1.0", workspace / "bundle", env=env)
    (workspace / "bundle/rootfs/note.txt").write_text("changed\n")
    run(umoci, "repack", "--image", f"{layout}:2.0", workspace / "bundle", env=env)
    said = client.skopeo("--debug", "copy", f"oci:{layout}:2.0", f"docker://{registry.image(repository, '2.0')}")

    assert blobs_sent(said) == 2  # the new layer and the configuration
    client.skopeo("copy", f"docker://{registry.image(repository, '2.0')}", f"oci:{workspace}/pulled:2.0")
    run(umoci, "unpack", "--image", f"{workspace}/pulled:2.0", workspace / "again", env=env)
    assert (workspace / "again/rootfs/note.txt").read_text() == "changed\n"
