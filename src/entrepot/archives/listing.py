"""Listing: the names in a layer, read from its stream. Nothing is unpacked to anywhere, and no content is kept.

A layer is a tar file of changes: what is there, and marks for what is gone from the layers below (image-spec, layer.md,
"Whiteouts"). Whoever made one is a stranger, so what cannot be believed ends the list with a sentence, and what was
read before it stays.
"""

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Final, NamedTuple

from entrepot.archives.packing import recognise, unpacked
from entrepot.archives.settings import DEFAULT, LISTING, ListingSettings
from entrepot.values.errors import ArchiveInvalid, quoted, worded

_WHITEOUT: Final = ".wh."
_OPAQUE: Final = ".wh..wh..opq"
_HEADER_BYTES_MAX: Final = 1 << 20
_HEAD_BYTES: Final = 8
_SECONDS_END: Final = 1 << 37  # a time far beyond all that dates can say
_ID_END: Final = 1 << 32


class EntryKind(StrEnum):
    """`DELETION`: what has this name is gone. `EMPTIED`: a folder shows nothing of what layers below have in it."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    HARD_LINK = "hard link"
    DEVICE = "device"
    PIPE = "pipe"
    DELETION = "deletion"
    EMPTIED = "emptied"


class Entry(NamedTuple):
    """One name in a layer. `size` in bytes, `mtime` in seconds since 1970, `target` of links."""

    path: str
    kind: EntryKind
    size: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    target: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The entries in the order of the layer. `problem`: why there may be more, a sentence; empty when that is all.

    `is_late`: time was up, so that another try may find more.
    """

    entries: tuple[Entry, ...]
    problem: str = ""
    is_late: bool = False


class _Enough(Exception):
    """No more is read; `said` is why."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


class _Late(Exception):
    """Time is up."""


def list_layer(
    chunks: Iterator[bytes], settings: ListingSettings = LISTING, is_late: Callable[[], bool] = lambda: False
) -> Listing:
    """What the layer in `chunks` holds: plain tar, gzip or Zstandard. Raises what `chunks` and `is_late` raise.

    `is_late` is asked after each bounded piece of work.
    """
    entries: list[Entry] = []
    try:
        for entry in _entries(chunks, settings, is_late):
            if len(entries) >= settings.entries_max:
                raise _Enough(
                    worded("Only the first {count} names of the layer were read.", count=settings.entries_max)
                )
            entries.append(entry)
    except _Late:
        late = worded("Reading the layer took too long; these are the names until then.")
        return Listing(tuple(entries), late, is_late=True)
    except _Enough as enough:
        return Listing(tuple(entries), enough.said)
    except ArchiveInvalid as error:
        return Listing(tuple(entries), error.message)
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError) as error:
        said = str(error)[:100] or type(error).__name__
        return Listing(
            tuple(entries), worded("The layer is not a readable tar file, or ends too early ({said}).", said=said)
        )
    return Listing(tuple(entries))


def _entries(chunks: Iterator[bytes], settings: ListingSettings, is_late: Callable[[], bool]) -> Iterator[Entry]:
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    if not head:
        return
    plain = unpacked(chain((head,), chunks), recognise(head), DEFAULT, "the layer")
    forward = _Forward(plain, settings, is_late)
    with tarfile.open(fileobj=forward, mode="r:", errorlevel=2) as tar:  # type: ignore[call-overload]  # it reads, seeks on and tells, which is all that is asked of it
        while (member := tar.next()) is not None:
            tar.members.clear()  # else it keeps every header
            entry = _entry(member, settings)
            if entry is not None:
                yield entry


def _entry(member: tarfile.TarInfo, settings: ListingSettings) -> Entry | None:
    """What a header says; None for the root itself, and for what is only of use to old file systems."""
    path = _path(member.name, settings)
    folder, _, name = path.rpartition("/")
    if name == _OPAQUE:
        return Entry(folder, EntryKind.EMPTIED)
    if name.startswith(_WHITEOUT * 2):
        return None
    if name.startswith(_WHITEOUT) and len(name) > len(_WHITEOUT):
        gone = name.removeprefix(_WHITEOUT)
        return Entry(f"{folder}/{gone}" if folder else gone, EntryKind.DELETION)
    if not path:
        return None
    kind = _kind(member)
    return Entry(
        path,
        kind,
        max(0, member.size) if kind is EntryKind.FILE else 0,
        member.mode & 0o7777,
        _within(member.uid, _ID_END),
        _within(member.gid, _ID_END),
        _within(member.mtime, _SECONDS_END),
        _printable(member.linkname)[: settings.name_chars_max] if kind in (EntryKind.LINK, EntryKind.HARD_LINK) else "",
    )


def _kind(member: tarfile.TarInfo) -> EntryKind:
    if member.isdir():
        return EntryKind.FOLDER
    if member.issym():
        return EntryKind.LINK
    if member.islnk():
        return EntryKind.HARD_LINK
    if member.isfifo():
        return EntryKind.PIPE
    return EntryKind.DEVICE if member.isdev() else EntryKind.FILE


def _path(name: str, settings: ListingSettings) -> str:
    """A name in its one spelling, without a slash at either end. Raises ArchiveInvalid for one that cannot be meant."""
    if len(name) > settings.name_chars_max:
        raise ArchiveInvalid(
            worded(
                "The layer has a name of more than {name_chars_max} characters.", name_chars_max=settings.name_chars_max
            )
        )
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ArchiveInvalid(worded("The layer has the name {name}, which leads out of it.", name=quoted(name)))
    if len(parts) > settings.depth_max:
        raise ArchiveInvalid(
            worded("The layer has a name more than {depth_max} folders deep.", depth_max=settings.depth_max)
        )
    return _printable("/".join(parts))


def _printable(text: str) -> str:
    """A name as it can be shown and sent: what is no printable character stands as its escape."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _within(number: float, end: int) -> int:
    """A number of a header, which may hold anything: zero for what is out of all bounds."""
    return int(number) if 0 <= number < end else 0


