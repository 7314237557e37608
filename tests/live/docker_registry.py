"""Debian's docker-registry, as somebody else's registry: for anybody, without the referrers API."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.parts import command
from tests.live.ports import free_port

_READY_SECONDS_MAX = 20.0
_POLL_SECONDS = 0.02


@contextmanager
def running_docker_registry(
    folder: Path, address: str = "127.0.0.1", port: int | None = None, *, logs: bool = False
) -> Iterator[str]:
    """Its address, `http://127.0.0.1:PORT`, while it runs. `logs`: what it answered is in the file `log`."""
    program = command("docker-registry")
    port = port or free_port()
    configuration = configure(folder, port, address, logs=logs)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(configuration)], stdout=log, stderr=log)
    try:
        _wait_answers(process, f"http://{address}:{port}")
        yield f"http://{address}:{port}"
    finally:
        process.terminate()
        process.wait()


def configure(folder: Path, port: int, address: str = "127.0.0.1", *, logs: bool = False) -> Path:
    """The configuration of one that keeps everything below `folder`, and `logs` its answers or nothing."""
    folder.mkdir(parents=True)
    settings = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": not logs}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": f"{address}:{port}", "secret": "tests"},
    }
    file = folder / "config.yml"
    file.write_text(json.dumps(settings))  # JSON is YAML
    return file


def _wait_answers(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/v2/"):  # noqa: S310  # loopback
                return
        except urllib.error.URLError:
            time.sleep(_POLL_SECONDS)  # another process: its socket is the only event there is
    raise AssertionError("docker-registry did not start")
