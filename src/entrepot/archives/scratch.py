"""Scratch: temporary files of one open archive, bounded all together, gone when it is closed."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from entrepot.archives.blob import SharedFile, Span
from entrepot.archives.settings import ArchiveSettings, Watch
from entrepot.values.errors import ArchiveInvalid, worded

_FREE_BYTES_MIN = 64 << 20


class Scratch:
    """Files without names, in `folder` (None: where this system keeps temporary files)."""

    def __init__(self, settings: ArchiveSettings, folder: Path | None = None) -> None:
        self._settings = settings
        self._folder = folder or Path(tempfile.gettempdir())
        self._files: list[BinaryIO] = []
        self._used = 0

    def keep(self, chunks: Iterable[bytes], watch: Watch) -> Span:
        """A file of what `chunks` yields. Raises ArchiveInvalid when it is too much, or the disk is nearly full."""
        file: BinaryIO = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # closed by `close`
        self._files.append(file)
        for chunk in chunks:
            self._check_room(len(chunk))
            file.write(chunk)
            self._used += len(chunk)
            watch(len(chunk))
        file.flush()
        shared = SharedFile(file)
        return Span(shared, 0, shared.size)

    def close(self) -> None:
        for file in self._files:
            file.close()
        self._files.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_room(self, count: int) -> None:
        if self._used + count > self._settings.scratch_bytes_max:
            raise ArchiveInvalid(
                worded(
                    "Unpacking the archive needs more than {scratch_bytes_max} bytes of temporary files, the "
                    "most that is allowed.",
                    scratch_bytes_max=self._settings.scratch_bytes_max,
                )
            )
        if shutil.disk_usage(self._folder).free < _FREE_BYTES_MIN + count:
            raise ArchiveInvalid(
                worded(
                    "There is no room in {folder} to unpack the archive. Free some, or let TMPDIR name another.",
                    folder=self._folder,
                )
            )
