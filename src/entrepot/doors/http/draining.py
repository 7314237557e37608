"""Bodies that nobody wanted: taken in before the answer leaves, so that the answer arrives.

A refusal often needs no body: the name is wrong, the token too old. If the answer leaves while the
client still sends, the server closes the connection on unread bytes, the kernel resets it, and
the client loses the answer, or its next request on the same connection. So up to a limit the rest
is read and dropped first; beyond it the answer says that the connection closes.
"""

import asyncio

from starlette.types import Message, Receive, Scope, Send

_BYTES_MAX = 64 * 1024 * 1024
_SECONDS_MAX = 3.0
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def drained(scope: Scope, receive: Receive, send: Send) -> tuple[Receive, Send]:
    """`receive` and `send` of a request, its body read to the end before an answer begins."""
    if scope["method"] not in _WITH_BODY:
        return receive, send
    exchange = _Exchange(scope, receive, send)
    return exchange.receive, exchange.send


class _Exchange:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._has_begun = False
        self._has_ended = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._has_begun = True
        self._has_ended = message["type"] == "http.disconnect" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and not await self._is_read():
            message["headers"] = [*message.get("headers", ()), *self._closing()]
        await self._send(message)

    async def _is_read(self) -> bool:
        """Whether all of the body was read, now that what is left and not too much was dropped."""
        if not self._has_ended and self._has_body() and not self._is_waiting_for_us():
            await self._drain()
        return self._has_ended or not self._has_body()

    def _closing(self) -> list[tuple[bytes, bytes]]:
        return [(b"connection", b"close")] if self._scope["http_version"].startswith("1") else []

    def _has_body(self) -> bool:
        return any(
            (key == b"content-length" and value != b"0") or key == b"transfer-encoding"
            for key, value in self._scope["headers"]
        )

    def _is_waiting_for_us(self) -> bool:
        """The client sends nothing before it hears from us, or more than we would take: no use in reading."""
        if self._has_begun:
            return False
        for key, value in self._scope["headers"]:
            if key == b"expect" or (key == b"content-length" and value.isdigit() and int(value) > _BYTES_MAX):
                return True
        return False

    async def _drain(self) -> None:
        dropped = 0
        try:
            async with asyncio.timeout(_SECONDS_MAX):
                while not self._has_ended and dropped < _BYTES_MAX:
                    dropped += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
