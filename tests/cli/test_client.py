"""The client against servers that are not what they should be: a sentence and an exit code, never a traceback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from entrepot.cli.output import last_day, size
from tests.cli.run import Run


class Stranger(HTTPServer):
    """Answers every request with `status`, `body` and a redirect's target; a status of 0 hangs up."""

    status = 200
    body = b"{}"
    seen: tuple[str, str] = ("", "")


class _Handler(BaseHTTPRequestHandler):
    server: Stranger

    def do_GET(self) -> None:
        self.server.seen = (self.path, self.headers.get("Authorization", ""))
        if self.server.status == 0:
            self.close_connection = True
            return
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # the names the library looks for

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def stranger(home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stranger]:
    with Stranger(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("ENTREPOT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("ENTREPOT_USER", "ann")
        monkeypatch.setenv("ENTREPOT_PASSWORD", "päss:word")
        yield server
        server.shutdown()
        thread.join()


def problem(message: str, code: str = "X") -> bytes:
    return json.dumps({"error_code": code, "error_msg": message}).encode()


@pytest.mark.parametrize(
    ("status", "body", "code", "said"),
    [
        (403, problem("acme/web is not yours"), 1, "entrepot: acme/web is not yours.\n"),
        (
            404,
            problem("There is none.", "SVCSTG.SWR.4040058"),
            1,
            "There is none. See which there are: entrepot org list",
        ),
        (404, problem("Run: entrepot x", "SVCSTG.SWR.4040058"), 1, "entrepot: Run: entrepot x"),
        (
            403,
            problem("ann may not do repository:delete-content on acme/a/web: that needs manage."),
            1,
            " on acme/a/web: that needs manage. See why: entrepot explain me delete-content acme/a/web\n",
        ),
        (404, problem("There is no such thing."), 1, "There is no such thing."),
        (401, problem("Wrong."), 1, "Wrong. Run: entrepot login http://127.0.0.1"),
        (500, problem("Broken."), 3, "Try again later."),
        (503, problem("Busy."), 3, "Try again later."),
        (200, b"<html>welcome", 3, "does not answer like an entrepot server"),
        (404, b"<html>no", 3, "does not answer like an entrepot server"),
        (404, b"[]", 3, "does not answer like an entrepot server"),
        (502, b"", 3, "does not answer like an entrepot server"),
        (302, b"", 3, "does not answer like an entrepot server"),
        (0, b"", 3, "cannot be reached"),
    ],
)
def test_an_answer_becomes_a_sentence_and_an_exit_code(
    run: Run, stranger: Stranger, status: int, body: bytes, code: int, said: str
) -> None:
    stranger.status, stranger.body = status, body

    ran = run("org", "create", "acme")

    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert ran.err.startswith("entrepot: ")
    assert ran.err.count("\n") == 1


def test_what_a_server_says_does_not_drive_the_terminal(run: Run, stranger: Stranger) -> None:
    stranger.status, stranger.body = 403, problem("\x1b[2J\x07red\n" + "x" * 5_000)

    ran = run("org", "create", "acme")

    assert ran.err.strip("\n").isprintable()
    assert len(ran.err) < 1_200


def test_nobody_listening_is_its_own_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch, stranger: Stranger) -> None:
    monkeypatch.setenv("ENTREPOT_URL", "http://127.0.0.1:1")

    ran = run("user", "list")

    assert ran.code == 3
    assert "Is the server running (entrepot serve)?" in ran.err


def test_credentials_go_as_utf_8(run: Run, stranger: Stranger) -> None:
    import base64

    run("org", "create", "acme")

    assert base64.b64decode(stranger.seen[1].removeprefix("Basic ")).decode() == "ann:päss:word"


@pytest.mark.parametrize(
    "arguments",
    [
        ("org", "create", "Acme"),
        ("org", "create", "../x"),
        ("org", "delete", "a/b", "--yes"),
        ("repo", "delete", "acme", "--yes"),
        ("repo", "set", "acme/../../users", "--public"),
        ("tag", "list", "acme/web?x"),
        ("user", "disable", "../ann"),
        ("user", "create", "a/b", "--password", "a long enough password"),
        ("grant", "set", "acme/$", "--user", "ann", "--level", "read"),
    ],
)
def test_a_name_that_cannot_be_never_reaches_a_server(run: Run, stranger: Stranger, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)

    assert ran.code == 1, ran
    assert stranger.seen == ("", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("org", "create"),
        ("org", "set", "acme"),
        ("org", "set", "acme", "--sparse", "maybe"),
        ("org", "delete", "acme"),
        ("repo", "set", "acme/web"),
        ("repo", "set", "acme/web", "--public", "--private"),
        ("grant", "set", "acme", "--user", "ann"),
        ("grant", "set", "acme", "--user", "ann", "--level", "own"),
        ("grant", "set", "acme", "--level", "read"),
        ("tag", "delete", "acme/web", "--yes"),
        ("tag", "delete", "registry.example/acme/web:1", "--yes"),
        ("user", "create", "ann"),
        ("user", "create", "ann", "--password", "x", "--password-stdin"),
        ("login", "http://127.0.0.1:1"),
        ("nothing",),
    ],
)
def test_wrong_usage_is_its_own_exit_code(run: Run, stranger: Stranger, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)

    assert ran.code == 2, ran
    assert stranger.seen == ("", "")


def test_without_a_sign_in_the_next_step_is_named(run: Run) -> None:
    ran = run("org", "list")

    assert ran.code == 1
    assert "Run: entrepot login http://127.0.0.1:5000 -u USER" in ran.err


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 * 1024**3, "5.0 GiB"), (3 * 1024**5, "3072.0 TiB")],
)
def test_sizes_are_readable(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("2027-02-01T00:00:00.000000Z", "2027-01-31"),
        ("2027-02-01T12:30:00.000000Z", "2027-02-01 12:30:00"),
        (None, ""),
    ],
)
def test_an_end_is_told_by_its_last_day_where_it_has_one(end: str | None, said: str) -> None:
    assert last_day(end) == said
