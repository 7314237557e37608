"""`/v2/NAME/manifests/REFERENCE`: pull, push and delete of manifests."""

from entrepot.doors.http import body as bodies
from entrepot.doors.oci.call import Call, Plain, Response
from entrepot.doors.oci.conditions import is_unchanged
from entrepot.mirror.virtual.pulls import find_manifest
from entrepot.registry.pull import FoundManifest
from entrepot.registry.push import check_push, push_manifest
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.values.accept import Accept
from entrepot.values.errors import ManifestTooLarge, ManifestUnknown, TagInvalid
from entrepot.values.names import TagName
from entrepot.values.reference import Reference, parse_reference

_STALE = '110 - "Response is stale: the upstream of this mirror does not answer."'  # RFC 7234 §5.5.1


async def get_manifest(call: Call) -> Response:
    """A manifest by tag or by digest, in a form the client accepts (`end-3`)."""
    accept = Accept.parse(call.request.headers.getlist("accept"))
    served = await find_manifest(call.rooms.mirror, call.actor, call.name, _existing(call), accept)
    found = served.found
    unchanged = is_unchanged(call.request.headers.get("if-none-match"), found.digest)
    response = manifest_response(found, unchanged)
    if served.is_stale:
        response.add("Warning", _STALE)
    if served.warning:
        response.add("Warning", f'299 - "{served.warning}"')
    if not unchanged:
        # What was found elsewhere counts there: by that it is kept.
        call.rooms.answered(call.request.scope, call.actor, served.path or call.name, call.reference, found.digest)
    return response


def manifest_response(found: FoundManifest, unchanged: bool = False) -> Plain:
    headers = {"Docker-Content-Digest": found.digest, "ETag": f'"{found.digest}"', "Vary": "Accept"}
    if unchanged:
        return Plain(304, headers)
    return Plain(200, {**headers, "Content-Type": found.media_type}, found.body, found.size)


async def put_manifest(call: Call) -> Response:
    """Push a manifest (`end-7`); by digest also with `tag` parameters (next version of the specification)."""
    reference = parse_reference(call.reference)
    extra = [TagName.parse(text) for text in call.request.query_params.getlist("tag")]
    await check_push(call.registry, call.actor, call.name)
    limit = call.registry.settings.manifest.body_bytes_max
    idle = call.rooms.settings.body_idle_seconds
    body = await bodies.whole(call.receive, call.length, idle, limit, ManifestTooLarge)
    media_type = call.request.headers.get("content-type")
    pushed = await push_manifest(call.registry, call.actor, call.name, reference, body, media_type, extra)

    digest = str(pushed.digest)
    headers = {"Location": f"/v2/{call.name}/manifests/{digest}", "Docker-Content-Digest": digest}
    if pushed.subject is not None:
        headers["OCI-Subject"] = str(pushed.subject)
    response = Plain(201, headers)
    for tag in pushed.tags if extra else ():
        response.add("OCI-Tag", tag)
    for warning in pushed.warnings:
        response.add("Warning", f'299 - "{warning}"')
    return response


async def remove_manifest(call: Call) -> Response:
    """Delete a tag, or a manifest by its digest with all its tags (`end-9`)."""
    reference = _existing(call)
    if isinstance(reference, TagName):
        await delete_tag(call.registry, call.actor, call.name, reference)
    else:
        await delete_manifest(call.registry, call.actor, call.name, reference)
    return Plain(202, {})


def _existing(call: Call) -> Reference:
    """The reference asked for; a tag that cannot exist does not exist (404, as clients expect)."""
    try:
        return parse_reference(call.reference)
    except TagInvalid as error:
        raise ManifestUnknown(error.message) from error
