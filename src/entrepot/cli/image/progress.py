"""Progress: a bar for each blob under way, on standard error; none when that is no terminal or JSON is asked for."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from entrepot.values.digest import Digest

if TYPE_CHECKING:
    from rich.progress import Progress

_HEX_SHOWN = 12


class Bars:
    """Bars on a terminal, or nowhere."""

    def __init__(self, shown: "Progress | None") -> None:
        self._shown = shown

    @contextmanager
    def bar(self, label: str, size: int | None) -> Iterator[Callable[[int], None]]:
        """A bar while the block runs; call what it gives with how far it is. Without a size it only moves."""
        if self._shown is None:
            yield _nothing
            return
        shown, task = self._shown, self._shown.add_task(label, total=size)
        try:
            yield lambda to: shown.update(task, completed=to)
        finally:
            shown.remove_task(task)


@contextmanager
def bars(as_json: bool) -> Iterator[Bars]:
    """Bars while the block runs."""
    if as_json or not sys.stderr.isatty():
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as shown:
        yield Bars(shown)


def short(digest: Digest) -> str:
    """A digest as a bar has room for it."""
    return digest.hex[:_HEX_SHOWN]


def _nothing(_to: int) -> None: ...
