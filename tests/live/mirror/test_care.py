"""Care of mirrors: quotas of upstreams are kept to, what mirrors save is counted, other platforms come along."""

import json
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from tests.live.api import Api
from tests.live.conftest import StartServer
from tests.live.mirror.conftest import OCI_INDEX, OCI_MANIFEST, MakeMirror, Mirror, Pushed, Upstream
from tests.live.process import Server
from tests.make.waiting import until

pytestmark = pytest.mark.live

MIB = 1 << 20
NOTHING_LEFT = {"RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600"}


@pytest.fixture
def watched(start_server: StartServer) -> Server:
    """A server that writes down soon what it counts."""
    return start_server(accounting_seconds=1, workers=1)


def usage(mirror: Mirror) -> dict[str, Any]:
    with Api(mirror.server) as api:
        found: dict[str, Any] = api.client.get(f"/v2/manage/mirrors/{mirror.organization}/usage").json()
    return found


def index_of(upstream: Upstream, *images: Pushed) -> Pushed:
    """An index at the upstream, of images in one repository."""
    children = [
        {
            "mediaType": OCI_MANIFEST,
            "digest": one.digest,
            "size": len(one.body),
            "platform": {"os": "linux", "architecture": architecture},
        }
        for one, architecture in zip(images, ("amd64", "arm64", "s390x"), strict=False)
    ]
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}).encode()
    name = images[0].name
    return Pushed(name, "multi", upstream.put(name, "multi", body, OCI_INDEX), body, {})


async def test_when_nothing_is_left_of_a_quota_what_is_held_is_served_without_asking(
    upstream: Upstream, watched: Server, make_mirror: MakeMirror
) -> None:
    mirror, image = make_mirror(watched, fresh_seconds=0, stale_seconds=0), upstream.push()
    upstream.wire.says = NOTHING_LEFT
    assert "Warning" not in mirror.manifest(image).headers
    upstream.wire.asked.clear()

    for _ in range(3):
        answer = mirror.manifest(image)
        assert (answer.content, answer.headers["Warning"][:3]) == (image.body, "110")
    assert upstream.wire.asked == []
    other = upstream.push()
    assert mirror.manifest(other).content == other.body  # what is not here is asked for all the same

    await until(lambda: usage(mirror)["addresses"][0]["again_at"] is not None)
    [address] = usage(mirror)["addresses"]
    assert (address["address"], address["remaining"], address["limit"]) == (upstream.wire.url, 0, 100)
    assert address["window_seconds"] == 21_600


