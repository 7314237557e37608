"""The commands in the README and the tutorial are typed, as they stand there, into a real shell.

The reader's folder is empty but for what a checkout has: the command in `.venv/bin`, `README.md`.
The one thing changed is the address: tests run side by side, so each server has a port of its own.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from entrepot.settings import Settings
from tests.house.files import ROOT
from tests.house.markdown import shell_blocks
from tests.live.clients.commands import SECONDS_MAX
from tests.live.clients.daemons import running_dockerd
from tests.live.clients.docker import Docker
from tests.live.clients.images import write_recipe
from tests.live.conftest import StartServer
from tests.live.parts import SEARCHED, command
from tests.live.process import Server

# With the other tests that start an Engine: one at a time on a machine.
pytestmark = [pytest.mark.xdist_group("dockerd"), pytest.mark.slow]

# Where the documents say the server is: the defaults of `entrepot serve`.
DOCUMENTED = "{host}:{port}".format(**{name: Settings.model_fields[name].default for name in ("host", "port")})
DATA = Settings.model_fields["data"].default
# What starts the server: the harness does it, with the variables before it, as `make serve` would.
START = re.compile(r"^(?P<variables>.*)\bmake serve\b.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """The commands of a page, in order. `variables` are those the server is started with."""

    script: str
    variables: dict[str, str]

    def at(self, host: str) -> str:
        """The script for a server somewhere else than where the page says."""
        return self.script.replace(DOCUMENTED, host)


def document(page: str, *headings: str) -> Document:
    """The shell blocks of a page, only those under `headings` if any are named."""
    blocks = list(shell_blocks((ROOT / page).read_text()))
    missing = set(headings) - {heading for heading, _ in blocks}
    assert not missing, f"{page} has no commands under {missing}"
    script = "".join(block for heading, block in blocks if not headings or heading in headings)
    found = START.search(script)
    variables = shlex.split(found["variables"]) if found else []
    return Document(START.sub("", script), dict(one.split("=", 1) for one in variables))


README = ("README.md", "A first image")
TUTORIAL = ("docs/tutorial.md",)


@pytest.fixture(scope="module")
def engine() -> Iterator[Path]:
    with running_dockerd() as address:
        yield address


@pytest.fixture
def docker(engine: Path, tmp_path: Path) -> Iterator[Docker]:
    somebody = Docker(command("docker", package="docker.io"), engine, tmp_path / "home")
    somebody.home.mkdir()
    yield somebody
    somebody.forget_all()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What a reader has in front of them after `make serve` in another terminal."""
    folder = tmp_path / "checkout"
    (folder / ".venv").mkdir(parents=True)
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / "README.md").write_bytes((ROOT / "README.md").read_bytes())
    return folder


def started(start_server: StartServer, page: Document, checkout: Path) -> Server:
    """The server of the page, on data in the reader's folder; without a password where the page gives none."""
    password = page.variables.get("ENTREPOT_ADMIN_PASSWORD", "")
    server = start_server(data=checkout / DATA, environment={"ENTREPOT_ADMIN_PASSWORD": password})
    server.password = password or (checkout / DATA / "initial-admin-password").read_text().strip()
    return server


def typed(script: str, docker: Docker, folder: Path) -> str:
    """What a shell says that is given `script` and stops at the first command that fails."""
    ended = subprocess.run(
        ["sh", "-eux"],
        input=script,
        cwd=folder,
        env={**docker.env, "PATH": f"{Path(docker.program).parent}{os.pathsep}{SEARCHED}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_the_commands_of_the_readme_do_what_they_say(
    start_server: StartServer, docker: Docker, checkout: Path, tmp_path: Path
) -> None:
    page = document(*README)
    server = started(start_server, page, checkout)
    write_recipe(tmp_path / "busybox")
    docker.build(tmp_path / "busybox", "busybox")  # "any image you have"

    typed(page.at(server.host), docker, checkout)

    for user, password in (("", ""), ("alice", "a long enough one")):
        assert pulled(server, "acme/busybox", user, password) == 200


def test_the_commands_of_the_tutorial_do_what_they_say(
    start_server: StartServer, docker: Docker, checkout: Path
) -> None:
    page = document(*TUTORIAL)
    server = started(start_server, page, checkout)

    said = typed(page.at(server.host), docker, checkout)

    assert "Status: " in said.rpartition("docker pull")[2]  # after `docker logout`
    assert pulled(server, "acme/hello", "alice", "another long one") == 200


def pulled(server: Server, repository: str, user: str, password: str) -> int:
    """The status with which `user`, or nobody, gets the image with the tag 1."""
    auth = (user, password) if user else None
    return httpx2.get(f"{server.url}/v2/{repository}/manifests/1", auth=auth, trust_env=False).status_code
