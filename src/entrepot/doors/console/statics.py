"""Files that pages need: each under the digest of its content, so that browsers may keep it for ever."""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from starlette.responses import Response

PREFIX: Final = "/console/static/"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
_DIGEST_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent. `path`: where pages find it."""

    path: str
    media_type: str
    content: bytes
    compressed: bytes


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All files by name."""
    found = {}
    for source in files("entrepot.doors.console").joinpath("static").iterdir():
        kind = source.name.rpartition(".")[2]
        if kind in _TYPES:
            content = source.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARS]
            path = f"{PREFIX}{digest}/{source.name}"
            found[source.name] = StaticFile(path, _TYPES[kind], content, gzip.compress(content, 9, mtime=0))
    return found


def static_path(name: str) -> str:
    """Where pages find the file `name`. Raises KeyError."""
    return static_files()[name].path


def serve_static(path: str, accepts: str) -> Response | None:
    """The file at `path`, compressed for who accepts that; None when there is none of this content."""
    one = static_files().get(path.rpartition("/")[2])
    if one is None or one.path != path:
        return None
    if "gzip" in accepts:
        return Response(one.compressed, 200, {**_HEADERS, "Content-Encoding": "gzip"}, one.media_type)
    return Response(one.content, 200, _HEADERS, one.media_type)
