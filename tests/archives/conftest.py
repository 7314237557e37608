"""Archives opened from bytes, and closed after the test."""

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from entrepot.archives.docker import LayerPacking
from entrepot.archives.opening import Archive, open_archive
from entrepot.archives.settings import DEFAULT, ArchiveSettings, Watch, unwatched

Open = Callable[..., Archive]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """`opened(content, settings=…)`; temporary files go to `tmp_path`."""
    with ExitStack() as stack:

        def open_it(
            content: bytes,
            packing: LayerPacking = LayerPacking.GZIP,
            settings: ArchiveSettings = DEFAULT,
            watch: Watch = unwatched,
        ) -> Archive:
            return stack.enter_context(open_archive(io.BytesIO(content), packing, settings, watch, tmp_path))

        yield open_it
