"""Digest: the name of content that follows from the content itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from entrepot.values.errors import DigestInvalid, quoted, worded

ALGORITHMS: Final[Mapping[str, int]] = MappingProxyType({"sha256": 64, "sha512": 128})
"""The algorithms this registry knows, with the number of hex digits each one makes."""

_match = re.compile(r"(sha256):([a-f0-9]{64})|(sha512):([a-f0-9]{128})").fullmatch


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A checked digest; `str()` gives its one spelling, `sha256:…`. Made by `parse` or `of`, never by hand."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> Digest:
        """The digest that `text` spells; hex digits are lower-case (image-spec, descriptor.md, "Digests").

        Raises DigestInvalid, also for an algorithm this registry does not know.
        """
        found = _match(text)
        if found is None:
            raise DigestInvalid(_what_is_wrong(text))
        if found[1] is None:
            return cls("sha512", found[4])
        return cls("sha256", found[2])

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> Digest:
        """The digest of `data`. Raises DigestInvalid for an algorithm this registry does not know."""
        if algorithm not in ALGORITHMS:
            raise DigestInvalid(_unsupported(algorithm))
        return cls(algorithm, hashlib.new(algorithm, data).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def _what_is_wrong(text: str) -> str:
    algorithm, colon, _ = text.partition(":")
    if not colon:
        return worded("a digest is written algorithm:hex, as in sha256:…, not {text}", text=quoted(text))
    if algorithm not in ALGORITHMS:
        return _unsupported(algorithm)
    return worded(
        "a {algorithm} digest has {algorithms} lower-case hex digits; {text} has not",
        algorithm=algorithm,
        algorithms=ALGORITHMS[algorithm],
        text=quoted(text),
    )


def _unsupported(algorithm: str) -> str:
    return worded(
        "digest algorithm {algorithm} is not supported; use {algorithms}",
        algorithm=quoted(algorithm),
        algorithms=" or ".join(ALGORITHMS),
    )
