"""A disk that fails at a chosen call: stands in for the module `os` inside `entrepot.blobs.disk`."""

import errno
import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """The `number`th time that `os.<name>` is called."""

    name: str
    number: int


class WatchedOs:
    """`os`, writing down every call; the call `failing` raises `error` instead."""

    def __init__(self, failing: Call | None = None, error: int = 0) -> None:
        self.calls: list[tuple[Call, tuple[Any, ...]]] = []
        self.has_failed = False
        self._failing = failing
        self._error = error
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> object:
        real = getattr(os, name)
        return self._watched(name, real) if callable(real) else real

    def _watched(self, name: str, real: Callable[..., object]) -> Callable[..., object]:
        def watched(*args: object, **kwargs: object) -> object:
            with self._lock:
                self._counts[name] += 1
                call = Call(name, self._counts[name])
                self.calls.append((call, args))
            if call != self._failing:
                return real(*args, **kwargs)
            self.has_failed = True
            if name == "close":
                real(*args)  # Linux closes the descriptor, whatever it then says
            raise OSError(self._error, os.strerror(self._error))

        return watched


ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)
