"""A real distribution as a base image: Debian, made by debootstrap from the mirror this machine uses.

That takes half a minute, so the result is kept for a day in a folder of the temporary one.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live import parts
from tests.live.clients.commands import ClientFailed, run

KEPT_SECONDS = 24 * 3600
SECONDS_MAX = 240.0
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, slots=True)
class Debian:
    """A root file system as one tar."""

    archive: Path
    codename: str

    @property
    def contents(self) -> str:
        """The SHA-256 that `CONTENTS` prints inside: of the names and bytes of all files below /usr."""
        lines = []
        with tarfile.open(self.archive) as tar:
            for entry in tar:
                if (entry.isfile() or entry.islnk()) and entry.name.startswith("./usr/"):
                    data = tar.extractfile(entry)
                    assert data is not None
                    lines.append((entry.name, hashlib.sha256(data.read()).hexdigest()))
        text = "".join(f"{digest}  {name}\n" for name, digest in sorted(lines, key=lambda line: line[0].encode()))
        return hashlib.sha256(text.encode()).hexdigest()


CONTENTS = "cd / && find ./usr -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum"


def make_debian() -> Debian:
    """The base of today. Ends the test if this machine cannot make one."""
    parts.root()
    debootstrap = parts.command("debootstrap")
    codename = _codename()
    with _kept_folder(codename) as folder:
        archive = folder / "rootfs.tar"
        if not archive.exists() or time.time() - archive.stat().st_mtime > KEPT_SECONDS:
            _bootstrap(debootstrap, codename, folder, archive)
    return Debian(archive, codename)


def _bootstrap(debootstrap: str, codename: str, folder: Path, archive: Path) -> None:
    rootfs, unfinished = folder / "rootfs", folder / "rootfs.tar.part"
    env = {name: os.environ[name] for name in PROXIES if name in os.environ}
    env |= {"PATH": parts.SEARCHED, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    if rootfs.exists():  # an earlier run was interrupted
        shutil.rmtree(rootfs)
    try:
        command = [debootstrap, "--variant=minbase", codename, str(rootfs), _mirror(codename)]
        run(*command, env=env, seconds_max=SECONDS_MAX)
    except ClientFailed as failed:
        if "Failed getting release file" in str(failed):
            parts.missing("the mirror that apt is set to use does not answer")
        raise
    run("tar", "--create", "--one-file-system", f"--file={unfinished}", f"--directory={rootfs}", ".", env=env)
    shutil.rmtree(rootfs)
    unfinished.rename(archive)


@contextmanager
def _kept_folder(codename: str) -> Iterator[Path]:
    """A folder nobody else can write to, for one process at a time."""
    folder = Path(tempfile.gettempdir()) / f"entrepot-tests-{codename}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    state = folder.lstat()
    assert (state.st_uid, state.st_mode & 0o777) == (os.getuid(), 0o700), f"{folder} belongs to somebody else"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed
        yield folder


def _codename() -> str:
    release = Path("/etc/os-release").read_text()
    found = re.search(r"^VERSION_CODENAME=(\S+)", release, re.MULTILINE)
    if found is None or "ID=debian" not in release.splitlines():
        parts.missing("the base image is made on Debian only")
    return found[1]


def _mirror(codename: str) -> str:
    """The address from which apt of this machine installs `codename`."""
    folder = Path("/etc/apt/sources.list.d")
    for path in [Path("/etc/apt/sources.list"), *sorted(folder.glob("*.list")), *sorted(folder.glob("*.sources"))]:
        if path.exists():
            for address, suites in _entries(path.read_text()):
                if codename in suites and address.startswith(("http://", "https://")):
                    return address
    return parts.missing(f"apt has no mirror for {codename} that debootstrap could use")


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    """Address and suites of both forms: `deb [options] URI suite component`, and stanzas of fields."""
    for line in text.splitlines():
        if found := re.match(r"deb\s+(?:\[[^]]*]\s+)?(\S+)\s+(\S+)", line):
            yield found[1], [found[2]]
    for stanza in re.split(r"\n\s*\n", text):
        fields = {name.lower(): value for name, value in re.findall(r"^([A-Za-z-]+):[ \t]*(.*)$", stanza, re.MULTILINE)}
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            for address in fields.get("uris", "").split():
                yield address, fields.get("suites", "").split()
