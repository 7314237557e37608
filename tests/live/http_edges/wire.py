"""Requests byte for byte, and the answer to them or the fact that there was none."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

from tests.live.conformance.client import Registry

SECONDS_MAX = 15.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name.lower()), None)

    @property
    def codes(self) -> list[str]:
        parsed: dict[str, Any] = json.loads(self.body)
        return [error["code"] for error in parsed["errors"]]

    def __str__(self) -> str:
        lines = [str(self.status), *(f"   {key}: {value}" for key, value in self.headers)]
        return "\n".join([*lines, self.body[:1000].decode("utf-8", "replace")])


class Wire:
    """An open connection to the registry."""

    def __init__(self, registry: Registry, plug: socket.socket) -> None:
        self.registry, self.plug = registry, plug

    def send(self, raw: bytes) -> None:
        """Send as much as the registry takes: it may have answered and closed already."""
        try:
            self.plug.sendall(raw)
        except OSError:
            return

    def end(self) -> None:
        """Say that nothing more will come, and keep listening."""
        try:
            self.plug.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def reply(self, method: str = "GET") -> Reply:
        """The next answer. Fails when the registry closes without one, or says nothing."""
        found = self.reply_or_close(method)
        assert found is not None, "the registry closed the connection without an answer"
        return found

    def reply_or_close(self, method: str = "GET") -> Reply | None:
        """The next answer, or None when the registry closed instead. Silence fails."""
        response = HTTPResponse(self.plug, method=method)
        try:
            response.begin()
            body = response.read()
        except TimeoutError:
            raise AssertionError(f"no answer within {self.plug.gettimeout()} s") from None
        except (HTTPException, ConnectionError):
            return None
        headers = tuple((key.lower(), value) for key, value in response.getheaders())
        return Reply(response.status, headers, body)

    def rest(self) -> bytes:
        """Everything until the registry closes."""
        found = b""
        try:
            while piece := self.plug.recv(65536):
                found += piece
        except ConnectionError:
            return found
        except TimeoutError:
            raise AssertionError(f"the connection stayed open, after {found[:500]!r}") from None
        return found


@contextmanager
def connected(registry: Registry, seconds_max: float = SECONDS_MAX) -> Iterator[Wire]:
    parts = urlsplit(registry.url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), seconds_max) as plug:
        yield Wire(registry, plug)


def head(
    registry: Registry, method: str, target: str | bytes, *lines: str | bytes, host: str = "", close: bool = True
) -> bytes:
    """The head of a request, authenticated as the registry's administrator."""
    raw = [method.encode() + b" " + encoded(target) + b" HTTP/1.1", f"Host: {host or host_of(registry)}".encode()]
    if registry.mode != "none":
        raw.append(f"Authorization: {registry.basic}".encode())
    if close:
        raw.append(b"Connection: close")
    raw += [encoded(line) for line in lines]
    return b"\r\n".join(raw) + b"\r\n\r\n"


def exchange(registry: Registry, method: str, target: str | bytes, *lines: str | bytes, body: bytes = b"") -> Reply:
    """Send one request and return its answer; fails when there is none."""
    extra = [f"Content-Length: {len(body)}"] if body or method in ("PUT", "POST", "PATCH") else []
    with connected(registry) as wire:
        wire.send(head(registry, method, target, *lines, *extra) + body)
        return wire.reply(method)


def chunks(*pieces: bytes) -> bytes:
    """A whole chunked body."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def host_of(registry: Registry) -> str:
    return urlsplit(registry.url).netloc


def encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def check_refused(reply: Reply, *codes: str, method: str = "GET") -> Reply:
    """A 4xx with an OCI error body."""
    check_sane(reply)
    assert 400 <= reply.status < 500, str(reply)
    if method != "HEAD":
        assert reply.codes, str(reply)
        assert not codes or set(codes) & set(reply.codes), str(reply)
    return reply


def check_refused_early(reply: Reply | None) -> None:
    """A 4xx (501 for a coding nobody knows), with or without a body: it never became a request."""
    assert reply is not None, "the registry closed the connection without an answer"
    check_sane(reply)
    assert 400 <= reply.status < 500 or reply.status in (501, 505), str(reply)


def check_sane(reply: Reply) -> None:
    """No failure, no page, no traceback, no foreign header."""
    assert reply.status not in (500, 502, 503, 504), f"the registry failed\n{reply}"
    assert b"<html" not in reply.body.lower(), str(reply)
    assert b"Traceback" not in reply.body, str(reply)
    assert b"root:" not in reply.body, str(reply)
    assert reply.header("X-Evil") is None, str(reply)
