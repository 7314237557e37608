"""One call of the management API, as the tables of them have it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

from entrepot.doors.manage.problems import Problems

_PACKAGE = __name__.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Route:
    """One call. Its name in metrics, logs and the API description is its handler's.

    `is_open` calls need no sign-in. The body of one that `reads_bytes` is no JSON: it takes them as they come.
    `without_none`: fields without a value are absent from its answer.
    """

    method: str
    path: str
    handler: Callable[..., Any]
    status: int = 200
    problems: Problems = field(default_factory=dict)
    is_open: bool = False
    is_described: bool = True
    reads_bytes: bool = False
    without_none: bool = False
    answers: type[Response] = JSONResponse

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def group(self) -> str:
        return self.handler.__module__.removeprefix(f"{_PACKAGE}.").partition(".")[0]
