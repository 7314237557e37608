"""podman, buildah and skopeo of one person: one home with their settings, logins and local images."""

import json
import re
import resource
from dataclasses import dataclass
from pathlib import Path

from tests.live import parts
from tests.live.clients import leaks
from tests.live.clients.commands import Said, refused, run
from tests.live.clients.registries import Account, Registry

PACKAGES = ("skopeo", "podman", "buildah")


@dataclass(frozen=True, slots=True)
class Containers:
    """`client.podman("pull", ...)`: what the program said; `client.refused("podman", ...)`: why it would not."""

    home: Path
    programs: dict[str, str]

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": parts.SEARCHED,
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "TMPDIR": str(self.home / "tmp"),
            "XDG_RUNTIME_DIR": str(self.home / "run"),
            "CONTAINERS_CONF": str(self.home / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(self.home / "storage.conf"),
            "REGISTRY_AUTH_FILE": str(self.home / "auth.json"),
        }

    def podman(self, *words: str | Path, stdin: str = "") -> Said:
        return run(self.programs["podman"], *words, env=self.env, stdin=stdin)

    def buildah(self, *words: str | Path, stdin: str = "") -> Said:
        return run(self.programs["buildah"], *words, env=self.env, stdin=stdin)

    def skopeo(self, *words: str | Path, stdin: str = "") -> Said:
        return run(self.programs["skopeo"], *words, env=self.env, stdin=stdin)

    def refused(self, program: str, *words: str | Path, stdin: str = "") -> str:
        return refused(self.programs[program], *words, env=self.env, stdin=stdin)

    @property
    def _cgroup(self) -> str:
        return f"--cgroup-parent=/{self.home.name}"

    def trust(self, registry: Registry) -> "Containers":
        """What an administrator writes once for a registry: its authority, or that it speaks plain HTTP."""
        entry = f'[[registry]]\nlocation = "{registry.host}"\ninsecure = {str(not registry.is_tls).lower()}\n'
        settings = self.home / ".config/containers"
        (settings / "registries.conf").write_text(entry)
        if registry.authority is not None:
            folder = settings / "certs.d" / registry.host
            folder.mkdir(parents=True)
            (folder / "ca.crt").write_bytes(registry.authority.read_bytes())
        return self

    def login(self, registry: Registry, account: Account | None = None, program: str = "skopeo") -> Said:
        account = account or registry.owner
        words = ["login", "--username", account.name, "--password-stdin", registry.host]
        return run(self.programs[program], *words, env=self.env, stdin=account.password)

    def run_image(self, image: str) -> str:
        """Really start a container; what it printed."""
        return self.run_command(image)

    def run_command(self, image: str, *command: str) -> str:
        """The same with another command than the image's own."""
        return self.podman("run", "--rm", "--network=none", self._cgroup, image, *command).out

    def build(self, folder: Path, image: str, *, program: str = "podman", options: tuple[str, ...] = ()) -> Said:
        """Build the recipe in `folder` without giving it a network."""
        words = ["build", "--isolation=oci", "--network=none", self._cgroup, *options, "--tag", image, str(folder)]
        return run(self.programs[program], *words, env=self.env)

    def forget(self, *images: str) -> None:
        """Remove local images, so that the next pull has something to bring."""
        self.podman("image", "rm", "--force", *images)

    def close(self) -> None:
        """End what still runs."""
        self.podman("rm", "--all", "--force")
        leaks.unmount(self.home)  # storage keeps its overlay folder mounted on itself


def make_containers(home: Path) -> Containers:
    """A new person on this machine. Ends the test where a program is not installed, or not run as root."""
    parts.root()
    programs = {name: parts.command(name) for name in PACKAGES}
    runtime = parts.command("runc")
    for folder in ("tmp", "run", "storage", ".config/containers"):
        (home / folder).mkdir(parents=True)

    files_max = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    (home / "containers.conf").write_text(
        f"""
[containers]
default_ulimits = ["nofile={files_max}:{files_max}", "nproc=4096:4096"]
[network]
network_config_dir = {json.dumps(str(home / "networks"))}
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
# The default is one file in /dev/shm for everybody.
lock_type = "file"
tmp_dir = {json.dumps(str(home / "run/libpod"))}
[engine.runtimes]
runc = [{json.dumps(runtime)}]
"""
    )
    (home / "auth.json").write_text("{}")
    (home / "storage.conf").write_text(
        f"""
[storage]
driver = "{storage_driver(home)}"
graphroot = {json.dumps(str(home / "storage"))}
runroot = {json.dumps(str(home / "run/storage"))}
"""
    )
    return Containers(home, programs)


def blobs_sent(said: Said) -> int:
    """How many blobs a program that ran with `--debug` or `--log-level=debug` sent to a registry."""
    return len(re.findall(r"PATCH https?://", said.both))


def storage_driver(folder: Path, *, plain: str = "vfs", layered: str = "overlay") -> str:
    """`layered` where the kernel can stack layers in `folder`: not on top of a stack, as inside a container."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    holders = [(len(point), kind) for _, point, kind, *_ in mounts if folder.is_relative_to(point)]
    return plain if max(holders)[1] in ("overlay", "fuse.overlayfs", "tmpfs") else layered
