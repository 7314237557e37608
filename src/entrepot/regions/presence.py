"""Presence: which blobs a node has, as a Bloom filter: small enough to be sent and kept, wrong now and then.

A digest is uniform by itself, so its own bits say where it stands; nothing is hashed again. A filter that says yes in
error costs a fetch from the center; one that says no, a node that is asked all the same.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_PROBES: Final = struct.Struct(">6I")
_BITS_PER_BLOB: Final = 10
_BYTES_MIN: Final = 1 << 10
BYTES_MAX: Final = 4 << 20
"""Enough for three million blobs with one error in a hundred."""


@dataclass(frozen=True, slots=True)
class Presence:
    """`bits`: a power of two of bytes; empty: nothing is known to be there."""

    bits: bytes = b""

    def __contains__(self, hexadecimal: str) -> bool:
        """Whether the blob with these hexadecimal digits is probably there."""
        return self.holds(probes_of(hexadecimal))

    def holds(self, probes: tuple[int, ...]) -> bool:
        """The same, of a blob whose probes are known: who asks many filters makes them once."""
        bits = self.bits
        if not bits:
            return False
        last = len(bits) * 8 - 1
        for probe in probes:  # no `all`: it takes twice as long, and a pull asks every node of a region
            at = probe & last
            if not bits[at >> 3] & (1 << (at & 7)):
                return False
        return True


NOTHING: Final = Presence()


def presence_of(digits: Iterable[str], count: int) -> Presence:
    """The filter of about `count` blobs, given by their hexadecimal digits."""
    size = _BYTES_MIN
    while size * 8 < count * _BITS_PER_BLOB and size < BYTES_MAX:
        size *= 2
    bits = bytearray(size)
    for one in digits:
        for probe in probes_of(one):
            at = probe & (size * 8 - 1)
            bits[at >> 3] |= 1 << (at & 7)
    return Presence(bytes(bits))


def is_presence(bits: bytes) -> bool:
    """Whether this can be a filter: what a node sends is not believed unseen."""
    return _BYTES_MIN <= len(bits) <= BYTES_MAX and len(bits) & (len(bits) - 1) == 0


def probes_of(hexadecimal: str) -> tuple[int, ...]:
    """Where a blob stands in a filter, before that is cut to a filter's size: each from eight digits of the digest."""
    return _PROBES.unpack(bytes.fromhex(hexadecimal[:48]))
