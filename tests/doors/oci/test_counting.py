"""What the registry's door counts of pulls, by whichever of its ways it answers; and quotas as clients see them."""

import pytest

from entrepot.registry.quota_rules import Resource
from entrepot.registry.quotas import set_domain_quotas
from tests.make.cast import Cast
from tests.make.image import Blob
from tests.make.wire import Wire

DIGEST = Blob(b"twelve bytes").digest


async def limit(cast: Cast, **limits: int) -> None:
    wanted = {Resource(key): value for key, value in limits.items()}
    await set_domain_quotas(cast.rooms.registry, cast["admin"], "default", wanted)


@pytest.mark.parametrize("way", ["fast", "slow"])
async def test_manifests_that_were_sent_are_counted(cast: Cast, admin: Wire, way: str) -> None:
    unusual = {"If-None-Match": '"something else"'} if way == "slow" else {}
    digest = str(cast.image.digest)
    counts = cast.rooms.registry.counts

    await admin("HEAD", "/v2/acme/app/manifests/v1", headers=unusual)
    await admin("GET", f"/v2/acme/app/manifests/{digest}", headers=unusual)
    await admin("GET", "/v2/acme/app/manifests/v1", headers=unusual)
    await admin("GET", "/v2/acme/app/manifests/v1", headers=unusual)
    await admin("GET", "/v2/acme/app/manifests/none", headers=unusual)

    assert dict(counts.manifests) == {("acme/app", digest): 1, ("acme/app", "v1"): 2}
    assert counts.asked == {("acme/app", digest): "v1"}
    by = cast["admin"].id
    assert counts.last == {("acme/app", digest): by, ("acme/app", "v1"): by}


async def test_what_a_client_has_already_is_not_counted(cast: Cast, admin: Wire) -> None:
    same = {"If-None-Match": f'"{cast.image.digest}"'}
    assert (await admin("GET", "/v2/acme/app/manifests/v1", headers=same)).status == 304
    blob = cast.image.blobs[1]
    same = {"If-None-Match": f'"{blob.digest}"'}
    assert (await admin("GET", f"/v2/acme/app/blobs/{blob.digest}", headers=same)).status == 304
    assert (await admin("HEAD", f"/v2/acme/app/blobs/{blob.digest}")).status == 200

    assert len(cast.rooms.registry.counts) == 0


async def test_bytes_of_blobs_are_counted_as_they_were_sent(cast: Cast, admin: Wire) -> None:
    blob = cast.image.blobs[1]
    target, size = f"/v2/acme/app/blobs/{blob.digest}", len(blob.content)

    assert (await admin("GET", target)).status == 200
    assert (await admin("GET", target, headers={"Range": "bytes=2-5"})).status == 206

    assert dict(cast.rooms.registry.counts.blobs) == {("acme/app", str(blob.digest)): size + 4}


async def test_a_push_beyond_a_quota_is_denied_and_told_why(cast: Cast, admin: Wire) -> None:
    await limit(cast, bytes=20)

    refused = await admin("POST", f"/v2/acme/app/blobs/uploads/?digest={DIGEST}", b"twelve bytes")

    assert (refused.status, refused.codes) == (403, ["DENIED"])
    (error,) = refused.json()["errors"]
    assert f"{error['detail']['used']} used, 20 allowed, 12 more would not fit" in error["message"]
    assert (error["detail"]["quota"], error["detail"]["limit"]) == ("bytes", 20)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_a_chunk_beyond_a_quota_is_denied_before_it_is_read(cast: Cast, admin: Wire, method: str) -> None:
    started = await admin("POST", "/v2/acme/app/blobs/uploads/")
    await limit(cast, bytes=20)
    location = started.header("location") or ""
    target = f"{location}?digest={DIGEST}" if method == "PUT" else location

    refused = await admin(method, target, b"", length=1_000_000)

    assert (refused.status, refused.codes) == (403, ["DENIED"])


async def test_a_pull_asks_no_quota(cast: Cast, admin: Wire) -> None:
    await limit(cast, bytes=0, tags=0, repositories=0, organizations=0)

    assert (await admin("GET", "/v2/acme/app/manifests/v1")).status == 200
    assert (await admin("GET", f"/v2/acme/app/blobs/{cast.image.blobs[1].digest}")).status == 200
    refused = await admin("PUT", "/v2/acme/app/manifests/v2", cast.image.body, {"Content-Type": cast.image.media_type})
    assert (refused.status, refused.codes) == (403, ["DENIED"])
