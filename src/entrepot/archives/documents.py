"""JSON documents of an archive: bounded, then read by `values/document.py`, with the file's name in what is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from entrepot.archives.blob import Blob
from entrepot.archives.settings import ArchiveSettings
from entrepot.values.document import Fields, load_document
from entrepot.values.errors import ArchiveInvalid, DigestInvalid, ManifestInvalid, MediaTypeUnsupported, quoted, worded


def read_whole(blob: Blob, name: str, settings: ArchiveSettings) -> bytes:
    """The content of a document. Raises ArchiveInvalid when it is too large."""
    if blob.size > settings.document_bytes_max:
        raise ArchiveInvalid(
            worded(
                "{name} has {size} bytes; at most {document_bytes_max} are accepted.",
                name=quoted(name),
                size=blob.size,
                document_bytes_max=settings.document_bytes_max,
            ),
            member=name,
        )
    return b"".join(blob.open())


def read_json(blob: Blob, name: str, settings: ArchiveSettings) -> object:
    """The JSON value in a file. Raises ArchiveInvalid."""
    with reading(name):
        return load_document(
            read_whole(blob, name, settings),
            depth_max=settings.document_depth_max,
            values_max=settings.document_values_max,
        )


def read_object(blob: Blob, name: str, settings: ArchiveSettings) -> Fields:
    """The JSON object in a file. Raises ArchiveInvalid."""
    with reading(name):
        return Fields(read_json(blob, name, settings), "")


@contextmanager
def reading(name: str) -> Iterator[None]:
    """What is wrong with a document inside the block becomes ArchiveInvalid, naming the file."""
    try:
        yield
    except (ManifestInvalid, MediaTypeUnsupported, DigestInvalid) as error:
        raise ArchiveInvalid(
            worded("{name} is not valid: {message}", name=quoted(name), message=error.message), member=name
        ) from error
