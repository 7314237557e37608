"""The servers that are measured, each a fresh process over a fresh folder."""

import getpass
import json
import os
import signal
import subprocess
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.live.api import Api
from tests.live.docker_registry import configure
from tests.live.ports import free_port
from tests.live.process import Option, Server, running_server

ORGANIZATION = "bench"
REPOSITORY = f"{ORGANIZATION}/app"
SCOPE = f"repository:{REPOSITORY}:pull,push"
START_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Target:
    """A server that runs: where it is, what to send along, whose processor time counts."""

    name: str
    port: int
    pid: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def entrepot(folder: Path, name: str = "entrepot", **options: Option) -> Iterator[Target]:
    """Our server with one worker, everything else at its default, and a Bearer token to pull and push."""
    with running_server(folder, environment=None, workers=1, **options) as server:
        with Api(server) as api:
            api.create_org(ORGANIZATION)
        yield Target(name, server.port, server.pid, {"Authorization": f"Bearer {new_token(server)}"})


def new_token(server: Server) -> str:
    """A token as `docker` gets one: valid five minutes by default, longer than any one measurement."""
    question = urllib.request.Request(f"{server.url}/auth/token?service=entrepot&scope={SCOPE}")  # noqa: S310  # loopback
    pair = b64encode(f"{server.user}:{server.password}".encode()).decode()
    question.add_header("Authorization", f"Basic {pair}")
    with urllib.request.urlopen(question, timeout=10) as answer:  # noqa: S310
        token: str = json.load(answer)["token"]
        return token


@contextmanager
def docker_registry(folder: Path) -> Iterator[Target]:
    """Debian's docker-registry for anybody, without a word in its log."""
    port = free_port()
    with running(["docker-registry", "serve", str(configure(folder, port))], folder, port) as pid:
        yield Target("docker-registry", port, pid)


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[Target]:
    """nginx that sends the files below `root` with sendfile: what the machine can do."""
    folder.mkdir(parents=True)
    port = free_port()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""
user {getpass.getuser()};
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; {temporary}
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""
    )
    with running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, port) as pid:
        yield Target("nginx", port, pid)


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[int]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_answers(process, f"http://127.0.0.1:{port}/")
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_answers(process: subprocess.Popen[bytes], url: str) -> None:
    """Return as soon as `url` answers, whatever it says. Raises RuntimeError when it does not."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310
        except urllib.error.HTTPError as refused:
            refused.close()
            return
        except OSError:
            time.sleep(0.002)
            continue
        return
    raise RuntimeError(f"{process.args!r} does not answer")
