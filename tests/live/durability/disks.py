"""Small and failing disks, for real: file systems of a few MiB that fill up, turn read-only, or fail under their files.

with full_disk(folder, 16 * MIB) as disk:       # tmpfs
    disk.fill(); disk.free()

with failing_disk(folder) as disk:              # ext4 on a loop device over a sparse file on a tmpfs
    disk.fail()                                 # the device beneath cannot write any more: EIO
    disk.turn_read_only()                       # as ext4 does by itself after an error (errors=remount-ro)
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live import parts

BALLAST = "ballast"
MIB = 1 << 20


@dataclass(frozen=True)
class Disk:
    """A file system at `folder`."""

    folder: Path

    def free_bytes(self) -> int:
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leave_bytes: int = 0) -> None:
        """Take all space but `leave_bytes`."""
        _fill(self.folder / BALLAST, self.free_bytes() - leave_bytes)

    def free(self) -> None:
        """Give back what `fill` took."""
        (self.folder / BALLAST).unlink()


@dataclass(frozen=True)
class FailingDisk(Disk):
    """A file system whose device fails when told to."""

    ground: Disk
    """What the device itself lies on."""
    device: str

    def fail(self) -> None:
        """From now on nothing new reaches the device: it lies on a full disk itself, and says EIO."""
        self.ground.fill()

    def heal(self) -> None:
        self.ground.free()

    def turn_read_only(self) -> None:
        """By an error the kernel is told to find; files that are open stay open, and cannot be written to."""
        trigger = Path("/sys/fs/ext4") / Path(self.device).name / "trigger_fs_error"
        if not trigger.exists():
            parts.missing("this kernel does not let ext4 fail on purpose (trigger_fs_error)")
        trigger.write_text("made by a test")

    def turn_writable(self) -> None:
        """What an administrator does after looking at the disk: unmount, check, mount."""
        _run("umount", str(self.folder))
        # 1: errors were found and corrected.
        _run("e2fsck", "-fy", self.device, accepted=(0, 1))
        _run("mount", "-o", "errors=remount-ro", self.device, str(self.folder))


@contextmanager
def full_disk(folder: Path, size: int) -> Iterator[Disk]:
    """A tmpfs. Ends the test unless it runs as root."""
    parts.root()
    folder.mkdir(parents=True)
    _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder))
    try:
        yield Disk(folder)
    finally:
        _run("umount", str(folder))


@contextmanager
def failing_disk(folder: Path, size: int = 256 * MIB) -> Iterator[FailingDisk]:
    """Ends the test where there are no loop devices."""
    parts.root()
    parts.command("mkfs.ext4", package="e2fsprogs")
    with ExitStack() as stack:
        ground = stack.enter_context(full_disk(folder / "ground", size))
        image = ground.folder / "image"
        with image.open("wb") as file:
            file.truncate(size - 16 * MIB)
        _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        attached = subprocess.run(
            ["losetup", "--find", "--show", str(image)], capture_output=True, text=True, check=False, timeout=30
        )
        if attached.returncode != 0:
            parts.missing(f"there is no loop device: {attached.stderr.strip()}")
        device = attached.stdout.strip()
        stack.callback(_run, "losetup", "--detach", device)
        mounted = folder / "mounted"
        mounted.mkdir()
        _run("mount", "-o", "errors=remount-ro", device, str(mounted))
        stack.callback(_run, "umount", str(mounted))
        yield FailingDisk(mounted, ground, device)


def _fill(path: Path, size: int) -> None:
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(size, 1))


def _run(*command: str, accepted: tuple[int, ...] = (0,)) -> None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode in accepted, f"{command} ended with {ended.returncode}: {ended.stderr}"
