"""Tags, catalog and referrers."""

import json
from urllib.parse import urlencode

from entrepot.accounts.scopes import CATALOG
from entrepot.doors.oci.call import Call, Plain, Response
from entrepot.mirror.virtual.lists import list_referrers, list_tags
from entrepot.registry.lists import Page, list_catalog
from entrepot.values.digest import Digest
from entrepot.values.errors import Unauthenticated
from entrepot.values.media_types import OCI_INDEX


async def tags(call: Call) -> Response:
    """The tags of a repository (`end-8`)."""
    after, limit = call.page()
    page = await list_tags(call.rooms.mirror, call.actor, call.name, after, limit)
    return _listing(call, {"name": call.name, "tags": page.items}, page, limit)


async def catalog(call: Call) -> Response:
    """The repositories the caller may read."""
    if call.actor.is_anonymous and call.actor.limits is None:
        raise Unauthenticated
    if call.actor.limits is not None and CATALOG not in call.actor.limits:
        raise Unauthenticated("The token does not carry registry:catalog:*.", insufficient_scope=True)
    after, limit = call.page()
    page = await list_catalog(call.registry, call.actor, after, limit)
    return _listing(call, {"repositories": page.items}, page, limit)


async def referrers(call: Call) -> Response:
    """What refers to a manifest, all of it or of one `artifactType` (`end-12a`, `end-12b`)."""
    artifact_type = call.parameter("artifactType") or None
    subject = Digest.parse(call.reference)
    found = await list_referrers(
        call.rooms.mirror, call.actor, call.name, subject, artifact_type, call.parameter("after")
    )
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found.descriptors}
    headers = {"Content-Type": OCI_INDEX}
    if artifact_type is not None:
        headers["OCI-Filters-Applied"] = "artifactType"
    if found.after is not None:
        following = {"after": found.after} | ({"artifactType": artifact_type} if artifact_type else {})
        headers["Link"] = f'</v2/{call.name}/referrers/{subject}?{urlencode(following)}>; rel="next"'
    return Plain(200, headers, _json(index))


def _listing(call: Call, document: dict[str, object], page: Page, limit: int) -> Response:
    headers = {"Content-Type": "application/json"}
    if not page.is_last and page.items:
        following = urlencode({"n": limit, "last": page.items[-1]})
        headers["Link"] = f'<{call.request.scope["path"]}?{following}>; rel="next"'
    return Plain(200, headers, _json(document))


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
