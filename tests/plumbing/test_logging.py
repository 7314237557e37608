"""Logs: one line an event, with the request's id, in the form that was asked for; the libraries' too."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from entrepot.plumbing.logging import LogFormat, configure, request_id


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err.splitlines()


def test_a_line_of_json_says_what_when_and_for_which_request(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json", "info")
    token = request_id.set("r1")
    try:
        structlog.get_logger().info("something\nhappened", size=3, name="\ud800")
        logging.getLogger("library").warning("of a %s", "library")
    finally:
        request_id.reset(token)
    structlog.get_logger().info("outside")
    structlog.get_logger().debug("too little to tell")

    own, foreign, outside = (json.loads(line) for line in lines(capsys))

    assert (own["event"], own["level"], own["request_id"], own["size"]) == ("something\nhappened", "info", "r1", 3)
    assert own["timestamp"].endswith("Z")
    assert (foreign["event"], foreign["level"], foreign["request_id"]) == ("of a library", "warning", "r1")
    assert "request_id" not in outside


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_failure_is_logged_with_its_place(form: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    configure(form, "warning")
    try:
        raise OSError("the disk")
    except OSError:
        structlog.get_logger().exception("broken")

    shown = "\n".join(lines(capsys))

    assert "broken" in shown and "OSError: the disk" in shown and "test_logging.py" in shown
    assert form != "json" or len(shown.splitlines()) == 1


def test_what_strangers_send_makes_no_second_line_on_a_console(capsys: pytest.CaptureFixture[str]) -> None:
    configure("console", "info")

    structlog.get_logger().info("request", path="/v2/\r\n2026 [info] forged \x1b[31m")

    (line,) = lines(capsys)
    assert "\x1b" not in line
