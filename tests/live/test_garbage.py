"""The worker of a real server collects: bytes leave the disk, pushes and pulls go on, and a crash loses nothing."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.live.api import Api
from tests.live.process import Server, running_server
from tests.make.image import Image

GRACE_SECONDS = 2


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    url = request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else None
    with running_server(tmp_path / "data", gc_grace=f"{GRACE_SECONDS}s", history_days=0, database_url=url) as server:
        yield server


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    with Api(server) as api:
        api.create_org("acme")
        yield api


def entrepot(server: Server, *arguments: str) -> str:
    command = [sys.executable, "-m", "entrepot", *arguments]
    ran = subprocess.run(
        command, env=server.client_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def collect(server: Server) -> dict[str, Any]:
    done: dict[str, Any] = json.loads(entrepot(server, "gc", "run", "--wait", "--json"))
    assert done["phase"] == "done"
    return done


def push(api: Api, path: str, tag: str, image: Image | None = None) -> Image:
    image = image or Image.make(3)
    for blob in image.blobs:
        if api.client.head(f"/v2/{path}/blobs/{blob.digest}").status_code == 404:
            sent = api.client.post(f"/v2/{path}/blobs/uploads/?digest={blob.digest}", content=blob.content)
            assert sent.status_code == 201, sent.text
    headers = {"Content-Type": image.media_type}
    sent = api.client.put(f"/v2/{path}/manifests/{tag}", content=image.body, headers=headers)
    assert sent.status_code == 201, sent.text
    return image


def assert_whole(api: Api, path: str, image: Image) -> None:
    assert api.client.get(f"/v2/{path}/manifests/{image.digest}").content == image.body
    for blob in image.blobs:
        assert api.client.get(f"/v2/{path}/blobs/{blob.digest}").content == blob.content


def delete(api: Api, path: str, image: Image) -> None:
    assert api.client.delete(f"/v2/{path}/manifests/{image.digest}").status_code == 202


def on_disk(server: Server) -> set[str]:
    """The hexadecimal digits of the blobs that are files."""
    return {file.name for file in server.data.rglob("sha256/*/*") if len(file.name) == 64}


def hexes(*images: Image) -> set[str]:
    return {blob.digest.hex for image in images for blob in image.blobs}


def test_bytes_of_what_was_deleted_leave_the_disk(server: Server, api: Api):
    kept, gone = push(api, "acme/app", "kept"), push(api, "acme/app", "gone")
    assert on_disk(server) == hexes(kept, gone)
    delete(api, "acme/app", gone)

    freed = 0
    deadline = time.monotonic() + 60
    while on_disk(server) != hexes(kept) and time.monotonic() < deadline:
        freed += collect(server)["bytes_freed"]  # what is not due yet stays

    assert on_disk(server) == hexes(kept)
    assert freed == sum(len(blob.content) for blob in gone.blobs)
    assert_whole(api, "acme/app", kept)


def test_who_pushes_and_deletes_while_it_is_collected_loses_nothing(server: Server, api: Api):
    over, shared = threading.Event(), Image.make(2)

    def work(name: str) -> list[Image]:
        """Push and delete until it is over; what is left of what was pushed."""
        path, left = f"acme/{name}", list[Image]()
        with Api(server) as own:
            while not over.is_set():
                push(own, path, "shared", shared)
                left.append(push(own, path, f"v{len(left)}"))
                delete(own, path, shared)
                delete(own, path, push(own, path, "more"))
            return [*left, push(own, path, "last", shared)]

    deleted, deadline = 0, time.monotonic() + 60
    with ThreadPoolExecutor() as threads:
        working = {name: threads.submit(work, name) for name in ("one", "two")}
        try:
            while deleted < 50 and time.monotonic() < deadline and not any(one.done() for one in working.values()):
                deleted += collect(server)["blobs_deleted"]
        finally:
            over.set()

    for name, done in working.items():
        for image in done.result():
            assert_whole(api, f"acme/{name}", image)
    assert deleted >= 50


def test_a_collection_that_was_killed_goes_on(server: Server, api: Api):
    kept, images = push(api, "acme/app", "kept"), [push(api, "acme/app", f"v{number}") for number in range(20)]
    for image in images:
        delete(api, "acme/app", image)
    time.sleep(GRACE_SECONDS)  # time itself is what is waited for
    api.client.post("/v2/manage/gc/collections").raise_for_status()
    server.kill()
    server.start()

    deadline = time.monotonic() + 60
    while on_disk(server) != hexes(kept) and time.monotonic() < deadline:
        with Api(server):
            collect(server)
    assert on_disk(server) == hexes(kept)
    with Api(server) as again:
        assert_whole(again, "acme/app", kept)


def test_a_digest_is_explained(server: Server, api: Api):
    image = push(api, "acme/app", "v1")

    def explained(digest: str) -> str:
        return entrepot(server, "gc", "explain", digest)

    digest = str(image.blobs[0].digest)
    assert f"acme/app has it, and its manifest {image.digest} needs it." in explained(digest)
    delete(api, "acme/app", image)
    assert "no manifest there needs it" in explained(digest)
    assert "Nobody here knows it." in explained(f"sha256:{64 * '0'}")