class _Forward:
    """A stream as tarfile sees it: headers are read, bounded; content is gone over; there is no way back."""

    def __init__(self, chunks: Iterator[bytes], settings: ListingSettings, is_late: Callable[[], bool]) -> None:
        self._chunks = chunks
        self._settings = settings
        self._is_late = is_late
        self._headers_left = settings.header_bytes_max
        self._held = b""
        self._start = 0  # of what is held
        self._at = 0

    def read(self, count: int = -1) -> bytes:
        self._headers_left -= count
        if not 0 <= count <= _HEADER_BYTES_MAX or self._headers_left < 0:
            raise ArchiveInvalid("The headers of the layer are larger than is accepted.")
        pieces, stop = [], self._at + count
        while self._at < stop and self._hold():
            offset = self._at - self._start
            piece = self._held[offset : offset + stop - self._at]
            self._at += len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def seek(self, position: int, _whence: int = 0) -> int:
        if position < self._at:
            raise ArchiveInvalid("A header of the layer leads back to what was before it.")
        while self._at < position and self._hold():
            self._at = min(position, self._start + len(self._held))
        return self._at

    def tell(self) -> int:
        return self._at

    def _hold(self) -> bool:
        """Have the bytes at the place; whether there are any."""
        if self._is_late():
            raise _Late
        while self._at >= self._start + len(self._held):
            self._start += len(self._held)
            if self._start > self._settings.bytes_max:
                most = self._settings.bytes_max
                raise _Enough(worded("Only the first {most} unpacked bytes of the layer were read.", most=most))
            self._held = b""
            chunk = next(self._chunks, b"")
            if not chunk:
                return False
            self._held = chunk
            if self._is_late():
                raise _Late
        return True
