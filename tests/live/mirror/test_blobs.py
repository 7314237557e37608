"""Blobs through a mirror: each comes once, however many want it, and whatever happens on the way."""

import asyncio
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from tests.live.conftest import StartServer
from tests.live.mirror.conftest import OCI_MANIFEST, MakeMirror, Mirror, Upstream
from tests.live.postgres import Postgres
from tests.live.process import Server
from tests.live.s3 import S3
from tests.make.waiting import until

pytestmark = pytest.mark.live

MIB = 1 << 20
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


async def pull_at_once(urls: list[str]) -> list[bytes]:
    """What each of the addresses gives, all asked at the same time."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        answers = await asyncio.gather(*(client.get(url) for url in urls))
    assert [answer.status_code for answer in answers] == [200] * len(urls), [answer.text[:200] for answer in answers]
    return [answer.content for answer in answers]


async def test_thirty_two_clients_cost_the_upstream_one_fetch(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(sizes=(8 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.bytes_per_second = 16 * MIB

    found = await pull_at_once([mirror.url(image, image.layer)] * 32)

    assert set(found) == {image.layers[image.layer]}
    assert upstream.wire.blob_bytes == 8 * MIB
    assert upstream.wire.count("GET blobs/") == 1


async def test_processes_of_a_server_fetch_once(
    upstream: Upstream, start_server: StartServer, make_mirror: MakeMirror
) -> None:
    mirror, image = make_mirror(start_server(workers=2)), upstream.push(sizes=(6 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.bytes_per_second = 4 * MIB

    found = await pull_at_once([mirror.url(image, image.layer)] * 16)

    assert set(found) == {image.layers[image.layer]}
    assert upstream.wire.blob_bytes == 6 * MIB


@pytest.mark.slow
async def test_replicas_fetch_once(
    upstream: Upstream, start_server: StartServer, make_mirror: MakeMirror, postgres: Postgres, s3: S3
) -> None:
    shared = {"database_url": postgres.new_database(), "storage_url": s3.new_bucket(), "secret_key": KEY}
    environment = dict(s3.environment)
    first = start_server(environment=environment, job_worker=False, **shared)
    second = start_server(environment=environment, job_worker=False, **shared)
    mirror, image = make_mirror(first), upstream.push(sizes=(12 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.bytes_per_second = 8 * MIB
    url = mirror.url(image, image.layer)

    found = await pull_at_once([url, url.replace(first.url, second.url)] * 4)

    assert set(found) == {image.layers[image.layer]}
    assert upstream.wire.blob_bytes == 12 * MIB


def test_bytes_flow_while_they_come(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(sizes=(4 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.bytes_per_second = 2 * MIB

    with mirror.client.stream("GET", mirror.url(image, image.layer)) as answer:
        chunks = answer.iter_raw()
        received = len(next(chunks))
        passed = upstream.wire.blob_bytes
        received += sum(map(len, chunks))

    assert passed < 3 * MIB
    assert received == 4 * MIB


def test_who_comes_late_gets_what_is_there_and_then_the_rest(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(sizes=(4 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.bytes_per_second = 2 * MIB

    with mirror.client.stream("GET", mirror.url(image, image.layer)) as first:
        chunks = first.iter_raw()
        next(chunks)
        while upstream.wire.blob_bytes < 2 * MIB:
            next(chunks)
        content = image.layers[image.layer]
        middle = mirror.blob(image, image.layer, Range=f"bytes=100000-{3 * MIB - 1}")
        assert (middle.status_code, middle.content) == (206, content[100_000 : 3 * MIB])
        assert mirror.blob(image, image.layer).content == content
    assert upstream.wire.blob_bytes == 4 * MIB


def test_a_client_that_leaves_does_not_stop_the_fetch(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(sizes=(3 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.bytes_per_second = 2 * MIB
    with mirror.client.stream("GET", mirror.url(image, image.layer)) as answer:
        next(answer.iter_raw())

    deadline = time.monotonic() + 20
    while upstream.wire.blob_bytes < 3 * MIB and time.monotonic() < deadline:
        time.sleep(0.05)  # nobody is there whom it would tell

    assert upstream.wire.blob_bytes == 3 * MIB
    upstream.wire.is_down = True
    assert mirror.blob(image, image.layer).content == image.layers[image.layer]


def test_a_fetch_goes_on_at_the_byte_where_it_broke(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(sizes=(3 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.cuts = [100_000, 1_500_000, 1]

    assert mirror.blob(image, image.layer).content == image.layers[image.layer]
    assert upstream.wire.blob_bytes == 3 * MIB
    assert upstream.wire.count("GET blobs/") == 4


def test_the_next_address_goes_on_where_the_first_broke_off(
    upstream: Upstream, docker_registry: str, server: Server, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror(server, [upstream.wire.url, docker_registry])
    image = upstream.push(sizes=(2 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.cuts = [700_000, 0, 0, 0, 0, 0]

    assert mirror.blob(image, image.layer).content == image.layers[image.layer]
    assert upstream.wire.blob_bytes <= 700_000 + 6 * 16_384


def test_another_digest_reaches_nobody_as_a_whole_blob(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(sizes=(MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.spoils = True

    with pytest.raises(httpx2.RemoteProtocolError):
        mirror.blob(image, image.layer)

    upstream.wire.spoils = False
    assert mirror.blob(image, image.layer).content == image.layers[image.layer]


def test_an_upstream_that_stays_away_breaks_the_pull_and_the_next_one_goes_on(
    upstream: Upstream, mirror: Mirror
) -> None:
    image = upstream.push(sizes=(2 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.cuts = [1_000_000] + [0] * 50

    with pytest.raises(httpx2.RemoteProtocolError):
        mirror.blob(image, image.layer)

    upstream.wire.cuts.clear()
    before = upstream.wire.blob_bytes
    assert mirror.blob(image, image.layer).content == image.layers[image.layer]
    assert upstream.wire.blob_bytes - before == 2 * MIB - 1_000_000


def test_what_another_repository_of_the_mirror_has_is_not_fetched(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(sizes=(500_000,))
    assert mirror.manifest(image).status_code == 200
    assert mirror.blob(image, image.layer).status_code == 200
    other = upstream.push()
    # The same image under another name, as base layers are.
    copied = f"{other.name}-copy"
    config = image.body
    for digest, content in {**image.layers}.items():
        assert upstream.put_blob(copied, content)[0] == digest
    import json

    named = json.loads(config)["config"]["digest"]
    content = mirror.blob(image, named).content
    upstream.put_blob(copied, content)
    upstream.put(copied, "1.0", image.body, OCI_MANIFEST)
    path = f"/v2/{mirror.organization}/{copied}"
    assert mirror.client.get(f"{path}/manifests/1.0", headers={"Accept": OCI_MANIFEST}).status_code == 200
    before = upstream.wire.blob_bytes

    assert mirror.client.get(f"{path}/blobs/{image.layer}").content == image.layers[image.layer]
    assert upstream.wire.blob_bytes == before


@pytest.mark.parametrize("where", ["http://169.254.169.254/latest/meta-data", "http://localhost:1/secret"])
def test_an_upstream_cannot_send_us_on_to_where_only_we_get(upstream: Upstream, mirror: Mirror, where: str) -> None:
    image = upstream.push()
    assert mirror.manifest(image).status_code == 200
    upstream.wire.sends_on_to = where

    answer = mirror.blob(image, image.layer)

    assert answer.status_code == 503
    assert "may not" in answer.json()["errors"][0]["message"]


def test_redirects_that_do_not_end_are_given_up(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    assert mirror.manifest(image).status_code == 200
    upstream.wire.sends_on_to = mirror.url(image, image.layer).replace(mirror.server.url, upstream.wire.url)

    assert mirror.blob(image, image.layer).status_code == 503


def test_what_no_manifest_names_is_asked_for_at_the_upstream(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    head = mirror.client.head(mirror.url(image, image.layer))
    assert (head.status_code, head.headers["Content-Length"]) == (200, "300000")
    assert upstream.wire.blob_bytes == 0
    assert mirror.blob(image, image.layer).content == image.layers[image.layer]
    assert mirror.blob(image, f"sha256:{64 * '0'}").status_code == 404


@pytest.mark.slow
async def test_a_killed_server_goes_on_where_it_was(
    upstream: Upstream, start_server: StartServer, make_mirror: MakeMirror
) -> None:
    server = start_server()
    mirror, image = make_mirror(server), upstream.push(sizes=(8 * MIB,))
    assert mirror.manifest(image).status_code == 200
    upstream.wire.bytes_per_second = 4 * MIB
    pulling = asyncio.create_task(asyncio.to_thread(_quietly, mirror.url(image, image.layer)))
    await until(lambda: upstream.wire.blob_bytes > 5 * MIB, 30)
    server.kill()
    await pulling
    server.start()
    upstream.wire.bytes_per_second = 0
    before = upstream.wire.blob_bytes

    assert mirror.blob(image, image.layer).content == image.layers[image.layer]
    assert upstream.wire.blob_bytes - before < 8 * MIB


def test_skopeo_copies_through_a_mirror(upstream: Upstream, mirror: Mirror, scratch: Path) -> None:
    image = upstream.push(sizes=(200_000, 300_000))
    source = f"docker://{mirror.server.host}/{mirror.organization}/{image.name}:{image.tag}"
    command = ["skopeo", "copy", "--quiet", "--src-tls-verify=false", source, f"dir:{scratch / 'copy'}"]
    copied = subprocess.run(command, capture_output=True, text=True, check=False)
    assert copied.returncode == 0, copied.stderr
    for digest, content in image.layers.items():
        assert (scratch / "copy" / digest.partition(":")[2]).read_bytes() == content


def _quietly(url: str) -> None:
    try:
        httpx2.get(url, trust_env=False, timeout=60)
    except httpx2.HTTPError:
        return
