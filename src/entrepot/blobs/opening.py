"""Opening: from a URL to the store it names.

/var/lib/entrepot, file:///var/lib/entrepot         a folder
s3://bucket/prefix?endpoint=https://…&region=…      a bucket; see `s3.py` for the parameters
memory:                                             gone when the process ends
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from entrepot.blobs.files import FilesStore
from entrepot.blobs.memory import MemoryStore
from entrepot.blobs.settings import BlobSettings
from entrepot.blobs.store import BlobStore
from entrepot.values.errors import ParameterInvalid, Unsupported, quoted


def open_store(url: str, settings: BlobSettings) -> BlobStore:
    """The store that `url` names; nothing is touched before it is used (see `BlobStore.check`).

    Call it in the event loop's process, after any fork. Raises ParameterInvalid for a URL that
    means nothing, Unsupported when the extra for its kind is not installed.
    """
    if "://" not in url and url != "memory:":
        return _open_folder(url, settings)
    scheme, host, path, query, _ = urlsplit(url)
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    match scheme:
        case "memory":
            return MemoryStore()
        case "file" if host in {"", "localhost"} and not parameters:
            return _open_folder(unquote(path), settings)
        case "s3" if host:
            return _open_bucket(host, unquote(path).strip("/"), parameters, settings)
        case _:
            raise ParameterInvalid(
                f"{quoted(url)} names no blob storage; write a folder, file:///folder or s3://bucket/prefix?region=…"
            )


def folder_of(url: str) -> tuple[str, Path | None]:
    """What kind of store `url` names (folder, s3, memory), and its folder when it is one."""
    if url.startswith("memory:"):
        return "memory", None
    if url.startswith("s3://"):
        return "s3", None
    return "folder", Path(unquote(urlsplit(url).path) if "://" in url else url)


def _open_folder(path: str, settings: BlobSettings) -> BlobStore:
    if not path.strip("/"):
        raise ParameterInvalid("The folder for blobs is missing.")
    return FilesStore(Path(path), settings.free_bytes_min)


def _open_bucket(bucket: str, prefix: str, parameters: dict[str, str], settings: BlobSettings) -> BlobStore:
    if find_spec("obstore") is None:
        raise Unsupported("Blobs in S3 need the extra `s3`: pip install 'entrepot[s3]'.")
    from entrepot.blobs.s3 import S3Store, bucket_at

    return S3Store(bucket_at(bucket, prefix, parameters), redirect=settings.redirect)
