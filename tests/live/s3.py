"""An S3 service for tests: moto's server, in a process of its own, with its data in memory."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx2

from tests.live import parts
from tests.live.api import fresh_name
from tests.live.ports import free_port
from tests.live.process import POLL_SECONDS, ServerFailed

REGION = "us-east-1"
READY_SECONDS_MAX = 30.0

# moto lets everyone in, but a client signs with something.
CREDENTIALS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True, slots=True)
class S3:
    """A running S3 service; its buckets need no credentials that matter, `environment` has some."""

    port: int
    environment: Mapping[str, str]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self, prefix: str = "images") -> str:
        """The storage URL of a prefix in a new bucket, as the setting `storage_url` takes it."""
        bucket = fresh_name("bucket")
        httpx2.put(f"{self.endpoint}/{bucket}", trust_env=False).raise_for_status()
        return f"s3://{bucket}/{prefix}?endpoint={self.endpoint}&region={REGION}"


@contextmanager
def running_s3(folder: Path) -> Iterator[S3]:
    """A service inside the block; what it prints goes to `folder`. Ends the test if moto is not installed."""
    if find_spec("moto") is None:
        parts.missing("the Python package moto[server] is not installed")
    port, log = free_port(), folder / "s3.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        service = S3(port, CREDENTIALS)
        _wait_ready(service, process, log)
        yield service
    finally:
        process.kill()
        process.wait()


def _wait_ready(service: S3, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx2.get(service.endpoint, trust_env=False)
        except httpx2.TransportError:
            time.sleep(POLL_SECONDS)  # another process: its socket is the only event there is
        else:
            return
    raise ServerFailed(f"moto is not answering\n{log.read_text(errors='replace')}")
