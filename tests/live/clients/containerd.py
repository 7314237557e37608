"""`ctr`, containerd's own command line, in a namespace of its own.

It keeps no login: credentials stand in every command, as in the unit files people write.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.live import parts
from tests.live.clients.commands import Said, refused, run
from tests.live.clients.registries import Account, Registry


@dataclass(frozen=True, slots=True)
class Ctr:
    """`ctr.pull(image)`, with the credentials of `account`; `None` is nobody."""

    program: str
    socket: Path
    namespace: str
    snapshotter: str
    hosts: Path
    account: Account | None

    @property
    def command(self) -> list[str]:
        return [self.program, "--address", str(self.socket), "--namespace", self.namespace]

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": parts.SEARCHED}

    def __call__(self, *words: str | Path) -> Said:
        return run(*self.command, *words, env=self.env)

    def pull(self, image: str, *options: str) -> Said:
        unpacked = [] if "--all-platforms" in options else [f"--snapshotter={self.snapshotter}"]
        return self("image", "pull", *unpacked, *self._access(), *options, image)

    def push(self, image: str, *options: str) -> Said:
        return self("image", "push", *self._access(), *options, image)

    def refused(self, verb: str, image: str) -> str:
        return refused(*self.command, "image", verb, *self._access(), image, env=self.env)

    def run_image(self, image: str) -> str:
        """Really start a container; what it printed."""
        folder = self.socket.parent
        # The defaults are places of the machine that everybody shares.
        own = [f"--runc-root={folder}/runc", f"--fifo-dir={folder}/fifo", f"--cgroup=/{folder.name}/{self.namespace}"]
        # Not by way of ctr's own output: when a container ends at once, ctr may end before it has copied everything.
        log = folder / f"{self.namespace}.log"
        self("run", "--rm", *own, f"--log-uri=file://{log}", f"--snapshotter={self.snapshotter}", image, "test")
        printed = log.read_text().rstrip("\n")
        log.unlink()
        return printed

    def digest(self, image: str) -> str:
        listed = self("image", "list", f"name=={image}").out.splitlines()[1]
        return next(word for word in listed.split() if word.startswith("sha256:"))

    def forget_all(self) -> None:
        """Remove every image and wait until its content is gone, too."""
        names = self("image", "list", "--quiet").out.split()
        if names:
            self("image", "remove", "--sync", *names)

    def _access(self) -> list[str]:
        credentials = [f"--user={self.account.pair}"] if self.account else []
        return [*credentials, f"--hosts-dir={self.hosts}"]


def write_hosts(folder: Path, registry: Registry) -> Path:
    """What a node's administrator writes for a registry. Without it, ctr takes plain HTTP for granted on loopback."""
    entry = folder / registry.host
    entry.mkdir(parents=True)
    lines = [f'server = "{registry.url}"', f'[host."{registry.url}"]', 'capabilities = ["pull", "resolve", "push"]']
    if registry.authority is not None:
        lines.append(f'ca = "{registry.authority}"')
    (entry / "hosts.toml").write_text("\n".join(lines) + "\n")
    return folder
