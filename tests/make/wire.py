"""A client in this process: one request to an ASGI application, with the protocol checked on the way."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

Headers = dict[str, str] | Sequence[tuple[str, str]]


def basic(name: str, password: str) -> dict[str, str]:
    """The header of HTTP Basic credentials."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        found = self.all(name)
        assert len(found) <= 1, f"{name} is there {len(found)} times"
        return found[0] if found else None

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def codes(self) -> list[str]:
        """The codes of an error in the form of the distribution specification."""
        assert self.header("content-type") == "application/json"
        document = self.json()
        assert document.keys() == {"errors"}
        assert all(one.keys() == {"code", "message", "detail"} for one in document["errors"])
        return [one["code"] for one in document["errors"]]

    @property
    def without_ids(self) -> tuple[int, tuple[tuple[str, str], ...], bytes]:
        """Everything that must be the same when the same request is made again."""
        return self.status, tuple(sorted(one for one in self.headers if one[0] != "x-request-id")), self.body


class Wire:
    """Requests to `app`; every one sends `headers` first."""

    def __init__(self, app: ASGIApp, headers: Headers = ()) -> None:
        self._app = app
        self._headers = _pairs(headers)

    def as_(self, headers: Headers) -> "Wire":
        return Wire(self._app, headers)

    async def __call__(
        self,
        method: str,
        target: str,
        body: bytes | Sequence[bytes] = b"",
        headers: Headers = (),
        length: int | None = None,
    ) -> Answer:
        """Send one request; `target` is as in the request line. Several chunks of body come without a length."""
        path, _, query = target.partition("?")
        chunks = [body] if isinstance(body, bytes) else list(body)
        lines = [("host", "registry.example"), *self._headers, *_pairs(headers)]
        if isinstance(body, bytes) and (body or length is not None):
            lines.append(("content-length", str(len(body) if length is None else length)))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [(key.lower().encode(), value.encode("latin-1")) for key, value in lines],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 5_000),
        }
        incoming: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
            for number, chunk in enumerate(chunks, 1)
        ]
        incoming = incoming or [{"type": "http.request", "body": b"", "more_body": False}]
        sent: list[Message] = []

        async def receive() -> Message:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            sent.append(dict(message))

        await self._app(scope, receive, send)
        return _answer(method, sent)


def _answer(method: str, sent: list[Message]) -> Answer:
    assert [message["type"] for message in sent] == ["http.response.start"] + ["http.response.body"] * (len(sent) - 1)
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * (len(sent) - 2) + [False]
    start, body = sent[0], b"".join(message.get("body", b"") for message in sent[1:])
    headers = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in start["headers"])
    for key, value in headers:
        assert key == key.lower()
        assert value.isprintable(), f"{key}: {value!r}"
    answer = Answer(start["status"], headers, body)
    length = answer.header("content-length")
    if method == "HEAD" or answer.status in (204, 304):
        assert body == b""
    else:
        assert length == str(len(body))
    assert answer.header("x-request-id")
    return answer


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return list(headers.items()) if isinstance(headers, dict) else list(headers)
