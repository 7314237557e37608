"""What a registry says no with, in words; and how long to wait before asking again."""

import json

import pytest

from entrepot.remote.answers import refusal
from entrepot.remote.retries import wait_before
from entrepot.remote.settings import RemoteSettings
from entrepot.values.errors import RemoteRefused, RemoteUnreachable

URL = "https://registry.example"


def body(code: object = "DENIED", message: object = "you may not") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


@pytest.mark.parametrize(
    ("status", "content", "kind", "said"),
    [
        (403, body(), RemoteRefused, "you may not."),
        (404, body("NAME_UNKNOWN", ""), RemoteRefused, "Name unknown."),
        (404, body(message=7), RemoteRefused, "Denied."),
        (404, b"<html>", RemoteRefused, "Is it a registry?"),
        (302, b"", RemoteRefused, "status 302"),
        (400, b"[" * 100_000, RemoteRefused, "status 400"),
        (400, b'{"errors":[]}', RemoteRefused, "status 400"),
        (500, body(), RemoteUnreachable, "status 500 (you may not). Try again later."),
        (503, b"", RemoteUnreachable, "status 503. Try again later."),
        (429, body("TOOMANYREQUESTS"), RemoteUnreachable, "status 429"),
    ],
)
def test_every_answer_is_a_sentence(status: int, content: bytes, kind: type[Exception], said: str) -> None:
    error = refusal(URL, status, {}, content)

    assert type(error) is kind
    assert said in error.message


def test_what_a_server_says_does_not_drive_the_terminal() -> None:
    error = refusal(URL, 403, {}, body(message="\x1b[2J\x07red\n" + "x" * 5_000))

    assert error.message.isprintable()
    assert len(error.message) < 1_100


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("9" * 50, None)])
def test_the_server_may_say_when_to_come_back(header: str, seconds: float | None) -> None:
    error = refusal(URL, 503, {"retry-after": header}, b"")

    assert isinstance(error, RemoteUnreachable)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    ("attempt", "asked_for", "seconds"),
    [
        (2, None, 0.5),
        (3, None, 1.0),
        (4, None, 2.0),
        (2, 3.0, 3.0),
        (2, 1e9, 20.0),
        (50, None, 20.0),
        (10**6, None, 20.0),
    ],
)
def test_waits_are_doubled_and_bounded(attempt: int, asked_for: float | None, seconds: float) -> None:
    assert wait_before(attempt, RemoteSettings(), asked_for) == seconds


def test_who_may_wait_longer_is_obeyed_longer() -> None:
    patient = RemoteSettings(asked_seconds_max=300.0)

    assert (wait_before(2, patient, 60.0), wait_before(2, patient, 1e9), wait_before(50, patient)) == (
        60.0,
        300.0,
        20.0,
    )
