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
    def count(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar of so many things, none of which has a size."""
        if self._shown is None:
            yield _nothing
            return
        shown, task = self._shown, self._shown.add_task(f"0 of {total} {label}", total=total, counts=True)
        try:
            yield lambda to: shown.update(task, completed=to, description=f"{to} of {total} {label}")
        finally:
            shown.remove_task(task)


@contextmanager
def bars(as_json: bool) -> Iterator[Bars]:
    """Bars while the block runs."""
    if as_json or not sys.stderr.isatty():
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.progress import TransferSpeedColumn as SpeedColumn
    from rich.text import Text

    class Amount(DownloadColumn):
        def render(self, task: Task) -> Text:
            return Text() if task.fields.get("counts") else super().render(task)

    class Speed(SpeedColumn):
        def render(self, task: Task) -> Text:
            return Text() if task.fields.get("counts") else super().render(task)

    columns = (TextColumn("{task.description}"), BarColumn(), Amount(), Speed())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as shown:
        yield Bars(shown)


def short(digest: Digest) -> str:
    """A digest as a bar has room for it."""
    return digest.hex[:_HEX_SHOWN]


def _nothing(_to: int) -> None: ...
