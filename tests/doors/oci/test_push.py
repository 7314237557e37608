"""Pushing over the protocol: uploads in all forms, manifests, mounts; statuses and headers of each."""

from urllib.parse import quote

from entrepot.values.digest import Digest
from entrepot.values.media_types import DOCKER_SCHEMA1_SIGNED, OCI_INDEX, OCI_MANIFEST
from tests.make.cast import Cast
from tests.make.image import Blob, Image
from tests.make.wire import Answer, Wire

UPLOADS = "/v2/acme/app/blobs/uploads/"
BLOB = Blob(b"0123456789")


async def begin(wire: Wire) -> str:
    answer = await wire("POST", UPLOADS)
    assert (answer.status, answer.header("range"), answer.body) == (202, "0-0", b"")
    location = answer.header("location")
    assert location == UPLOADS + (answer.header("docker-upload-uuid") or "?")
    return location


def made(answer: Answer, digest: Digest) -> bool:
    return (answer.status, answer.header("location"), answer.header("docker-content-digest")) == (
        201,
        f"/v2/acme/app/blobs/{digest}",
        str(digest),
    )


async def test_every_way_to_push_a_blob(admin: Wire, cast: Cast) -> None:
    for algorithm in ("sha256", "sha512"):
        digest = Digest.of(BLOB.content, algorithm)
        assert made(await admin("POST", f"{UPLOADS}?digest={quote(str(digest))}", BLOB.content), digest)
        assert made(await admin("PUT", f"{await begin(admin)}?digest={digest}", BLOB.content), digest)

        streamed = await begin(admin)
        answer = await admin("PATCH", streamed, [b"012", b"345", b""])
        assert (answer.status, answer.header("location"), answer.header("range")) == (202, streamed, "0-5")
        shown = await admin("GET", streamed)
        assert (shown.status, shown.header("range"), shown.body) == (204, "0-5", b"")
        assert made(await admin("PUT", f"{streamed}?digest={digest}", b"6789"), digest)
        assert (await admin("GET", streamed)).codes == ["BLOB_UPLOAD_UNKNOWN"]

        assert (await admin("GET", f"/v2/acme/app/blobs/{digest}")).body == BLOB.content


async def test_chunks_come_in_order_and_the_session_survives_a_wrong_one(admin: Wire, cast: Cast) -> None:
    location = await begin(admin)
    assert (await admin("PATCH", location, b"0123", {"Content-Range": "0-3"})).status == 202
    for content_range, body in (("0-3", b"0123"), ("5-8", b"5678"), ("99-99", b"x")):
        answer = await admin("PATCH", location, body, {"Content-Range": content_range})
        assert (answer.status, answer.header("range"), answer.header("location")) == (416, "0-3", location)
        assert answer.codes == ["BLOB_UPLOAD_INVALID"]
    for content_range in ("4-9", "x", "4", "9-4", "-1-3", "bytes=4-4/2", "4-99999999999999999999999"):
        answer = await admin("PATCH", location, b"4567", {"Content-Range": content_range})
        assert (content_range, answer.status) == (content_range, 400)
    assert (await admin("GET", location)).header("range") == "0-3"

    last = await admin("PUT", f"{location}?digest={BLOB.digest}", b"456789", {"Content-Range": "4-9"})
    assert made(last, BLOB.digest)


