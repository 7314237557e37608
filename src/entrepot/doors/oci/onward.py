"""Onward: a client that asks for a blob is sent to the regional node nearest to it, if there is one."""

import hashlib

from starlette.types import Scope

from entrepot.access.actor import Actor
from entrepot.doors.http.proxies import peer
from entrepot.regions.decisions import permit_blob
from entrepot.regions.peers import holder_near
from entrepot.regions.room import Regions
from entrepot.values.digest import Digest

DIRECT = "direct"
"""With this in the query, who asks is served here."""


async def onward(regions: Regions | None, scope: Scope, actor: Actor, path: str, digest: Digest) -> str | None:
    """Where the client may have the blob, which it may read, for a short while; None: here. No database is asked."""
    if regions is None or not regions.view.has_nodes or DIRECT.encode() in scope["query_string"]:
        return None
    if actor.is_house:
        node = holder_near(regions.view.plan, actor.id.partition(":")[2], digest.hex, path)
    else:
        address, shown = peer(scope), _shown(scope)
        if regions.view.came_back(address, digest.hex, shown):
            return None
        node = regions.view.choose(address, digest.hex, shown, path).node
    if node is None:
        return None
    permit = await permit_blob(regions, node.id, path, digest)
    return f"{node.url}/v2/{path}/blobs/{digest}?permit={permit}"


def _shown(scope: Scope) -> str:
    """What tells clients behind one address apart: each pull has a token of its own."""
    for key, value in scope["headers"]:
        if key == b"authorization":
            return hashlib.blake2b(value, digest_size=8).hexdigest()
    return ""
