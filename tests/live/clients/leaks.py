"""What engines like to leave behind: mounts, processes, network namespaces, control groups.

Everything of an engine lives below one folder, and its control groups below one that has the
folder's name. So whatever still names that folder when the test is over was leaked.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.ending import ends

PATIENCE_SECONDS = 10.0
CGROUPS = Path("/sys/fs/cgroup")


class Leaked(AssertionError):
    """An engine left something of itself on the machine."""


@contextmanager
def watched_folder(name: str) -> Iterator[Path]:
    """An empty folder for one engine, removed after the block. Raises Leaked if the engine is still in it then.

    Not below pytest's own: engines put Unix sockets into it, whose paths have 107 characters at most,
    and a container of podman whose socket has a longer one ends twenty seconds late.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"entrepot-{name}-"))
    try:
        yield folder
        assert_nothing_left(folder)
    finally:
        if not mounts_below(folder):  # never delete through a mount
            shutil.rmtree(folder)


def mounts_below(folder: Path) -> list[Path]:
    """Mount points inside `folder`, innermost first. A network namespace kept by name is a mount, too."""
    points = [Path(_unescaped(line.split()[4])) for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return sorted((point for point in points if folder in point.parents), reverse=True)


def processes_of(folder: Path) -> dict[int, str]:
    """Processes (but this one) whose command line or working directory names `folder`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            named = _named_by(entry)
            if str(folder) in named:
                found[int(entry.name)] = named
    return found


def remove_cgroups(folder: Path) -> list[Path]:
    """Remove the control groups named like `folder`. Engines leave them empty; returned are those still in use."""
    # os.walk, because groups of other tests come and go meanwhile, which it takes as it finds it.
    below = [Path(top) for top, _, _ in os.walk(CGROUPS) if folder.name in Path(top).parts]
    return [path for path in sorted(below, reverse=True) if not _is_removed(path)]


def unmount(folder: Path) -> None:
    """Unmount everything inside `folder`; the engine must be gone."""
    for point in mounts_below(folder):
        subprocess.run(["umount", str(point)], check=True, timeout=PATIENCE_SECONDS)


def assert_nothing_left(folder: Path, patience_seconds: float = PATIENCE_SECONDS) -> None:
    """Give processes that are just ending a moment. Raises Leaked, after removing what was left."""
    processes = {pid: named for pid, named in processes_of(folder).items() if not ends(pid, patience_seconds)}
    mounts = mounts_below(folder)
    cgroups = remove_cgroups(folder)
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
        ends(pid, PATIENCE_SECONDS)
    unmount(folder)
    if processes or mounts or cgroups:
        places = [str(path) for path in (*mounts, *cgroups)]
        raise Leaked(f"left of {folder}: mounts and control groups {places}, processes {processes}")


def _is_removed(cgroup: Path) -> bool:
    try:
        cgroup.rmdir()
    except FileNotFoundError:  # its engine was just about to
        return True
    except OSError:  # a process is in it
        return False
    return True


def _named_by(entry: Path) -> str:
    try:
        command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return f"{command} in {(entry / 'cwd').readlink()}"
    except OSError:  # it ended meanwhile, or is a kernel thread
        return ""


def _unescaped(field: str) -> str:
    return field.replace("\\040", " ").replace("\\134", "\\")
