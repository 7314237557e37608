"""A page of the console: where it is, who answers, what is shown when a form is refused."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from starlette.responses import Response

from entrepot.doors.console.visit import Moved, View, Visit

Answer: TypeAlias = View | Moved | Response
Handler: TypeAlias = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or what a form of it does. Its name in metrics and logs is its handler's.

    `again`: the page that holds the form, shown again when the form is refused. `reads_body`: the body is no form;
    the handler reads it itself, and our script sends the session's token in a header. `is_open`: who is not signed in
    may send it, too; all other forms need an account before anything of them is looked at.
    """

    method: str
    path: str
    handler: Handler
    again: Handler | None = None
    reads_body: bool = False
    is_open: bool = False

    @property
    def name(self) -> str:
        return self.handler.__name__