async def test_what_is_wrong_with_a_push_has_a_code(admin: Wire, cast: Cast) -> None:
    location, other = await begin(admin), Digest.of(b"other")
    for method, target, body, status, code in (
        ("POST", f"{UPLOADS}?digest={other}", BLOB.content, 400, "DIGEST_INVALID"),
        ("POST", f"{UPLOADS}?digest=sha256:x", BLOB.content, 400, "DIGEST_INVALID"),
        ("POST", f"{UPLOADS}?mount=x", b"", 400, "DIGEST_INVALID"),
        ("POST", f"{UPLOADS}?digest-algorithm=md5", b"", 400, "DIGEST_INVALID"),
        ("PUT", f"{location}?digest={other}", BLOB.content, 400, "DIGEST_INVALID"),
        ("PUT", location, b"", 400, "DIGEST_INVALID"),
        ("PUT", f"{location}?digest=x", b"", 400, "DIGEST_INVALID"),
        ("PATCH", f"{UPLOADS}unknown", b"x", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("PUT", f"{UPLOADS}%2e%2e?digest={other}", b"x", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("DELETE", f"{UPLOADS}unknown", b"", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("POST", "/v2/nowhere/app/blobs/uploads/", b"", 404, "NAME_UNKNOWN"),
        ("POST", "/v2/acme/UPPER/blobs/uploads/", b"", 400, "NAME_INVALID"),
        ("PUT", "/v2/acme/app/manifests/v1", b"{}", 400, "MANIFEST_INVALID"),
        ("PUT", "/v2/acme/app/manifests/-bad", cast.image.body, 400, "TAG_INVALID"),
        ("PUT", f"/v2/acme/app/manifests/{other}", cast.image.body, 400, "DIGEST_INVALID"),
        ("PUT", "/v2/acme/app/manifests/v1?tag=v2", cast.image.body, 400, "UNSUPPORTED"),
        ("PUT", f"/v2/acme/app/manifests/{cast.image.digest}?tag=-", cast.image.body, 400, "TAG_INVALID"),
        ("PUT", "/v2/acme/app/manifests/v1", Image.make().body, 404, "MANIFEST_BLOB_UNKNOWN"),
        ("PUT", "/v2/acme/app/manifests/v1", b" " * (4 * 1024 * 1024 + 1), 413, "SIZE_INVALID"),
        ("DELETE", f"/v2/acme/app/blobs/{cast.image.blobs[0].digest}", b"", 405, "UNSUPPORTED"),
    ):
        answer = await admin(method, target, body)
        assert (target, answer.status, answer.codes) == (target, status, [code])
    assert (await admin("DELETE", location)).status == 204
    assert (await admin("DELETE", location)).status == 404


async def test_a_pushed_manifest_says_where_it_is(admin: Wire, cast: Cast) -> None:
    digest = cast.image.digest
    referrer = Image.make(0, holding=cast.image.blobs[1:], subject=cast.image)
    for target, body, kept, tags in (
        ("manifests/v2", cast.image.body, digest, []),
        (f"manifests/{digest}", cast.image.body, digest, []),
        (f"manifests/{digest}?tag=v3&tag=v4&tag=v3", cast.image.body, digest, ["v3", "v4"]),
    ):
        answer = await admin("PUT", f"/v2/acme/app/{target}", body, {"Content-Type": OCI_MANIFEST})
        assert answer.status == 201
        assert answer.header("location") == f"/v2/acme/app/manifests/{kept}"
        assert answer.header("docker-content-digest") == str(kept)
        assert answer.all("oci-tag") == tags
        assert answer.header("oci-subject") is None
    assert (
        await admin("POST", f"{UPLOADS}?digest={referrer.blobs[0].digest}", referrer.blobs[0].content)
    ).status == 201
    answer = await admin("PUT", f"/v2/acme/app/manifests/{referrer.digest}", referrer.body)
    assert (answer.status, answer.header("oci-subject")) == (201, str(digest))


async def test_the_media_type_in_header_and_body_must_agree(admin: Wire, cast: Cast) -> None:
    for content_type, status in (
        (OCI_MANIFEST, 201),
        (f"{OCI_MANIFEST}; charset=utf-8", 201),
        ("", 201),
        (OCI_INDEX, 400),
        ("application/json", 415),
        (DOCKER_SCHEMA1_SIGNED, 415),
    ):
        answer = await admin("PUT", "/v2/acme/app/manifests/v1", cast.image.body, {"Content-Type": content_type})
        assert (content_type, answer.status) == (content_type, status)
        if status != 201:
            assert answer.codes == ["MANIFEST_INVALID"]


async def test_a_body_that_is_not_what_its_length_says_is_refused(admin: Wire, cast: Cast) -> None:
    for length in (5, 11):
        whole = await admin("POST", f"{UPLOADS}?digest={BLOB.digest}", BLOB.content, length=length)
        manifest = await admin("PUT", "/v2/acme/app/manifests/v1", cast.image.body, length=length)
        assert (whole.status, manifest.status) == (400, 400)
        assert whole.codes and manifest.codes
    for header in ("x", "-1", "1e3", "٣"):
        latin = header.encode("utf-8").decode("latin-1")
        answer = await admin("PATCH", await begin(admin), [b"0123"], {"Content-Length": latin})
        assert (answer.status, answer.codes) == (400, ["SIZE_INVALID"])


async def test_a_method_that_a_path_does_not_know_is_refused_with_those_it_knows(admin: Wire, cast: Cast) -> None:
    for method, path, allow in (
        ("POST", "/v2/", "GET, HEAD"),
        ("DELETE", "/v2/_catalog", "GET, HEAD"),
        ("PUT", "/v2/acme/app/tags/list", "GET, HEAD"),
        ("POST", "/v2/acme/app/manifests/v1", "DELETE, GET, HEAD, PUT"),
        ("PATCH", f"/v2/acme/app/blobs/{BLOB.digest}", "DELETE, GET, HEAD"),
        ("GET", UPLOADS, "POST"),
        ("POST", f"{UPLOADS}x", "DELETE, GET, PATCH, PUT"),
        ("DELETE", f"/v2/acme/app/referrers/{BLOB.digest}", "GET, HEAD"),
    ):
        answer = await admin(method, path)
        assert (path, answer.status, answer.codes) == (path, 405, ["UNSUPPORTED"])
        assert answer.header("allow") == allow


async def test_a_refused_delete_says_which_methods_remain(admin: Wire, cast: Cast) -> None:
    """RFC 9110 §15.5.6: every 405 answer has `Allow`."""
    index = Image.index(cast.image)
    assert (await admin("PUT", f"/v2/acme/app/manifests/{index.digest}", index.body)).status == 201

    for path, allow in (
        (f"blobs/{cast.image.blobs[0].digest}", "GET, HEAD"),
        (f"manifests/{cast.image.digest}", "GET, HEAD, PUT"),
    ):
        answer = await admin("DELETE", f"/v2/acme/app/{path}")
        assert (path, answer.status, answer.header("allow")) == (path, 405, allow)
