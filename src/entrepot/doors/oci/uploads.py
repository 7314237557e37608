"""`/v2/NAME/blobs/uploads/…`: bytes of blobs come in."""

from collections.abc import AsyncIterator

from entrepot.doors.http import body as bodies
from entrepot.doors.oci.call import Call, Plain, Response
from entrepot.registry import uploads
from entrepot.registry.uploads import Upload
from entrepot.values.digest import ALGORITHMS, Digest
from entrepot.values.errors import DigestInvalid, UploadInvalid
from entrepot.values.names import RepositoryName
from entrepot.values.ranges import parse_content_range


async def start(call: Call) -> Response:
    """Begin an upload (`end-4a`), push a blob at once with `digest` (`end-4b`), or mount one (`end-11`)."""
    query = call.request.query_params
    if "mount" in query:
        digest = Digest.parse(query["mount"])
        source = RepositoryName.parse(query["from"]) if query.get("from") else None
        if await uploads.mount_blob(call.registry, call.actor, call.name, digest, source):
            return _created(call, digest)
    elif "digest" in query:
        digest = Digest.parse(query["digest"])
        chunks, length = _chunks(call, call.length), call.length
        await uploads.push_blob(call.registry, call.actor, call.name, digest, chunks, length)
        return _created(call, digest)
    algorithm = query.get("digest-algorithm", "sha256")
    if algorithm not in ALGORITHMS:
        raise DigestInvalid(f"The digest algorithm must be one of {', '.join(ALGORITHMS)}; not {algorithm[:40]!r}.")
    return _progress(call, 202, await uploads.start_upload(call.registry, call.actor, call.name, algorithm))


async def append(call: Call) -> Response:
    """Append a chunk with Content-Range, or a stream without (`end-5`)."""
    first, length = _chunk_range(call)
    chunks = _chunks(call, length)
    upload = await uploads.append(call.registry, call.actor, call.name, call.reference, chunks, first, length=length)
    return _progress(call, 202, upload)


async def finish(call: Call) -> Response:
    """Finish an upload: the last chunk, if any, and the digest (`end-6`)."""
    if "digest" not in call.request.query_params:
        raise DigestInvalid("The closing request needs the parameter digest.")
    digest = Digest.parse(call.request.query_params["digest"])
    first, length = _chunk_range(call)
    chunks = _chunks(call, length)
    await uploads.finish_upload(call.registry, call.actor, call.name, call.reference, digest, chunks, first, length)
    return _created(call, digest)


async def show(call: Call) -> Response:
    """How far an upload has come (`end-13`)."""
    upload = await uploads.show_upload(call.registry, call.actor, call.name, call.reference)
    return _progress(call, 204, upload)


async def cancel(call: Call) -> Response:
    """Forget an upload (next version of the specification)."""
    await uploads.cancel_upload(call.registry, call.actor, call.name, call.reference)
    return Plain(204, {})


def _chunks(call: Call, length: int | None) -> AsyncIterator[bytes]:
    return bodies.stream(call.receive, length, call.rooms.settings.body_idle_seconds)


def _chunk_range(call: Call) -> tuple[int | None, int | None]:
    """Where the chunk begins, None when the client leaves that to us, and its length, None when unknown."""
    header = call.request.headers.get("content-range")
    if header is None:
        return None, call.length
    first, last = parse_content_range(header)
    length = last - first + 1
    if call.length is not None and call.length != length:
        raise UploadInvalid(f"Content-Range names {length} bytes, Content-Length {call.length}.")
    return first, length


def _created(call: Call, digest: Digest) -> Response:
    return Plain(201, {"Location": f"/v2/{call.name}/blobs/{digest}", "Docker-Content-Digest": str(digest)})


def _progress(call: Call, status: int, upload: Upload) -> Response:
    return Plain(status, progress_headers(call.name, upload.id, upload.size))


def progress_headers(name: str, upload_id: str, size: int) -> dict[str, str]:
    """Where an upload goes on and what it holds; an empty one says 0-0, as clients expect."""
    return {
        "Location": f"/v2/{name}/blobs/uploads/{upload_id}",
        "Range": f"0-{max(size - 1, 0)}",
        "Docker-Upload-UUID": upload_id,
    }
