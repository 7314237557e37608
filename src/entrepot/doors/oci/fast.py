"""The common pulls, answered without router, request object or transaction: one database read each.

Only plain successes are answered here. Anything else, a refusal, a range, an unusual header, is
left to the table in `routes.py`, which knows every reason.
"""

import re
from time import perf_counter

from starlette.types import Receive, Scope, Send

from entrepot.access.actor import Actor
from entrepot.accounts.credentials import BEARER
from entrepot.doors.http import front
from entrepot.doors.http.proxies import peer
from entrepot.doors.oci.blobs import blob_response
from entrepot.doors.oci.call import OciRooms
from entrepot.doors.oci.onward import onward
from entrepot.plumbing import metrics
from entrepot.plumbing.ids import RequestIds
from entrepot.registry.pull import Pulls
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import EntrepotError

_PATH = re.compile(r"/v2/([^\0]+)/(manifests|blobs)/([^/\0]+)")
_ACCEPTS_MAX = 1_000


class FastPulls:
    def __init__(self, rooms: OciRooms) -> None:
        self._rooms = rooms
        self._clock = rooms.accounts.clock
        self._pulls = Pulls(rooms.registry)
        self._accepts: dict[bytes, Accept] = {}
        self._ids = RequestIds()

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a GET or HEAD of a manifest or blob; False, and nothing sent, when that is not simple."""
        started = perf_counter()
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            return False
        path, kind, reference = found.groups()
        authorization = None
        accept = b""
        for key, value in scope["headers"]:
            if key == b"authorization":
                authorization = value
            elif key == b"accept":
                accept = accept + b"," + value if accept else value
            elif key in (b"range", b"if-none-match"):
                return False
        actor = self._remembered(scope, authorization)
        if actor is None or (actor.limits is not None and "pull" not in actor.limits.get(path, ())):
            return False
        # Whether names are well-formed need not be asked: what is found under them is.
        if kind == "blobs":
            return await self._blob(actor, path, reference, scope, receive, send)
        manifest = await self._pulls.manifest(actor, path, reference, scope["method"] == "GET")
        if manifest is None:
            return False
        digest, media_type, size, body = manifest
        if accept and not self._accept(accept).allows(media_type):
            return False
        name = digest.encode()
        headers = [
            (b"content-type", media_type.encode()),
            (b"content-length", b"%d" % size),
            (b"docker-content-digest", name),
            (b"etag", b'"%b"' % name),
            (b"vary", b"Accept"),
            (b"x-request-id", self._ids.next().encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._rooms.answered(scope, actor, path, reference, digest)
        metrics.tally.add("manifest", scope["method"], 200, perf_counter() - started, len(body))
        return True

    def _remembered(self, scope: Scope, authorization: bytes | None) -> Actor | None:
        is_token = authorization is None or authorization.startswith(BEARER)
        address = "" if is_token else peer(scope)
        return self._rooms.credentials.remembered(authorization, self._clock.now().timestamp(), address)

    async def _blob(self, actor: Actor, path: str, reference: str, scope: Scope, receive: Receive, send: Send) -> bool:
        started = perf_counter()
        size = await self._pulls.blob_size(actor, path, reference)
        if size is None:
            return False
        digest = Digest.parse(reference)
        nearer = None
        if self._has_nodes() and scope["method"] == "GET":
            nearer = await onward(self._rooms.regions, scope, actor, path, digest)
        respond = await blob_response(
            self._rooms.registry, path, digest, size, scope["method"], None, None, None, nearer
        )
        watch = front.Watch(send, self._ids.next())
        try:
            await respond(scope, receive, watch.send)
        except EntrepotError as error:
            if not watch.has_begun:
                return False
            raise front.HalfAnswered from error
        metrics.tally.add("blob", scope["method"], watch.status, perf_counter() - started)
        return True

    def _has_nodes(self) -> bool:
        return self._rooms.regions is not None and self._rooms.regions.view.has_nodes

    def _accept(self, header: bytes) -> Accept:
        """Parsed once for each client: few spellings ask for everything."""
        known = self._accepts.get(header)
        if known is None:
            if len(self._accepts) >= _ACCEPTS_MAX:
                self._accepts.clear()
            known = self._accepts[header] = Accept.parse([header.decode("latin-1")])
        return known
