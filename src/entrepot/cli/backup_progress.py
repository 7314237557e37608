"""What `entrepot backup`, `restore` and `migrate` show: a bar on standard error, where that is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

from entrepot.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from entrepot.backups.progress import Phase

_WORDS: Final = {"facts": "facts", "blobs": "blobs", "check": "checking blobs"}


class Bars:
    """A bar for the phase under way; nothing without a terminal."""

    def __init__(self, shown: "Progress | None") -> None:
        self._shown = shown
        self._task: TaskID | None = None

    def begin(self, phase: "Phase", total: int | None) -> None:
        if self._shown is None:
            return
        if self._task is not None:
            self._shown.remove_task(self._task)
        self._task = self._shown.add_task(_WORDS[phase.value], total=total)

    def add(self, count: int) -> None:
        if self._shown is not None and self._task is not None:
            self._shown.advance(self._task, count)


@contextmanager
def told(as_json: bool) -> Iterator[Bars]:
    """A bar while the block runs."""
    if as_json or not sys.stderr.isatty():
        yield Bars(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield Bars(shown)


@contextmanager
def full_disk(said: str) -> Iterator[None]:
    """A disk that is full in the block is a failure of this machine: a sentence, and the exit code for that."""
    from entrepot.values.errors import StorageFull

    try:
        yield
    except StorageFull as error:
        typer.echo(f"entrepot: {said}: make room, and run it again; it goes on. ({error.message})", err=True)
        raise typer.Exit(ExitCode.MACHINE) from None
