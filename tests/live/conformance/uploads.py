"""The ways a blob can travel, and the out-of-order pranks the official suite plays on each.

Every function returns the closing answer; what must hold on the way it demands itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Blob
from tests.live.conformance.repository import Repository, Session

CHUNK_BYTES = (1024, 1024, 1019)
BLOB_BYTES = sum(CHUNK_BYTES)


def chunks(session: Session, content: bytes) -> list[tuple[int, bytes]]:
    """Three chunks as (start, bytes), or fewer when the registry announced a larger minimum."""
    size = max(CHUNK_BYTES[0], session.chunk_bytes_min)
    return [(start, content[start : start + size]) for start in range(0, len(content), size)]


def post_only(repo: Repository, blob: Blob) -> Answer:
    return repo.post_blob(blob.content, blob.digest)


def post_put(repo: Repository, blob: Blob) -> Answer:
    session = repo.start_upload()
    check_session_address(session)
    return session.put(blob.digest, blob.content)


def chunked_single(repo: Repository, blob: Blob) -> Answer:
    session = repo.start_upload()
    send_chunk(session, 0, blob.content)
    return session.put(blob.digest)


def stream(repo: Repository, blob: Blob) -> Answer:
    session = repo.start_upload()
    expect(session.patch(blob.content), 202)
    return session.put(blob.digest)


def chunked_multi(repo: Repository, blob: Blob) -> Answer:
    session = repo.start_upload()
    for start, chunk in chunks(session, blob.content):
        send_chunk(session, start, chunk)
    return session.put(blob.digest)


def chunked_multi_put(repo: Repository, blob: Blob) -> Answer:
    """The last chunk travels in the closing request."""
    session = repo.start_upload()
    *first, (last_start, last) = chunks(session, blob.content)
    for start, chunk in first:
        send_chunk(session, start, chunk)
    return session.put(blob.digest, last, last_start)


def out_of_order(repo: Repository, blob: Blob) -> Answer:
    """Before each good chunk one that skips ahead, or starts over."""
    session = repo.start_upload()
    parts = chunks(session, blob.content)
    for number, (start, chunk) in enumerate(parts):
        wrong = parts[0] if number else parts[-1]
        expect(session.patch(wrong[1], wrong[0]), 416)
        check_held(session, start)
        send_chunk(session, start, chunk)
    return session.put(blob.digest)


def out_of_order_put(repo: Repository, blob: Blob) -> Answer:
    """The wrong last chunk comes in the closing request, and the session survives it."""
    session = repo.start_upload()
    *first, (last_start, last) = chunks(session, blob.content)
    for start, chunk in first:
        send_chunk(session, start, chunk)
    for wrong in (0, last_start + 1):
        expect(session.put(blob.digest, last, wrong), 416)
        check_held(session, last_start)
    return session.put(blob.digest, last, last_start)


METHODS: Mapping[str, Callable[[Repository, Blob], Answer]] = {
    "post only": post_only,
    "post+put": post_put,
    "chunked single": chunked_single,
    "stream": stream,
    "chunked multi": chunked_multi,
    "chunked multi and put chunk": chunked_multi_put,
    "chunked out-of-order": out_of_order,
    "chunked out-of-order and put chunk": out_of_order_put,
}


def send_chunk(session: Session, start: int, chunk: bytes) -> Answer:
    """Send a chunk that must be taken; its answer says how much is held."""
    answer = expect(session.patch(chunk, start), 202)
    check_range(answer, start + len(chunk))
    check_session_address(session)
    return answer


def check_held(session: Session, held: int) -> None:
    """The session is there and says how many bytes it holds."""
    check_range(expect(session.status(), 204), held)


def check_range(answer: Answer, held: int) -> None:
    """`Range: 0-N`, N the last byte held. An empty session has no last byte: any number will do."""
    found = re.fullmatch(r"0-(\d+)", answer.header("Range") or "")
    assert found, f"no Range of the form 0-N\n{answer}"
    assert held == 0 or int(found[1]) == held - 1, f"{held} bytes were taken\n{answer}"


def check_session_address(session: Session) -> None:
    """Clients find the repository, and with it their token, in the path of the session."""
    path = urlsplit(session.url).path
    prefix = session.repository.path("blobs/uploads/")
    assert path.startswith(prefix), f"an upload outside {prefix}: {path}"
    assert re.fullmatch(r"[^/]+", path[len(prefix) :]), f"the upload's id is not one segment: {path}"


def check_stored(repo: Repository, blob: Blob, answer: Answer) -> None:
    """201, and the Location gives back the very bytes."""
    expect(answer, 201)
    assert answer.header("Docker-Content-Digest") in (None, blob.digest), str(answer)
    found = expect(repo.registry.send("GET", answer.location), 200)
    assert found.body == blob.content
