"""Upload sessions: resumed, mixed, mistreated."""

from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make
from tests.live.conformance.repository import OCTETS, Repository
from tests.live.conformance.uploads import (
    BLOB_BYTES,
    check_held,
    check_range,
    check_session_address,
    check_stored,
    send_chunk,
)


def test_an_upload_opens_with_nothing_held(repo: Repository) -> None:
    session = repo.start_upload()
    check_session_address(session)
    check_range(session.opened, 0)
    check_held(session, 0)


def test_a_body_on_the_opening_request_without_digest_is_not_the_blob(repo: Repository, make: Make) -> None:
    """Specification: a POST without digest opens a session; its Content-Length is 0."""
    blob = make.blob()
    answer = repo.registry.send("POST", repo.path("blobs/uploads/"), headers=[OCTETS], body=blob.content)
    expect(answer, 202, 400)
    expect(repo.head_blob(blob.digest), 404)


def test_an_upload_opens_without_the_slash_too(repo: Repository) -> None:
    """Or says that there is nothing, or where the slash belongs."""
    expect(repo.registry.send("POST", repo.path("blobs/uploads")), 202, 301, 307, 308, 404)


def test_a_wrong_chunk_is_answered_with_what_is_held(repo: Repository, make: Make) -> None:
    """416 carries Location and Range, so that a client resumes without asking again."""
    blob = make.blob(BLOB_BYTES)
    session = repo.start_upload()
    send_chunk(session, 0, blob.content[:1024])
    answer = expect(session.patch(blob.content[2048:], 2048), 416)
    check_range(answer, 1024)
    session.url = answer.location
    send_chunk(session, 1024, blob.content[1024:])
    check_stored(repo, blob, session.put(blob.digest))


@pytest.mark.parametrize(
    "content_range",
    [
        *("0-1022", "0-1024", "5-2", "-1024", "0-", "a-b", "", "-1--1", "0-1023, 0-1023", "0-99999999999999999999"),
        *("bytes 0-1023", "bytes=0-1023", "bytes 0-1023/3067"),
    ],
)
def test_a_content_range_is_understood_or_refused(repo: Repository, make: Make, content_range: str) -> None:
    """With or without the unit; a range that is not that of the body is refused, and the session survives."""
    blob = make.blob(1024)
    session = repo.start_upload()
    headers = [OCTETS, ("Content-Range", content_range)]
    answer = repo.registry.send("PATCH", session.url, headers=headers, body=blob.content)
    if content_range in ("bytes 0-1023", "bytes=0-1023", "bytes 0-1023/3067", ""):
        expect(answer, 202, 400, 416)
    else:
        expect(answer, 400, 416)
    if answer.status != 202:
        check_held(session, 0)
        send_chunk(session, 0, blob.content)
    check_stored(repo, blob, session.put(blob.digest))


def test_streamed_and_counted_pieces_may_follow_each_other(repo: Repository, make: Make) -> None:
    blob = make.blob(BLOB_BYTES)
    session = repo.start_upload()
    expect(session.patch(blob.content[:1000]), 202)
    send_chunk(session, 1000, blob.content[1000:2000])
    check_range(expect(session.patch(blob.content[2000:3000]), 202), 3000)
    check_stored(repo, blob, session.put(blob.digest, blob.content[3000:]))


def test_a_chunk_of_nothing_is_harmless(repo: Repository, make: Make) -> None:
    blob = make.blob()
    session = repo.start_upload()
    expect(session.patch(b""), 202)
    expect(session.patch(blob.content), 202)
    expect(session.patch(b""), 202)
    check_stored(repo, blob, session.put(blob.digest))


def test_the_session_survives_a_malformed_digest(repo: Repository, make: Make) -> None:
    """A slip of the client costs nothing: what was sent can still be closed. Or the session is gone, and says so."""
    blob = make.blob()
    session = repo.start_upload()
    expect(session.patch(blob.content), 202)
    expect(session.put("sha256:oops"), 400, code="DIGEST_INVALID")
    status = expect(session.status(), 204, 404)
    if status.status == 204:
        check_stored(repo, blob, session.put(blob.digest))


def test_an_upload_goes_on_when_the_client_drops_the_query(repo: Repository, make: Make) -> None:
    """Some clients do: the state of an upload belongs into the path of its Location."""
    blob = make.blob()
    session = repo.start_upload()
    session.url = urlunsplit(urlsplit(session.url)._replace(query=""))
    expect(session.patch(blob.content, 0), 202)
    session.url = urlunsplit(urlsplit(session.url)._replace(query=""))
    check_stored(repo, blob, session.put(blob.digest))


def test_uploads_of_one_repository_do_not_mix(repo: Repository, make: Make) -> None:
    first, second = make.blob(), make.blob()
    one, two = repo.start_upload(), repo.start_upload()
    assert one.url != two.url
    send_chunk(one, 0, first.content)
    send_chunk(two, 0, second.content)
    check_stored(repo, second, two.put(second.digest))
    check_stored(repo, first, one.put(first.digest))


def test_an_upload_is_unknown_in_another_repository(repo: Repository, repo2: Repository, make: Make) -> None:
    blob = make.blob()
    session = repo.start_upload()
    send_chunk(session, 0, blob.content)
    repo2.push(make.blob())
    home = session.url
    session.url = home.replace(repo.name, repo2.name)
    expect(session.status(), 404, code="BLOB_UPLOAD_UNKNOWN")
    expect(session.patch(b"more", len(blob.content)), 404, code="BLOB_UPLOAD_UNKNOWN")
    expect(session.put(blob.digest), 404, code="BLOB_UPLOAD_UNKNOWN")
    expect(session.cancel(), 404, code="BLOB_UPLOAD_UNKNOWN")
    session.url = home
    check_held(session, len(blob.content))
    check_stored(repo, blob, session.put(blob.digest))


@pytest.mark.parametrize("upload", ["0", "unknown", "00000000-0000-4000-8000-000000000000", "x" * 500, "%00", "a%2Fb"])
def test_an_upload_never_opened_is_unknown(repo: Repository, make: Make, upload: str) -> None:
    repo.push(make.blob())
    path = repo.path(f"blobs/uploads/{upload}")
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        params = [("digest", make.unknown_digest())] if method == "PUT" else []
        body = b"data" if method in ("PATCH", "PUT") else None
        expect(repo.registry.send(method, path, params=params, body=body), 404, 400)
