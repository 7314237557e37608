"""Where the processes of a server count: a folder that they share."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from entrepot.plumbing.processes import is_alive

_MEMORY = Path("/dev/shm")  # noqa: S108  # the folder made in it has a name of its own


@contextmanager
def counting(data: Path) -> Iterator[None]:
    """Have the metrics library count for all processes that start inside.

    It looks for the folder when it is imported, so nothing that counts may have been imported yet.
    """
    numbers = _folder_for_numbers(data)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(numbers)
    try:
        yield
    finally:
        shutil.rmtree(numbers, ignore_errors=True)


def _folder_for_numbers(data: Path) -> Path:
    """A folder of this process's own, empty; those of earlier servers of `data` that are gone are removed.

    In memory where there is such a place: the library maps its files, and a process that touches a
    mapped page for which a full disk has no block is killed (SIGBUS).
    """
    home = _MEMORY if os.access(_MEMORY, os.W_OK) else data
    prefix = f"entrepot-{sha256(bytes(data)).hexdigest()[:8]}"
    for left in home.glob(f"{prefix}-*-*"):
        if not is_alive(int(left.name.split("-")[2])):
            shutil.rmtree(left, ignore_errors=True)
    return Path(mkdtemp(prefix=f"{prefix}-{os.getpid()}-", dir=home))
