"""Structured logs: one line an event, as JSON or for a console, with the request's id."""

import logging
import sys
from contextvars import ContextVar
from typing import Any, Literal

# structlog draws tracebacks with rich when it finds it. Ours are plain, and loading rich takes a tenth of a start.
_rich = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]  # how Python is told that there is no such module
import structlog  # noqa: E402

if _rich is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _rich

get_logger = structlog.get_logger

request_id: ContextVar[str] = ContextVar("request_id", default="")

LogFormat = Literal["console", "json"]


def configure(form: LogFormat, level: str) -> None:
    """Send this process's logs, the libraries' too, to standard error in `form`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer], foreign_pre_chain=shared
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))


def _add_request_id(_logger: Any, _method: str, event: Any) -> Any:
    if current := request_id.get():
        event["request_id"] = current
    return event
