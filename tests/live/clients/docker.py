"""The Docker command line of one person, with a login file of their own, before a real Engine.

Docker treats every registry on 127.0.0.0/8 as insecure: it speaks TLS where the registry does, but
does not check the certificate. Whether certificates are checked is for the other clients to show.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.live import parts
from tests.live.clients.commands import Said, refused, run
from tests.live.clients.registries import Account, Registry


@dataclass(frozen=True, slots=True)
class Docker:
    """`docker("pull", ...)`: what it said; `docker.refused("push", ...)`: why it would not."""

    program: str
    socket: Path
    home: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            "PATH": parts.SEARCHED,
            "HOME": str(self.home),
            "DOCKER_HOST": f"unix://{self.socket}",
            "DOCKER_CONFIG": str(self.home),
            "DOCKER_BUILDKIT": "0",  # what every Engine has; BuildKit is asked for where it is tested
        }

    def __call__(self, *words: str | Path, stdin: str = "") -> Said:
        return run(self.program, *words, env=self.env, stdin=stdin)

    def refused(self, *words: str | Path, stdin: str = "") -> str:
        return refused(self.program, *words, env=self.env, stdin=stdin)

    def login(self, registry: Registry, account: Account | None = None) -> Said:
        account = account or registry.owner
        return self("login", "--username", account.name, "--password-stdin", registry.host, stdin=account.password)

    def build(self, folder: Path, image: str) -> Said:
        return self("build", "--network=none", "--tag", image, folder)

    def run_image(self, image: str) -> str:
        """Really start a container; what it printed."""
        return self("run", "--rm", "--network=none", image).out

    def digest(self, image: str) -> str:
        """The digest by which the Engine knows what it pushed or pulled."""
        return self("image", "inspect", "--format={{index .RepoDigests 0}}", image).out.partition("@")[2]

    def forget_all(self) -> None:
        """Remove every container and image, so that the next pull has something to bring."""
        self("system", "prune", "--all", "--force", "--volumes")
