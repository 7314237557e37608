"""Running a client as a person would, and reading what it says."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS_MAX = 90.0


@dataclass(frozen=True, slots=True)
class Said:
    """A client that ended well: its two streams, without the newline at the end."""

    out: str
    err: str

    @property
    def both(self) -> str:
        return f"{self.out}\n{self.err}"


class ClientFailed(AssertionError):
    """A client ended in another way than the test expects."""


def run(
    *command: str | Path,
    env: Mapping[str, str],
    stdin: str = "",
    folder: Path | None = None,
    seconds_max: float = SECONDS_MAX,
) -> Said:
    """Run `command` with exactly the environment `env`. Raises ClientFailed with all it said unless it ends with 0."""
    code, said = _run(command, env, stdin, folder, seconds_max)
    if code != 0:
        raise ClientFailed(f"{_shown(command)} ended with {code}\n{said.both}")
    return said


def refused(
    *command: str | Path,
    env: Mapping[str, str],
    stdin: str = "",
    folder: Path | None = None,
    seconds_max: float = SECONDS_MAX,
) -> str:
    """Run `command`, which must fail: returns what the person in front of it reads."""
    code, said = _run(command, env, stdin, folder, seconds_max)
    if code == 0:
        raise ClientFailed(f"{_shown(command)} should have been refused\n{said.both}")
    return said.both


def poll(seconds_max: float, every_seconds: float = 0.02) -> Iterator[None]:
    """Turns of a loop that asks another process for something of which there is no event."""
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        yield
        time.sleep(every_seconds)


def _run(
    command: tuple[str | Path, ...], env: Mapping[str, str], stdin: str, folder: Path | None, seconds_max: float
) -> tuple[int, Said]:
    process = subprocess.Popen(
        [str(part) for part in command],
        env=dict(env),
        cwd=folder,
        text=True,
        errors="replace",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # so that a client which hangs is ended together with its children
    )
    try:
        out, err = process.communicate(stdin, timeout=seconds_max)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise ClientFailed(f"{_shown(command)} did not end within {seconds_max:g} s\n{out}\n{err}") from None
    return process.returncode, Said(out.rstrip("\n"), err.rstrip("\n"))


def _shown(command: tuple[str | Path, ...]) -> str:
    return shlex.join(str(part) for part in command)
