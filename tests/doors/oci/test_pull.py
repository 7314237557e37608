"""Pulling manifests and blobs: statuses, headers, negotiation, conditions, ranges."""

from itertools import product

import pytest

from entrepot.doors.http.front import HalfAnswered
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt
from entrepot.values.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST
from tests.make.cast import Cast
from tests.make.image import Image
from tests.make.wire import Wire


async def test_a_manifest_comes_with_its_digest_type_and_length(admin: Wire, cast: Cast) -> None:
    for reference in ("v1", cast.image.digest):
        answer = await admin("GET", f"/v2/acme/app/manifests/{reference}")

        assert answer.status == 200
        assert answer.body == cast.image.body
        assert answer.header("docker-content-digest") == str(cast.image.digest)
        assert answer.header("etag") == f'"{cast.image.digest}"'
        assert answer.header("content-type") == OCI_MANIFEST
        assert answer.header("vary") == "Accept"


async def test_head_says_what_get_says_without_the_body(admin: Wire, cast: Cast) -> None:
    for path in ("manifests/v1", f"manifests/{cast.image.digest}", f"blobs/{cast.image.blobs[1].digest}"):
        got = await admin("GET", f"/v2/acme/app/{path}")
        head = await admin("HEAD", f"/v2/acme/app/{path}")

        assert (head.status, head.body) == (200, b"")
        assert head.without_ids[1] == got.without_ids[1]


ACCEPTS: tuple[tuple[list[str], int], ...] = (
    ([], 200),
    ([""], 200),
    (["*/*"], 200),
    (["application/*"], 200),
    ([OCI_MANIFEST], 200),
    ([OCI_MANIFEST.upper()], 200),
    ([f"{DOCKER_MANIFEST}, {OCI_MANIFEST}"], 200),
    ([DOCKER_MANIFEST, OCI_MANIFEST], 200),
    ([DOCKER_MANIFEST, f"{OCI_MANIFEST};q=0.1"], 200),
    ([f"{OCI_MANIFEST}; charset=utf-8"], 200),
    ([DOCKER_MANIFEST], 404),
    (["text/html"], 404),
    ([f"*/*, {OCI_MANIFEST};q=0"], 404),
    (["*/*", f"{OCI_MANIFEST};q=0"], 404),
    (["application/*;q=0, */*"], 404),
)


async def test_a_manifest_comes_in_a_form_the_client_accepts_or_not_at_all(admin: Wire, cast: Cast) -> None:
    for accept, status in ACCEPTS:
        answer = await admin("GET", "/v2/acme/app/manifests/v1", headers=[("Accept", line) for line in accept])

        assert (answer.status, accept) == (status, accept)
        if status == 404:
            assert answer.codes == ["MANIFEST_UNKNOWN"]


async def test_a_client_that_knows_no_index_gets_the_image_for_its_platform(admin: Wire, cast: Cast) -> None:
    arm, amd = await cast.rooms.push("acme/app", "arm", Image.make(architecture="arm64")), cast.image
    index = await cast.rooms.push("acme/app", "both", Image.index(arm, amd))
    single = {"Accept": OCI_MANIFEST}

    by_tag = await admin("GET", "/v2/acme/app/manifests/both", headers=single)
    by_digest = await admin("GET", f"/v2/acme/app/manifests/{index.digest}", headers=single)
    any_form = await admin("GET", "/v2/acme/app/manifests/both", headers={"Accept": f"{OCI_MANIFEST}, {OCI_INDEX}"})

    assert (by_tag.status, by_tag.body) == (200, amd.body)
    assert by_tag.header("docker-content-digest") == str(amd.digest)
    assert by_digest.status == 404
    assert (any_form.status, any_form.body) == (200, index.body)


async def test_an_index_without_an_image_for_the_platform_is_not_accepted(admin: Wire, cast: Cast) -> None:
    arm = await cast.rooms.push("acme/app", "arm", Image.make(architecture="arm64"))
    await cast.rooms.push("acme/app", "index", Image.index(arm))

    answer = await admin("GET", "/v2/acme/app/manifests/index", headers={"Accept": OCI_MANIFEST})

    assert (answer.status, answer.codes) == (404, ["MANIFEST_UNKNOWN"])


async def test_what_the_client_has_already_is_not_sent_again(admin: Wire, cast: Cast) -> None:
    contents = (("manifests", cast.image.digest), ("blobs", cast.image.blobs[0].digest))
    forms = ('"{}"', 'W/"{}"', '"other", "{}"', "{}", "*")
    for (kind, digest), form, method in product(contents, forms, ("GET", "HEAD")):
        held = {"If-None-Match": form.format(digest)}
        answer = await admin(method, f"/v2/acme/app/{kind}/{digest}", headers=held)

        assert (answer.status, form) == (304, form)
        assert answer.header("etag") == f'"{digest}"'
        assert answer.header("content-length") is None


