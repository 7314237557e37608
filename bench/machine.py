"""What the numbers were measured on."""

import os
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("entrepot", "granian", "uvloop", "starlette", "sqlalchemy", "psycopg")
COMMANDS = {
    "docker-registry": ("docker-registry", "--version"),
    "nginx": ("nginx", "-v"),
    "wrk": ("wrk", "-v"),
    "PostgreSQL": ("psql", "--version"),
}


def facts(folder: Path) -> dict[str, str]:
    """Processor, memory, disk below `folder`, kernel, and the versions of everything that took part."""
    found = {
        "processor": _first(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo")),
        "cores": str(len(os.sched_getaffinity(0))),
        "sha instructions": "yes" if " sha_ni " in Path("/proc/cpuinfo").read_text() else "no",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "file system": _file_system(folder),
        "kernel": platform.release(),
        "system": _first(r'^PRETTY_NAME="(.+)"$', Path("/etc/os-release")),
        "Python": platform.python_version(),
    }
    return (
        found | {name: version(name) for name in PACKAGES} | {name: _said(*words) for name, words in COMMANDS.items()}
    )


def busy_cores(seconds: float = 2.0) -> float:
    """How many cores are at work right now. Nothing of ours runs while this looks: it is all other people's."""
    before, started = _busy_ticks(), time.monotonic()
    time.sleep(seconds)
    return (_busy_ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - started)


def _busy_ticks() -> int:
    """Everything but idle and waiting for the disk, of all cores, since the machine started."""
    user, nice, system, _idle, _waiting, *others = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return user + nice + system + sum(others)


def _first(pattern: str, path: Path) -> str:
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    return found[1].strip() if found else "unknown"


def _file_system(folder: Path) -> str:
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return max((len(point), kind) for point, kind in mounts if folder.is_relative_to(point))[1]


def _said(*command: str) -> str:
    """The version a program tells: some on one stream, some on the other."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    found = re.search(r"\d+(?:\.\d+)+[\w+.~-]*", ended.stdout + ended.stderr)
    return found[0] if found else "unknown"
