"""Paths of the management API, where a repository's name is one segment.

Clients write the `/` inside it as `$`, `%24` or `%2F` (contract §1), so the path is split before it
is decoded. What the router sees has `$`; `$` itself is in no name, so nothing is lost.
"""

from urllib.parse import quote, unquote

from starlette.types import Scope


def routed_path(scope: Scope) -> str:
    """The path to route by: decoded, except that a slash inside a segment is `$`."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    segments = raw.partition(b"?")[0].decode("latin-1").split("/")
    return "/".join(unquote(segment).replace("/", "$") for segment in segments)


def repository_text(segment: str) -> str:
    """The repository's name that a routed segment stands for."""
    return segment.replace("$", "/")


def repository_segment(name: str) -> str:
    """The segment that stands for a repository's name."""
    return name.replace("/", "$")
