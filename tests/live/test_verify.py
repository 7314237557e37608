"""A real server whose storage lost a blob and flipped a bit: both are found, not served, and mended by a push."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import obstore
import pytest
from obstore.store import LocalStore, S3Store

from entrepot.blobs.s3 import bucket_at
from tests.cli.conftest import home, run
from tests.cli.run import Run
from tests.live.api import Api
from tests.live.postgres import Postgres
from tests.live.process import Server, running_server
from tests.live.s3 import S3
from tests.live.test_garbage import assert_whole, push
from tests.make.image import Blob, Image
from tests.make.waiting import until

__all__ = ["home", "run"]  # fixtures

RUNS = "/v2/manage/verify/runs"


@dataclass
class Stored:
    """A server, and where it stores: a folder or a bucket."""

    server: Server
    api: Api
    place: LocalStore | S3Store

    def lose(self, blob: Blob) -> None:
        obstore.delete(self.place, _key(blob))

    def flip_a_bit(self, blob: Blob) -> None:
        held = bytearray(blob.content)
        held[len(held) // 2] ^= 1
        obstore.put(self.place, _key(blob), bytes(held))

    def aside(self) -> list[str]:
        return [one["path"] for page in obstore.list(self.place, "aside/") for one in page]


def _key(blob: Blob) -> str:
    return f"blobs/sha256/{blob.digest.hex[:2]}/{blob.digest.hex}"


@contextmanager
def storing(folder: Path, place: LocalStore | S3Store, **options: Any) -> Iterator[Stored]:
    with running_server(folder, workers=1, **options) as server, Api(server) as api:
        yield Stored(server, api, place)


Verify = Callable[..., tuple[int, Any]]


@pytest.fixture
def verify(run: Run, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """The command; its exit status and its answer, or what it said instead."""

    def verify(server: Server, *options: str) -> tuple[int, Any]:
        with monkeypatch.context() as patched:
            for name, text in server.client_environment().items():
                patched.setenv(name, text)
            ran = run("verify", "--json", *options)
        return ran.code, json.loads(ran.out) if ran.out else ran.err

    return verify


async def verified(api: Api, deep: bool) -> dict[str, int]:
    """What is wrong, by kind."""
    run = api.client.post(RUNS, json={"deep": deep}).json()["id"]
    await until(lambda: "ended_at" in api.client.get(f"{RUNS}/{run}").json(), 60)
    done = api.client.get(f"{RUNS}/{run}").json()
    assert done["phase"] == "done"
    return {
        name: done[f"{name}_blobs"]
        for name in ("missing", "corrupt", "wrong_size", "unlinked")
        if done[f"{name}_blobs"]
    }


async def shows_what_is_wrong_and_has_it_mended(stored: Stored, verify: Verify) -> None:
    server, api = stored.server, stored.api
    api.create_org("acme")
    image: Image = push(api, "acme/app", "v1")
    lost, rotten = image.blobs[0], image.blobs[1]
    assert await verified(api, deep=True) == {}
    assert_whole(api, "acme/app", image)  # answers may be kept
    stored.lose(lost)
    stored.flip_a_bit(rotten)

    code, found = verify(server)
    assert (code, found["missing_blobs"], found["corrupt_blobs"]) == (1, 1, 0)
    code, found = verify(server, "--deep")
    assert (code, found["missing_blobs"], found["corrupt_blobs"]) == (1, 1, 1)

    for blob in (lost, rotten):
        assert api.client.head(f"/v2/acme/app/blobs/{blob.digest}").status_code == 404
        answer = api.client.get(f"/v2/acme/app/blobs/{blob.digest}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "BLOB_UNKNOWN")
        assert "lost or damaged" in answer.json()["errors"][0]["message"]
    assert {one["kind"] for one in api.client.get("/v2/manage/verify/findings").json()["findings"]} == {
        "missing",
        "corrupt",
    }
    assert api.client.get("/v2/manage/warnings").json()["blobs"] == 2
    assert 'entrepot_blobs_wrong{kind="corrupt"' in api.client.get("/metrics").text
    assert stored.aside() == [f"aside/sha256/{rotten.digest.hex}"]

    push(api, "acme/app", "v1", image)  # as clients do: what is there is not sent

    assert_whole(api, "acme/app", image)
    assert verify(server, "--deep")[0] == 0


async def test_what_was_lost_in_a_bucket_is_found_not_served_and_mended_by_a_push(
    verify: Verify, postgres: Postgres, s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in s3.environment.items():
        monkeypatch.setenv(name, text)
    url = s3.new_bucket()
    whole, _, query = url.removeprefix("s3://").partition("?")
    bucket, _, prefix = whole.partition("/")
    place = bucket_at(bucket, prefix, dict(parse_qsl(query)))
    options = {"database_url": postgres.new_database(), "storage_url": url, "storage_redirect": False}
    with storing(tmp_path / "data", place, **options) as stored:
        await shows_what_is_wrong_and_has_it_mended(stored, verify)


async def test_what_was_lost_in_a_folder_is_mended_and_deep_verifications_are_called_off_or_go_on_after_a_crash(
    verify: Verify, tmp_path: Path
) -> None:
    place = LocalStore(tmp_path / "data" / "storage", mkdir=True)
    with storing(tmp_path, place, verify_bytes_per_second="2KiB") as stored:
        await shows_what_is_wrong_and_has_it_mended(stored, verify)
        image = Image.make(holding=[Blob(bytes([number]) * 1_500) for number in range(8)])
        push(stored.api, "acme/app", "v2", image)
        await is_called_off_and_the_next_one_goes_on(stored, verify)
        await goes_on_after_a_crash(stored)


async def is_called_off_and_the_next_one_goes_on(stored: Stored, verify: Verify) -> None:
    server, api = stored.server, stored.api
    first, second = (api.client.post(RUNS, json={"deep": True}).json()["id"] for _ in range(2))
    await until(lambda: api.client.get(f"{RUNS}/{first}").json()["phase"] == "bytes", 30)
    code, said = verify(server, "--cancel")
    assert (code, "Add --yes" in said) == (2, True), said

    api.client.post(f"{RUNS}/{first}/cancel").raise_for_status()

    await until(lambda: api.client.get(f"{RUNS}/{second}").json()["phase"] == "bytes", 30)
    code, ended = verify(server, "--cancel", "--yes")
    assert (code, [(one["id"], one["phase"]) for one in ended]) == (0, [(second, "cancelled")])
    assert verify(server)[0] == 0
    assert verify(server, "--cancel") == (0, [])


async def goes_on_after_a_crash(stored: Stored) -> None:
    server, api = stored.server, stored.api
    at = f"{RUNS}/{api.client.post(RUNS, json={'deep': True}).json()['id']}"
    await until(lambda: api.client.get(at).json()["blobs_read"] >= 2, 30)
    server.kill()
    server.options["verify_bytes_per_second"] = 0
    server.start()
    with Api(server) as again:
        await until(lambda: "ended_at" in again.client.get(at).json(), 30)
        done = again.client.get(at).json()
        assert (done["phase"], done["corrupt_blobs"]) == ("done", 0)
        assert done["blobs_read"] == done["blobs_checked"], "none was read twice but for the one at hand"
