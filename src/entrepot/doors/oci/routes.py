"""Which path is what, and which handler answers it: the one table of the registry protocol."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from entrepot.access.check import BLOBS
from entrepot.accounts.scopes import CATALOG as CATALOG_SCOPE
from entrepot.doors.oci import blobs, lists, manifests, uploads
from entrepot.doors.oci.call import API_VERSION, Call, Plain, Response

Handler = Callable[[Call], Awaitable[Response]]


async def ping(_call: Call) -> Response:
    """Say that this is a registry and that the caller is signed in (`end-1`)."""
    return Plain(200, {"Content-Type": "application/json", **API_VERSION}, b"{}")


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of path: its name in metrics and logs, how people write it, and who answers each method."""

    name: str
    path: str
    handlers: Mapping[str, Handler]


_PULL = ("GET", "HEAD")
PING: Final = Route("ping", "/v2/", dict.fromkeys(_PULL, ping))
CATALOG: Final = Route("catalog", "/v2/_catalog", dict.fromkeys(_PULL, lists.catalog))

_ROUTES: Final = (
    (re.compile(r"/v2/(.+)/tags/(list)"), Route("tags", "/v2/NAME/tags/list", dict.fromkeys(_PULL, lists.tags))),
    (
        re.compile(r"/v2/(.+)/manifests/([^/]+)"),
        Route(
            "manifest",
            "/v2/NAME/manifests/REFERENCE",
            {
                **dict.fromkeys(_PULL, manifests.get_manifest),
                "PUT": manifests.put_manifest,
                "DELETE": manifests.remove_manifest,
            },
        ),
    ),
    (re.compile(r"/v2/(.+)/blobs/uploads/?()"), Route("uploads", "/v2/NAME/blobs/uploads/", {"POST": uploads.start})),
    (
        re.compile(r"/v2/(.+)/blobs/uploads/([^/]+)"),
        Route(
            "upload",
            "/v2/NAME/blobs/uploads/ID",
            {
                "GET": uploads.show,
                "PATCH": uploads.append,
                "PUT": uploads.finish,
                "DELETE": uploads.cancel,
            },
        ),
    ),
    (
        re.compile(r"/v2/(.+)/blobs/([^/]+)"),
        Route(
            "blob",
            "/v2/NAME/blobs/DIGEST",
            {**dict.fromkeys(_PULL, blobs.get_blob), "DELETE": blobs.remove_blob},
        ),
    ),
    (
        re.compile(r"/v2/(.+)/referrers/([^/]+)"),
        Route("referrers", "/v2/NAME/referrers/DIGEST", dict.fromkeys(_PULL, lists.referrers)),
    ),
)

ROUTES: Final = (PING, CATALOG, *(route for _, route in _ROUTES))
_ACTIONS: Final = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}


def find(path: str) -> tuple[Route, str, str] | None:
    """The route of `path`, with the repository name and the reference in it, unparsed."""
    if path in ("/v2/", "/v2"):
        return PING, "", ""
    if path == "/v2/_catalog":
        return CATALOG, "", ""
    if "\0" in path:  # no name has one, and PostgreSQL takes none in a question either
        return None
    for pattern, route in _ROUTES:
        if found := pattern.fullmatch(path):
            return route, found[1], found[2]
    return None


def scope_of(route: Route, method: str, name: str, mount_from: str | None) -> str:
    """The token scopes that would open this request and what goes with it, separated by spaces; empty where none would.

    `mount_from` is where a blob is mounted from, empty for anywhere; None when nothing is mounted.
    """
    if route is CATALOG:
        return f"{CATALOG_SCOPE}:*"
    if not name:
        return ""
    if mount_from is not None:
        source = f"repository:{mount_from}:pull" if mount_from else f"{BLOBS}:*"
        return f"repository:{name}:pull,push {source}"
    # Who looks for a blob is about to push it, and oras-py keeps the first token it gets for all that follows.
    is_for_push = route.name in ("upload", "uploads") or (route.name, method) == ("blob", "HEAD")
    action = "pull,push" if is_for_push else _ACTIONS.get(method, "pull,push")
    return f"repository:{name}:{action}"
