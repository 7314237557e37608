"""Real parts a live test stands on: commands, accounts of the machine, the right to be root.

A part that is missing skips the test and says why. Under `CI=true` it fails instead: there, every
part was installed on purpose, and a silent skip would be a hole in the suite.
"""

import os
import pwd
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

# Debian keeps daemons and PostgreSQL's own tools outside an ordinary user's PATH.
SEARCHED = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", "/usr/local/sbin"])


def command(name: str, *, package: str | None = None) -> str:
    """The path of the command `name`, or the end of the test if this machine does not have it."""
    found = shutil.which(name, path=SEARCHED)
    if found is None:
        missing(f"the command {name} is not installed (Debian package {package or name})")
    return found


def postgresql_command(name: str) -> str:
    """The path of a PostgreSQL server tool such as `initdb`, the newest version installed."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True):
        if (folder / name).exists():
            return str(folder / name)
    return command(name, package="postgresql-15")


def account(name: str) -> pwd.struct_passwd:
    """The account `name` of this machine, or the end of the test."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        missing(f"this machine has no account {name}")


def root() -> None:
    """Ends the test unless it runs as root."""
    if os.geteuid() != 0:
        missing("it needs to run as root")


def missing(reason: str) -> NoReturn:
    """Skip the test because of `reason`; fail it when `CI=true`."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI=true, and {reason}", pytrace=False)
    pytest.skip(reason)


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0
