"""dockerd and containerd, each with folders and sockets of its own, so that the machine's own are never touched."""

import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live import parts
from tests.live.clients import leaks
from tests.live.clients.commands import poll
from tests.live.clients.containers import storage_driver

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 30.0
ENVIRONMENT = {"PATH": parts.SEARCHED, "LC_ALL": "C.UTF-8"}


class DaemonFailed(AssertionError):
    """A daemon did not come up, or did not go away."""


@contextmanager
def running_dockerd(settings: str = "{}") -> Iterator[Path]:
    """The socket of a Docker Engine inside the block, with these `settings` in its daemon.json.

    Raises `leaks.Leaked` if anything of it stays.
    """
    parts.root()
    daemon = parts.command("dockerd", package="docker.io")
    with leaks.watched_folder("engine") as folder:
        address = folder / "docker.sock"
        command = [daemon, f"--host=unix://{address}", f"--data-root={folder}/data", f"--exec-root={folder}/exec"]
        command += [
            f"--cgroup-parent=/{folder.name}",
            f"--pidfile={folder}/docker.pid",
            f"--storage-driver={_docker_driver(folder)}",
        ]
        # Nothing of the machine's network is touched. Registries on 127.0.0.0/8 may always speak plain HTTP.
        command += [
            "--bridge=none",
            "--iptables=false",
            "--ip6tables=false",
            f"--config-file={_config(folder, settings)}",
        ]
        with _running(command, folder, lambda: _answers(address)):
            yield address


@contextmanager
def running_containerd() -> Iterator[Path]:
    """The socket of a containerd inside the block. Raises `leaks.Leaked` if anything of it stays."""
    parts.root()
    daemon = parts.command("containerd")
    with leaks.watched_folder("engine") as folder:
        address = folder / "containerd.sock"
        (folder / "config.toml").write_text(
            f"""
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{address}"
[debug]
level = "info"
# What one test pulled must not spare another one the pull.
[plugins."io.containerd.metadata.v1.bolt"]
content_sharing_policy = "isolated"
[plugins."io.containerd.internal.v1.opt"]
path = "{folder}/opt"
"""
        )
        asked = [parts.command("ctr", package="containerd"), "--address", str(address), "version"]

        def is_ready() -> bool:
            return subprocess.run(asked, capture_output=True, check=False, timeout=START_SECONDS_MAX).returncode == 0

        with _running([daemon, "--config", str(folder / "config.toml")], folder, is_ready):
            yield address


@contextmanager
def _running(command: list[str], folder: Path, is_ready: Callable[[], bool]) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        for _ in poll(START_SECONDS_MAX):
            if process.poll() is not None:
                raise DaemonFailed(f"{command[0]} ended with {process.returncode}\n{_tail(log)}")
            if is_ready():
                break
        else:
            raise DaemonFailed(f"{command[0]} was not ready after {START_SECONDS_MAX:g} s\n{_tail(log)}")
        yield
    finally:
        _end(process, log)
        leaks.unmount(folder)  # dockerd leaves the network namespace of `--network=none` mounted


def _end(process: subprocess.Popen[bytes], log: Path) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise DaemonFailed(f"pid {process.pid} was still there after SIGTERM\n{_tail(log)}") from None


def _answers(address: Path) -> bool:
    """True when the Engine's API answers a ping."""
    try:
        with socket.socket(socket.AF_UNIX) as plain:
            plain.settimeout(5)
            plain.connect(str(address))
            plain.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            answer = http.client.HTTPResponse(plain)
            answer.begin()
            return answer.status == 200
    except (OSError, http.client.HTTPException):
        return False


def _docker_driver(folder: Path) -> str:
    return storage_driver(folder, layered="overlay2")


def _config(folder: Path, settings: str) -> Path:
    """Keeps dockerd from reading the machine's own `daemon.json`."""
    (folder / "daemon.json").write_text(settings)
    return folder / "daemon.json"


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-8000:]
