"""Members: the files of a tar or of a folder, by name.

Names are made comparable first (`./index.json` is `index.json`) and refused when they could mean a place outside.
Symbolic links are followed once, inside the archive, for old forms of `docker save` write one for a layer that is there
already; anything else that is no plain file is refused when it is asked for.
"""

import io
import posixpath
import stat
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from entrepot.archives.blob import Blob, FileBlob, SharedFile, Span
from entrepot.archives.settings import ArchiveSettings, Watch
from entrepot.values.errors import ArchiveInvalid, quoted, worded

_BLOCK = tarfile.BLOCKSIZE
_HEADER_BYTES_MAX = 1 << 20


class Members(Protocol):
    def find(self, name: str) -> Blob | None:
        """The file of this name; None when there is none. Raises ArchiveInvalid for what is no plain file."""
        ...


def require(members: Members, name: str, wanted_by: str) -> Blob:
    """The file of this name. Raises ArchiveInvalid when there is none."""
    found = members.find(name)
    if found is None:
        raise ArchiveInvalid(
            worded(
                "{wanted_by} names the file {name}, which is not in the archive.",
                wanted_by=wanted_by,
                name=quoted(name),
            ),
            member=name,
        )
    return found


def read_tar(file: BinaryIO, settings: ArchiveSettings, watch: Watch) -> Members:
    """The members of a plain tar file, by reading its headers only. Raises ArchiveInvalid."""
    shared = SharedFile(file)
    found = _TarMembers(settings)
    headers = _Headers(shared, settings.header_bytes_max)
    try:
        with tarfile.open(fileobj=headers, mode="r:", errorlevel=2) as tar:
            while (member := tar.next()) is not None:
                found.add(member, shared)
                tar.members.clear()  # type: ignore[attr-defined]  # else it keeps every header; typeshed forgot the name
                watch(_BLOCK)
            end = tar.offset
    except (tarfile.TarError, ValueError, OverflowError, EOFError, RecursionError) as error:
        raise ArchiveInvalid(
            worded(
                "This is not a readable tar file ({error}), as docker save or skopeo write one.",
                error=_first_words(error),
            )
        ) from error
    if shared.read(end, _BLOCK) != bytes(_BLOCK):
        raise ArchiveInvalid("The tar file has no end: it was cut off, is still being written, or is damaged.")
    return found


@dataclass(frozen=True, slots=True)
class FolderMembers:
    """The files of a folder; links are not followed, so nothing outside is ever read."""

    folder: Path
    settings: ArchiveSettings

    def find(self, name: str) -> Blob | None:
        path, mode = self.folder, 0
        for part in plain_name(name, self.settings).split("/"):
            path /= part
            try:
                mode = path.lstat().st_mode
            except (FileNotFoundError, NotADirectoryError):
                return None
            if stat.S_ISLNK(mode):
                raise ArchiveInvalid(
                    worded("{name} is a link, or lies behind one; links are not followed.", name=quoted(name)),
                    member=name,
                )
        if not stat.S_ISREG(mode):
            raise _no_file(name)
        return FileBlob(path, path.stat().st_size)


def plain_name(name: str, settings: ArchiveSettings) -> str:
    """`name` in its one spelling. Raises ArchiveInvalid for one that is too long or leads outside."""
    if len(name) > settings.name_chars_max:
        raise ArchiveInvalid(
            worded(
                "The name {name} in the archive is longer than {name_chars_max} characters.",
                name=quoted(name),
                name_chars_max=settings.name_chars_max,
            )
        )
    if "\0" in name or "\\" in name or name.startswith("/") or not name.isprintable():
        raise ArchiveInvalid(
            worded("The name {name} in the archive is not a plain relative one.", name=quoted(name)), member=name
        )
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ArchiveInvalid(worded("The name {name} leads out of the archive.", name=quoted(name)), member=name)
    if len(parts) > settings.name_depth_max:
        raise ArchiveInvalid(
            worded(
                "The name {name} is more than {name_depth_max} folders deep.",
                name=quoted(name),
                name_depth_max=settings.name_depth_max,
            ),
            member=name,
        )
    return "/".join(parts)


@dataclass(slots=True)
class _TarMembers:
    settings: ArchiveSettings
    files: dict[str, Span] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)
    count: int = 0

    def add(self, member: tarfile.TarInfo, file: SharedFile) -> None:
        self.count += 1
        if self.count > self.settings.members_max:
            raise ArchiveInvalid(
                worded("The archive has more than {members_max} members.", members_max=self.settings.members_max)
            )
        name = plain_name(member.name, self.settings)
        if member.isdir():
            return
        if name in self.files or name in self.links or name in self.others:
            raise ArchiveInvalid(
                worded("The archive holds {name} twice; which one counts, readers disagree.", name=quoted(name)),
                member=name,
            )
        if member.issym():
            self.links[name] = member.linkname
        elif member.isreg() and not member.issparse():
            if member.size < 0 or member.offset_data + member.size > file.size:
                raise ArchiveInvalid(
                    worded(
                        "The archive ends before {name} does; it was cut off, or is still being written.",
                        name=quoted(name),
                    ),
                    member=name,
                )
            self.files[name] = Span(file, member.offset_data, member.size)
        else:
            self.others.add(name)

    def find(self, name: str) -> Blob | None:
        plain = plain_name(name, self.settings)
        if target := self.links.get(plain):
            # Only where the way ends counts: `../ID/layer.tar`, seen from `OTHER/`, stays inside.
            plain = plain_name(posixpath.normpath(posixpath.join(posixpath.dirname(plain), target)), self.settings)
            if plain not in self.files:
                raise ArchiveInvalid(
                    worded(
                        "{name} is a link to {target}, which is no file of the archive.",
                        name=quoted(name),
                        target=quoted(target),
                    ),
                    member=name,
                )
        if plain in self.others:
            raise _no_file(name)
        return self.files.get(plain)


class _Headers(io.RawIOBase):
    """The file as tarfile sees it, which reads a header, or what extends one, in one piece: these are bounded."""

    def __init__(self, file: SharedFile, bytes_max: int) -> None:
        self._file = file
        self._left = bytes_max
        self._at = 0

    def read(self, count: int = -1) -> bytes:
        self._left -= count
        if not 0 <= count <= _HEADER_BYTES_MAX or self._left < 0:
            raise ArchiveInvalid("The headers of the tar file are larger than is accepted.")
        chunk = self._file.read(self._at, count)
        self._at += len(chunk)
        return chunk

    def seek(self, position: int, _whence: int = io.SEEK_SET) -> int:
        if position < 0:
            raise ArchiveInvalid("A header of the tar file leads to before its beginning.")
        self._at = position
        return position

    def tell(self) -> int:
        return self._at


def _no_file(name: str) -> ArchiveInvalid:
    return ArchiveInvalid(worded("{name} is not a plain file.", name=quoted(name)), member=name)


def _first_words(error: Exception) -> str:
    return str(error)[:100] or type(error).__name__
