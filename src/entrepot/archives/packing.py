"""Packing: gzip and Zstandard, recognised by their first bytes, unpacked in bounded pieces; gzip also made."""

import sys
import zlib
from collections.abc import Iterable, Iterator
from enum import StrEnum

from entrepot.archives.blob import CHUNK_BYTES
from entrepot.archives.settings import ArchiveSettings
from entrepot.values.errors import ArchiveInvalid, quoted, worded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_ZSTD_WINDOW_LOG_MAX = 27  # 128 MiB, the most that `zstd` itself unpacks without being told
_GZIP_LEVEL = 6
_ZEROS = b"\0"


class Packing(StrEnum):
    """How bytes are compressed."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"
    OTHER = "other"
    """Something that neither Docker's images nor OCI's may use."""


_MAGIC = (
    (b"\x1f\x8b", Packing.GZIP),
    (b"\x28\xb5\x2f\xfd", Packing.ZSTD),
    (b"BZh", Packing.OTHER),
    (b"\xfd7zXZ\0", Packing.OTHER),
    (b"PK\x03\x04", Packing.OTHER),
)


def recognise(head: bytes) -> Packing:
    """The packing of content that begins with `head`."""
    return next((packing for magic, packing in _MAGIC if head.startswith(magic)), Packing.PLAIN)


def unpacked(chunks: Iterable[bytes], packing: Packing, settings: ArchiveSettings, name: str) -> Iterator[bytes]:
    """What `chunks` unpack to. `name` is for messages.

    Raises ArchiveInvalid for bytes that cannot be unpacked or end early, and for bombs: too much, or out of
    proportion to what was read.
    """
    if packing is Packing.PLAIN:
        yield from chunks
        return
    if packing is Packing.OTHER:
        raise ArchiveInvalid(
            worded("{name} is compressed in a way that is not accepted; use gzip, zstd or none.", name=quoted(name)),
            member=name,
        )
    read = made = 0
    for taken, chunk in _unpack(chunks, packing, name):
        read, made = read + taken, made + len(chunk)
        if made > settings.unpacked_bytes_max:
            raise ArchiveInvalid(
                worded(
                    "{name} unpacks to more than {unpacked_bytes_max} bytes, the most that is accepted.",
                    name=quoted(name),
                    unpacked_bytes_max=settings.unpacked_bytes_max,
                ),
                member=name,
            )
        if made > settings.ratio_free_bytes and made > settings.ratio_max * read:
            raise ArchiveInvalid(
                worded(
                    "{name} unpacks to more than {ratio_max} times its size, as only bombs do.",
                    name=quoted(name),
                    ratio_max=settings.ratio_max,
                ),
                member=name,
            )
        if chunk:
            yield chunk


def gzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """`chunks` in gzip; the same bytes give the same bytes, for no time or name goes in."""
    packer = zlib.compressobj(_GZIP_LEVEL, wbits=31)
    for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


class _Unpacker:
    """One gzip member or Zstandard frame."""

    def __init__(self, packing: Packing) -> None:
        options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG_MAX}
        self._inner = (
            zlib.decompressobj(wbits=31) if packing is Packing.GZIP else zstd.ZstdDecompressor(options=options)
        )

    def feed(self, data: bytes) -> bytes:
        """At most a chunk of what `data` unpacks to; call again with nothing until nothing comes."""
        if isinstance(self._inner, zstd.ZstdDecompressor):
            return self._inner.decompress(data, CHUNK_BYTES)
        return self._inner.decompress(self._inner.unconsumed_tail + data, CHUNK_BYTES)

    @property
    def is_at_end(self) -> bool:
        return self._inner.eof

    @property
    def rest(self) -> bytes:
        """What came after the end."""
        return self._inner.unused_data


def _unpack(chunks: Iterable[bytes], packing: Packing, name: str) -> Iterator[tuple[int, bytes]]:
    """Pieces of what comes out, each with how much went in since the last."""
    unpacker = _Unpacker(packing)
    is_begun = False
    try:
        for chunk in chunks:
            data, taken = chunk, len(chunk)
            while True:
                if unpacker.is_at_end:
                    # Another member or frame follows, or the zeros that some tools fill up with.
                    data = data.lstrip(_ZEROS)
                    if not data:
                        break
                    unpacker = _Unpacker(packing)
                made = unpacker.feed(data)
                is_begun = True
                yield taken, made
                taken = 0
                data = unpacker.rest if unpacker.is_at_end else b""
                if not made and not unpacker.is_at_end:
                    break
    except (zlib.error, zstd.ZstdError) as error:
        raise ArchiveInvalid(
            worded("{name} cannot be unpacked; it is damaged.", name=quoted(name)), member=name
        ) from error
    if not is_begun or not unpacker.is_at_end:
        raise ArchiveInvalid(
            worded("{name} ends before its compressed content does; it was cut off.", name=quoted(name)), member=name
        )
