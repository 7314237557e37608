"""Presence: which blobs a node has, as a Bloom filter: small enough to be sent and kept, wrong now and then.

A digest is uniform by itself, so its own bits say where it stands; nothing is hashed again. A filter that says yes in
error costs a fetch from the center; one that says no, a node that is asked all the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_PROBES: Final = 6
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
        size = len(self.bits) * 8
        return size > 0 and all(self.bits[at >> 3] & (1 << (at & 7)) for at in _places(hexadecimal, size))


NOTHING: Final = Presence()


def presence_of(digits: Iterable[str], count: int) -> Presence:
    """The filter of about `count` blobs, given by their hexadecimal digits."""
    size = _BYTES_MIN
    while size * 8 < count * _BITS_PER_BLOB and size < BYTES_MAX:
        size *= 2
    bits = bytearray(size)
    for one in digits:
        for at in _places(one, size * 8):
            bits[at >> 3] |= 1 << (at & 7)
    return Presence(bytes(bits))


def is_presence(bits: bytes) -> bool:
    """Whether this can be a filter: what a node sends is not believed unseen."""
    return _BYTES_MIN <= len(bits) <= BYTES_MAX and len(bits) & (len(bits) - 1) == 0


def _places(hexadecimal: str, size: int) -> list[int]:
    """Bits of a filter of `size` bits (a power of two): each from eight digits of the digest."""
    return [int(hexadecimal[8 * probe : 8 * probe + 8], 16) & (size - 1) for probe in range(_PROBES)]
