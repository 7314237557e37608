"""Opening: a file or folder becomes an archive, whatever it is compressed with and whoever wrote it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from entrepot.archives import docker, layout
from entrepot.archives.blob import CHUNK_BYTES, SharedFile, Span
from entrepot.archives.docker import LayerPacking
from entrepot.archives.image import Form, Listed
from entrepot.archives.members import FolderMembers, Members, read_tar
from entrepot.archives.packing import Packing, recognise, unpacked
from entrepot.archives.scratch import Scratch
from entrepot.archives.settings import DEFAULT, ArchiveSettings, Watch, unwatched
from entrepot.values.errors import ArchiveInvalid

_THE_ARCHIVE = "the archive"


@dataclass(frozen=True, slots=True)
class Archive:
    """The images of a file. Close it when done: temporary files go with it, and then no blob can be read."""

    form: Form
    images: tuple[Listed, ...]
    scratch: Scratch

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.scratch.close()


def open_archive(
    file: BinaryIO,
    packing: LayerPacking = LayerPacking.GZIP,
    settings: ArchiveSettings = DEFAULT,
    watch: Watch = unwatched,
    folder: Path | None = None,
) -> Archive:
    """The archive in a seekable file, which stays the caller's to close and must stay open.

    A file that is an OCI layout as well as a Docker archive is read as a layout, for that keeps digests. Temporary
    files go to `folder`. Raises ArchiveInvalid, and what `watch` raises.
    """
    scratch = Scratch(settings, folder)
    with _closed_on_failure(scratch):
        return _read(file, scratch, packing, settings, watch)


def open_stream(
    stream: BinaryIO,
    packing: LayerPacking = LayerPacking.GZIP,
    settings: ArchiveSettings = DEFAULT,
    watch: Watch = unwatched,
    folder: Path | None = None,
) -> Archive:
    """The archive in a stream that cannot be sought: it is copied into a temporary file first. Raises as above."""
    scratch = Scratch(settings, folder)
    with _closed_on_failure(scratch):
        copied = scratch.keep(iter(lambda: stream.read(CHUNK_BYTES), b""), watch)
        return _read(copied.file.file, scratch, packing, settings, watch)


def open_folder(folder: Path, settings: ArchiveSettings = DEFAULT) -> Archive:
    """The archive in a folder, which must be an OCI layout. Raises ArchiveInvalid."""
    return _opened(FolderMembers(folder, settings), Scratch(settings), LayerPacking.GZIP, settings, unwatched)


@contextmanager
def _closed_on_failure(scratch: Scratch) -> Iterator[None]:
    try:
        yield
    except BaseException:
        scratch.close()
        raise


def _read(file: BinaryIO, scratch: Scratch, packing: LayerPacking, settings: ArchiveSettings, watch: Watch) -> Archive:
    members = read_tar(_plain(file, scratch, settings, watch), settings, watch)
    return _opened(members, scratch, packing, settings, watch)


def _plain(file: BinaryIO, scratch: Scratch, settings: ArchiveSettings, watch: Watch) -> BinaryIO:
    """The tar file without its compression."""
    shared = SharedFile(file)
    if not shared.size:
        raise ArchiveInvalid("The archive is empty.")
    packing = recognise(shared.read(0, 8))
    if packing is Packing.PLAIN:
        return file
    return scratch.keep(unpacked(Span(shared, 0, shared.size).open(), packing, settings, _THE_ARCHIVE), watch).file.file


def _opened(
    members: Members, scratch: Scratch, packing: LayerPacking, settings: ArchiveSettings, watch: Watch
) -> Archive:
    if members.find(layout.INDEX) is not None:
        return Archive(Form.OCI, layout.list_images(members, settings), scratch)
    if members.find(docker.MANIFEST) is not None:
        return Archive(Form.DOCKER, docker.list_images(members, settings, scratch, packing, watch), scratch)
    if members.find(docker.REPOSITORIES) is not None:
        raise ArchiveInvalid(
            "The archive was written by a Docker before 1.10, without manifest.json. Load it and save it again "
            "with a current one."
        )
    raise ArchiveInvalid(
        "The archive is neither a Docker archive (no manifest.json) nor an OCI layout (no index.json)."
    )
