"""Identifiers that nobody can guess, and request ids that are cheap."""

import os
import secrets
import time
from itertools import count
from uuid import uuid4


def new_id() -> str:
    """32 hexadecimal digits from the system's randomness: users, uploads."""
    return uuid4().hex


def new_id_in_time() -> str:
    """The same for rows that come in millions: later ids are greater, so an index of them grows at one end only.

    48 bits of milliseconds, 80 of randomness.
    """
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def new_secret() -> str:
    """A password or token of 192 bits, safe in URLs and shells."""
    return secrets.token_urlsafe(24)


def new_hex_secret() -> str:
    """A password of 256 bits in 64 hexadecimal digits, where a contract wants that."""
    return secrets.token_hex(32)


class RequestIds:
    """Request ids: unique over processes, without asking the system for randomness each time."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(6)
        self._numbers = count(1)

    def next(self) -> str:
        return f"{self._prefix}{next(self._numbers):010x}"