async def test_a_tag_that_moved_is_sent_although_the_client_has_the_old_one(admin: Wire, cast: Cast) -> None:
    held = {"If-None-Match": f'"{cast.image.digest}"'}
    assert (await admin("GET", "/v2/acme/app/manifests/v1", headers=held)).status == 304

    newer = await cast.rooms.push("acme/app", "v1")

    answer = await admin("GET", "/v2/acme/app/manifests/v1", headers=held)
    assert (answer.status, answer.body) == (200, newer.body)


async def test_one_range_of_a_blob(admin: Wire, cast: Cast) -> None:
    blob = cast.image.blobs[0]
    size = len(blob.content)
    path = f"/v2/acme/app/blobs/{blob.digest}"

    for header, start, stop in (
        ("bytes=0-0", 0, 1),
        ("bytes=2-5", 2, 6),
        ("bytes=3-", 3, size),
        ("bytes=-4", size - 4, size),
        ("bytes=0-99999", 0, size),
    ):
        answer = await admin("GET", path, headers={"Range": header})
        assert (answer.status, answer.body) == (206, blob.content[start:stop])
        assert answer.header("content-range") == f"bytes {start}-{stop - 1}/{size}"
        assert answer.header("accept-ranges") == "bytes"

    for header in ("bytes=0-1,3-4", "lines=1-2", "bytes=x"):
        answer = await admin("GET", path, headers={"Range": header})
        assert (answer.status, answer.body) == (200, blob.content)

    for header in (f"bytes={size}-", "bytes=9999-", "bytes=-0"):
        answer = await admin("GET", path, headers={"Range": header})
        assert (answer.status, answer.header("content-range")) == (416, f"bytes */{size}")
        assert answer.codes


async def test_a_range_that_depends_on_other_content_gives_the_whole(admin: Wire, cast: Cast) -> None:
    """If-Range (RFC 9110 §13.1.5)."""
    blob = cast.image.blobs[0]
    path = f"/v2/acme/app/blobs/{blob.digest}"

    same = await admin("GET", path, headers={"Range": "bytes=0-1", "If-Range": f'"{blob.digest}"'})
    other = await admin("GET", path, headers={"Range": "bytes=0-1", "If-Range": f'"{cast.image.digest}"'})

    assert (same.status, same.body) == (206, blob.content[:2])
    assert (other.status, other.body) == (200, blob.content)


ABSENT = (
    ("acme/app/manifests/none", 404, "MANIFEST_UNKNOWN"),
    ("acme/app/manifests/.bad", 404, "MANIFEST_UNKNOWN"),
    (f"acme/app/manifests/{Digest.of(b'?')}", 404, "MANIFEST_UNKNOWN"),
    ("acme/app/manifests/sha256:abc", 400, "DIGEST_INVALID"),
    ("acme/app/manifests/md5:abc", 400, "DIGEST_INVALID"),
    (f"acme/app/blobs/{Digest.of(b'?')}", 404, "BLOB_UNKNOWN"),
    ("acme/app/blobs/v1", 400, "DIGEST_INVALID"),
    ("acme/none/manifests/v1", 404, "NAME_UNKNOWN"),
    ("ACME/app/manifests/v1", 400, "NAME_INVALID"),
    ("app/manifests/v1", 400, "NAME_INVALID"),
    ("acme/app/unheard/of", 404, "UNSUPPORTED"),
)


async def test_what_is_not_there_or_cannot_be_has_its_own_code(admin: Wire, cast: Cast) -> None:
    for path, status, code in ABSENT:
        got, head = await admin("GET", f"/v2/{path}"), await admin("HEAD", f"/v2/{path}")

        assert (path, got.status, got.codes) == (path, status, [code])
        assert head.status == status


async def test_a_blob_that_no_repository_of_the_caller_links_is_unknown(admin: Wire, cast: Cast) -> None:
    secret = cast.image.blobs[1].digest

    answer = await admin("GET", f"/v2/acme/open/blobs/{secret}")

    assert (answer.status, answer.codes) == (404, ["BLOB_UNKNOWN"])


async def test_a_blob_whose_bytes_are_lost_is_answered_in_the_form_of_the_protocol(admin: Wire, cast: Cast) -> None:
    lost = cast.image.blobs[1].digest
    await cast.rooms.blobs.delete([lost])

    for headers in ({}, {"Range": "bytes=0-1"}):
        answer = await admin("GET", f"/v2/acme/app/blobs/{lost}", headers=headers)
        assert (answer.status, answer.codes) == (500, ["UNKNOWN"])


async def test_bytes_that_end_too_early_break_the_answer_off(admin: Wire, cast: Cast, monkeypatch) -> None:
    blob = cast.image.blobs[1]

    async def open_short(*_wanted: object):
        yield blob.content[:1]
        raise BlobCorrupt

    monkeypatch.setattr(cast.rooms.blobs, "open", open_short)
    with pytest.raises(BlobCorrupt):  # the table's way: this caller was not seen before
        await admin("GET", f"/v2/acme/app/blobs/{blob.digest}")
    with pytest.raises(HalfAnswered):  # the fast path
        await admin("GET", f"/v2/acme/app/blobs/{blob.digest}")
