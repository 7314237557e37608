"""Blobs whose bytes are not what their digest says: refused, by every way they can travel."""

from collections.abc import Callable

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Blob, Make
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.repository import Repository
from tests.live.conformance.uploads import BLOB_BYTES, METHODS, check_stored

WAYS = {
    "post only": METHODS["post only"],
    "post+put": METHODS["post+put"],
    "chunked": METHODS["chunked multi"],
    "chunked and put chunk": METHODS["chunked multi and put chunk"],
    "stream": METHODS["stream"],
}
MALFORMED = {
    "no digest at all": "",
    "no algorithm": "0" * 64,
    "no hex": "sha256:",
    "not hex": "sha256:" + "g" * 64,
    "upper case": "sha256:" + "ABCDEF" + "0" * 58,
    "too short": "sha256:" + "0" * 63,
    "too long": "sha256:" + "0" * 65,
    "words": "sha256:baddigeststring",
    "unsupported algorithm": "md5:" + "0" * 32,
    "unknown algorithm": "crc:" + "0" * 64,
    "another algorithm's length": "sha512:" + "0" * 64,
    "padded": " sha256:" + "0" * 64,
    "with a slash": "sha256:" + "0" * 60 + "/../",
}


class Mislabelled(Blob):
    """A blob that travels under the digest of other bytes."""

    @property
    def digest(self) -> str:
        return Blob(self.content + b"!", algorithm=self.algorithm).digest


@pytest.fixture(params=["sha256", "sha512"])
def make(request: pytest.FixtureRequest) -> Make:
    return fresh_make(request.param)


@pytest.mark.parametrize("way", WAYS)
def test_a_blob_with_the_wrong_digest_is_refused(repo: Repository, make: Make, way: str) -> None:
    push: Callable[[Repository, Blob], Answer] = WAYS[way]
    blob = Mislabelled(make.blob(BLOB_BYTES).content, algorithm=make.algorithm)
    expect(push(repo, blob), 400, code="DIGEST_INVALID")


@pytest.mark.parametrize("way", WAYS)
def test_a_blob_with_the_wrong_digest_is_never_visible(repo: Repository, make: Make, way: str) -> None:
    repo.push(make.blob())
    blob = Mislabelled(make.blob(BLOB_BYTES).content, algorithm=make.algorithm)
    truth = Blob(blob.content, algorithm=make.algorithm)
    WAYS[way](repo, blob)
    expect(repo.head_blob(blob.digest), 404)
    expect(repo.head_blob(truth.digest), 404)
    check_stored(repo, truth, WAYS[way](repo, truth))


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_digest_closes_no_upload(repo: Repository, make: Make, kind: str) -> None:
    session = repo.start_upload()
    expect(session.put(MALFORMED[kind], make.blob().content), 400, code="DIGEST_INVALID")


@pytest.mark.parametrize("kind", [kind for kind in MALFORMED if MALFORMED[kind]])
def test_a_malformed_digest_opens_no_upload(repo: Repository, make: Make, kind: str) -> None:
    expect(repo.post_blob(make.blob().content, MALFORMED[kind]), 400, code="DIGEST_INVALID")


def test_the_closing_request_needs_a_digest(repo: Repository, make: Make) -> None:
    session = repo.start_upload()
    answer = repo.registry.send("PUT", session.url, body=make.blob().content)
    expect(answer, 400, code="DIGEST_INVALID")


@pytest.mark.parametrize("kind", ["not hex", "too short", "words", "unsupported algorithm", "unknown algorithm"])
def test_reading_a_malformed_digest_is_refused(repo: Repository, make: Make, kind: str) -> None:
    repo.push(make.blob())
    for answer in (repo.get_blob(MALFORMED[kind]), repo.delete_blob(MALFORMED[kind])):
        expect(answer, 400, 404, code=("DIGEST_INVALID", "BLOB_UNKNOWN"))
    expect(repo.head_blob(MALFORMED[kind]), 400, 404)
