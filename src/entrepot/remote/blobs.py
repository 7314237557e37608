"""Blobs of another registry: asked for, mounted, sent and fetched; a transfer that broke off goes on where it was."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import urlencode

from entrepot.remote.answers import stranger
from entrepot.remote.session import Answer, Remote, Scopes, mount_scope, pull_scope, push_scope
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import DigestMismatch, EntrepotError, Refused, RemoteUnreachable, worded
from entrepot.values.names import RepositoryName

Source: TypeAlias = Callable[[int], AsyncGenerator[bytes, None]]
"""The bytes of a blob from a place on; asked again, from further on, when a transfer broke off."""

Progress: TypeAlias = Callable[[int], None]
"""Told how many bytes of the blob are there by now; may go back when some were lost."""

_MIDDLE = 206
_BEYOND = 416
_MISSING = 404


class How(StrEnum):
    """How a blob came to be in the repository."""

    PRESENT = "present"
    MOUNTED = "mounted"
    SENT = "sent"


async def has_blob(remote: Remote, name: RepositoryName, digest: Digest) -> bool:
    """Whether the repository holds the blob. One that may not be read is not there."""
    target = f"/v2/{name}/blobs/{digest}"
    answer = await remote.request("HEAD", target, push_scope(name), accepted=(_MISSING,))
    return answer.status != _MISSING


async def blob_size(remote: Remote, name: RepositoryName, digest: Digest) -> int | None:
    """How many bytes a blob has; None when it is not there, or the registry does not say. Raises RemoteRefused."""
    target = f"/v2/{name}/blobs/{digest}"
    answer = await remote.request("HEAD", target, pull_scope(name), accepted=(_MISSING,))
    length = answer.headers.get("content-length", "")
    return int(length) if answer.status != _MISSING and length.isascii() and length.isdigit() else None


async def push_blob(
    remote: Remote,
    name: RepositoryName,
    blob: Descriptor,
    source: Source,
    progress: Progress,
    mount_from: str | None = None,
) -> How:
    """Bring a blob into a repository, by sending it only if it neither is there nor can be mounted.

    `mount_from` is the repository to mount from, empty for any that may be read; None when nothing can be mounted.
    Verified by the registry. Raises RemoteRefused, RemoteUnreachable, and what `source` raises.
    """
    if await has_blob(remote, name, blob.digest):
        return How.PRESENT
    upload = await _start(remote, name, blob.digest, mount_from)
    if upload is None:
        return How.MOUNTED
    try:
        await _send_all(remote, name, blob, source, progress, upload)
    except Refused:  # also by what should be sent: a damaged blob is not left there half
        with suppress(EntrepotError):
            await remote.request("DELETE", upload.location, upload.scopes)
        raise
    return How.SENT


async def pull_blob(
    remote: Remote, name: RepositoryName, blob: Descriptor, start: int = 0
) -> AsyncGenerator[bytes, None]:
    """The bytes of a blob from `start` on. From the beginning, digest and size are verified.

    Raises RemoteRefused, RemoteUnreachable when it does not move on any more, or DigestMismatch.
    """
    hashed = hashlib.new(blob.digest.algorithm)
    at, attempt = start, 1
    while at < blob.size:
        try:
            async with aclosing(read_blob(remote, name, blob, at)) as chunks:
                async for chunk in chunks:
                    at, attempt = at + len(chunk), 1
                    hashed.update(chunk)
                    yield chunk
        except RemoteUnreachable as error:
            attempt += 1
            await remote.wait(attempt, error)
    if start == 0 and hashed.hexdigest() != blob.digest.hex:
        raise DigestMismatch(
            worded(
                "What {url} sent as {digest} has another digest; it is damaged there or on the way.",
                url=remote.url,
                digest=blob.digest,
            )
        )


@dataclass(frozen=True, slots=True)
class _Upload:
    """An upload under way: where it goes on, and how many bytes the registry holds."""

    location: str
    scopes: Scopes
    held: int = 0


async def _start(remote: Remote, name: RepositoryName, digest: Digest, mount_from: str | None) -> _Upload | None:
    """Begin an upload; None when the blob was mounted instead."""
    scopes, query = push_scope(name), ""
    if mount_from is not None:
        scopes = mount_scope(name, mount_from)
        query = f"?{urlencode({'mount': str(digest)} | ({'from': mount_from} if mount_from else {}))}"
    answer = await remote.request("POST", f"/v2/{name}/blobs/uploads/{query}", scopes)
    return None if answer.status == 201 else _Upload(_location(remote, answer), scopes)


async def _send_all(
    remote: Remote, name: RepositoryName, blob: Descriptor, source: Source, progress: Progress, upload: _Upload
) -> None:
    attempt = 1
    while True:
        try:
            if upload.held < blob.size:
                upload = await _append(remote, blob, source, progress, upload)
            await _finish(remote, upload, blob.digest)
            return
        except RemoteUnreachable as error:
            attempt += 1
            await remote.wait(attempt, error)
        if await has_blob(remote, name, blob.digest):
            return  # the answer to the last request was lost, not the request
        before = upload.held
        upload = await _look(remote, upload) or await _again(remote, name, upload.scopes)
        progress(upload.held)
        if upload.held > before:
            attempt = 1


async def _append(remote: Remote, blob: Descriptor, source: Source, progress: Progress, upload: _Upload) -> _Upload:
    """Send what is missing in one request."""
    start = upload.held
    headers = {"content-type": "application/octet-stream", "content-length": str(blob.size - start)}
    if start:
        headers["content-range"] = f"{start}-{blob.size - 1}"

    async def body() -> AsyncIterator[bytes]:
        at = start
        async with aclosing(source(start)) as chunks:
            async for chunk in chunks:
                yield chunk
                at += len(chunk)
                progress(at)

    async with remote.send("PATCH", upload.location, upload.scopes, headers=headers, body=body) as response:
        answer = Answer(response.status_code, response.headers, b"")
    return _Upload(_location(remote, answer), upload.scopes, blob.size)


async def _finish(remote: Remote, upload: _Upload, digest: Digest) -> None:
    joined = "&" if "?" in upload.location else "?"
    target = f"{upload.location}{joined}{urlencode({'digest': str(digest)})}"
    async with remote.send("PUT", target, upload.scopes, headers={"content-length": "0"}):
        pass


async def _look(remote: Remote, upload: _Upload) -> _Upload | None:
    """How much of the upload the registry holds; None when it knows it no more."""
    answer = await remote.request("GET", upload.location, upload.scopes, accepted=(_MISSING,))
    if answer.status == _MISSING:
        return None
    first, dash, last = answer.headers.get("range", "").removeprefix("bytes=").partition("-")
    if not dash or first != "0" or not (last.isascii() and last.isdigit()) or len(last) > 18:
        return None
    # `0-0` is also what registries say of an empty upload; one byte is sent again for that.
    held = int(last) + 1 if int(last) else 0
    return _Upload(answer.headers.get("location") or upload.location, upload.scopes, held)


async def _again(remote: Remote, name: RepositoryName, scopes: Scopes) -> _Upload:
    answer = await remote.request("POST", f"/v2/{name}/blobs/uploads/", scopes)
    return _Upload(_location(remote, answer), scopes)


async def read_blob(remote: Remote, name: RepositoryName, blob: Descriptor, start: int) -> AsyncGenerator[bytes, None]:
    """What comes of the blob from `start` on, until it ends or breaks off."""
    headers = {"range": f"bytes={start}-"} if start else {}
    left, skip = blob.size - start, start
    target, accepted = f"/v2/{name}/blobs/{blob.digest}", (_BEYOND,) if start else ()
    async with remote.send("GET", target, pull_scope(name), headers=headers, accepted=accepted) as response:
        if response.status_code == _BEYOND:
            raise DigestMismatch(
                worded(
                    "{url} has fewer than the {size} bytes of {digest}.",
                    url=remote.url,
                    size=blob.size,
                    digest=blob.digest,
                )
            )
        if response.status_code == _MIDDLE:
            if not response.headers.get("content-range", "").startswith(f"bytes {start}-"):
                raise stranger(remote.url, "another range than was asked for")
            skip = 0
        async for received in response.aiter_raw():
            chunk, skip = received[skip:], max(skip - len(received), 0)
            if len(chunk) > left:
                raise DigestMismatch(
                    worded(
                        "{url} sent more than the {size} bytes of {digest}.",
                        url=remote.url,
                        size=blob.size,
                        digest=blob.digest,
                    )
                )
            left -= len(chunk)
            if chunk:
                yield chunk
    if left:
        raise RemoteUnreachable(
            worded(
                "{url} sent {left} bytes too few of {digest}. Try again later.",
                url=remote.url,
                left=left,
                digest=blob.digest,
            )
        )


def _location(remote: Remote, answer: Answer) -> str:
    location = answer.headers.get("location", "")
    if not location:
        raise stranger(remote.url, "an upload without a place")
    return location