def test_an_upstream_that_says_429_is_left_alone_for_as_long_as_it_says(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    assert mirror.manifest(image).status_code == 200
    upstream.wire.status, upstream.wire.retry_after = 429, "3"
    assert mirror.manifest(image).headers["Warning"].startswith("110")
    began = time.monotonic()
    upstream.wire.status = 0
    upstream.wire.asked.clear()

    assert mirror.manifest(image).headers["Warning"].startswith("110")

    assert (upstream.wire.asked, time.monotonic() - began < 3) == ([], True)


def test_no_more_is_asked_in_a_minute_than_was_said(
    upstream: Upstream, server: Server, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror(server, fresh_seconds=0, stale_seconds=0, requests_per_minute=5)
    image = upstream.push()
    answers = [mirror.manifest(image) for _ in range(10)]

    assert [answer.content for answer in answers] == [image.body] * 10
    assert len(upstream.wire.asked) == 5
    assert answers[-1].headers["Warning"].startswith("110")


async def test_what_a_mirror_saves_is_counted(upstream: Upstream, watched: Server, make_mirror: MakeMirror) -> None:
    mirror, image = make_mirror(watched, fresh_seconds=0), upstream.push(sizes=(300_000,))
    for _ in range(3):
        assert mirror.manifest(image).status_code == 200
        assert len(mirror.blob(image, image.layer).content) == 300_000

    def today() -> dict[str, Any]:
        found: dict[str, Any] = usage(mirror)["days"][-1]
        return found

    await until(lambda: today()["served"] == 3 and today()["fetched"] == 1)
    found = today()
    assert (found["served_bytes"], found["fetched_bytes"]) == (900_000, 300_000)
    assert (found["manifest_gets"], found["blobs"]) == (1, 1)
    assert found["manifest_heads"] >= 1
    assert usage(mirror)["held_bytes"] == 300_000


async def test_the_other_platforms_of_an_image_come_when_all_are_wanted(
    upstream: Upstream, server: Server, make_mirror: MakeMirror
) -> None:
    amd = upstream.push(sizes=(200_000, 100_000))
    arm = upstream.push(amd.name, "arm", sizes=(250_000,))
    index = index_of(upstream, amd, arm)
    mirror = make_mirror(server, prefetch="all", fresh_seconds=600)

    assert mirror.manifest(index).content == index.body

    await until(lambda: upstream.wire.count("GET blobs/") == 5)
    await until(lambda: upstream.wire.blob_bytes >= 550_000)
    upstream.wire.is_down = True
    for image in (amd, arm):
        assert mirror.manifest(image, image.digest).content == image.body
        for digest, content in image.layers.items():
            await until(lambda image=image, digest=digest: mirror.blob(image, digest).status_code == 200)  # type: ignore[misc]
            assert mirror.blob(image, digest).content == content


async def test_what_nobody_waits_for_steps_back_for_a_client(
    upstream: Upstream, server: Server, make_mirror: MakeMirror
) -> None:
    image = upstream.push(sizes=(6 * MIB,))
    index, wanted = index_of(upstream, image), upstream.push(sizes=(1_000,))
    mirror = make_mirror(server, prefetch="all", fetches_max=1, fresh_seconds=600)
    upstream.wire.bytes_per_second = 2 * MIB
    assert mirror.manifest(index).status_code == 200
    await until(lambda: upstream.wire.blob_bytes > MIB)

    assert mirror.manifest(wanted).status_code == 200
    assert mirror.blob(wanted, wanted.layer).content == wanted.layers[wanted.layer]

    assert upstream.wire.blob_bytes < 6 * MIB
    upstream.wire.bytes_per_second = 0
    assert mirror.blob(image, image.layer).content == image.layers[image.layer]
    assert upstream.wire.blob_bytes < 12 * MIB  # it went on where it was


async def test_a_mirror_that_fills_up_lets_go_of_what_was_pulled_longest_ago(
    upstream: Upstream, start_server: StartServer, make_mirror: MakeMirror
) -> None:
    server = start_server(accounting_seconds=1)
    mirror = make_mirror(server, limit_bytes=700_000)
    old, kept, new = (upstream.push(sizes=(300_000,)) for _ in range(3))
    for image in (old, kept):
        pull(mirror, image)
    with Api(server) as api:
        pinned = {"repositories": kept.name.partition("/")[0] + "/*", "tags": "1.*"}
        api.client.post(f"/v2/manage/mirrors/{mirror.organization}/pins", json=pinned).raise_for_status()
    assert server.stop() == 0
    with closing(sqlite3.connect(server.data / "entrepot.db")) as database, database:  # as if it was long ago
        database.execute("UPDATE manifest SET pushed_at = '2026-01-01 00:00:00.000000'")
        database.execute("UPDATE pull_last SET pulled_at = '2026-01-01 00:00:00.000000'")
    server.start()

    pull(mirror, new)

    def trims() -> list[str]:
        with closing(sqlite3.connect(server.data / "entrepot.db")) as database:
            return [one for (one,) in database.execute("SELECT data FROM event WHERE type = 'mirror.trimmed'")]

    await until(lambda: len(trims()) > 0, 150)
    assert json.loads(trims()[0]) == {"images": 1, "freed_bytes": 300_000 + config_size(old), "limit_bytes": 700_000}
    upstream.wire.is_down = True
    assert mirror.manifest(old).status_code == 503
    for image in (kept, new):
        assert mirror.manifest(image).content == image.body
        assert mirror.blob(image, image.layer).content == image.layers[image.layer]


def pull(mirror: Mirror, image: Pushed) -> None:
    """The whole of it."""
    assert mirror.manifest(image).status_code == 200
    for digest in (json.loads(image.body)["config"]["digest"], *image.layers):
        assert mirror.blob(image, digest).status_code == 200


def config_size(image: Pushed) -> int:
    return int(json.loads(image.body)["config"]["size"])
