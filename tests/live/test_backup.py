"""`entrepot backup` and `migrate` beside a server at work, and `entrepot restore`: killed, on a full disk."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from entrepot.values.digest import Digest
from tests.cli.conftest import home, run
from tests.cli.run import Run
from tests.live.api import Api
from tests.live.durability.disks import full_disk
from tests.live.postgres import Postgres
from tests.live.process import Server, running_server
from tests.live.s3 import S3
from tests.live.test_garbage import push
from tests.make.image import Blob, Image

__all__ = ["home", "run"]  # fixtures

pytestmark = pytest.mark.xdist_group("backup")  # one server for most of them

COLLECTIONS = "/v2/manage/gc/collections"
MIB = 1 << 20
LAYERS = 30
LAYER_BYTES = 128 << 10
AT_ONCE: Mapping[str, Any] = {"gc_grace": "0s", "history_days": 0, "workers": 1}
SERVING: Mapping[str, Any] = {"workers": 1, "job_worker": False}
"""Enough to look at what was restored."""


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


Entrepot = Callable[..., Ran]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "entrepot", *map(str, arguments)]


def environment(more: Mapping[str, str]) -> dict[str, str]:
    return {**{name: text for name, text in os.environ.items() if not name.startswith("ENTREPOT_")}, **more}


@pytest.fixture
def entrepot(run: Run, monkeypatch: pytest.MonkeyPatch) -> Entrepot:
    """The command line, in this process, with some variables of the environment."""

    def entrepot(*arguments: object, more: Mapping[str, str] | None = None) -> Ran:
        with monkeypatch.context() as patched:
            for name, text in (more or {}).items():
                patched.setenv(name, text)
            ran = run(*map(str, arguments))
        return Ran(ran.code, ran.out, ran.err)

    return entrepot


def pull_everything(server: Server) -> int:
    """Every tag, with its manifest and all its blobs; how many there are."""
    count = 0
    with Api(server) as api:
        for path in api.client.get("/v2/_catalog?n=1000").raise_for_status().json()["repositories"]:
            for tag in api.client.get(f"/v2/{path}/tags/list?n=1000").raise_for_status().json()["tags"] or []:
                pulled = api.client.get(f"/v2/{path}/manifests/{tag}")
                assert str(Digest.of(pulled.content)) == pulled.headers["docker-content-digest"]
                document = pulled.json()
                for named in (document["config"], *document["layers"]):
                    blob = api.client.get(f"/v2/{path}/blobs/{named['digest']}", follow_redirects=True)
                    assert str(Digest.of(blob.content)) == named["digest"], (path, tag)
                count += 1
    return count


def push_again(api: Api, path: str, tag: str, image: Image | None = None) -> Image:
    """Push, and again when that is what the server says: without a grace time the collector is ahead of pushes."""
    image = image or Image.make(1)
    for _ in range(100):
        for blob in image.blobs:
            api.client.post(f"/v2/{path}/blobs/uploads/?digest={blob.digest}", content=blob.content)
        headers = {"Content-Type": image.media_type}
        if api.client.put(f"/v2/{path}/manifests/{tag}", content=image.body, headers=headers).status_code == 201:
            return image
    raise AssertionError(f"{path}:{tag} could not be pushed")


@contextmanager
def at_work(server: Server) -> Iterator[threading.Event]:
    """People push and delete, and garbage is collected, all the time. Gives what is set when some was."""
    over, collected = threading.Event(), threading.Event()

    def work() -> None:
        with Api(server) as own:
            for number in count():
                if over.wait(0.2):  # so that the server has time for others
                    return
                push_again(own, "acme/app", f"v{number % 5}")
                gone = push_again(own, "acme/app", "gone")
                own.client.delete(f"/v2/acme/app/manifests/{gone.digest}")

    def collect() -> None:
        with Api(server) as own:
            while not over.wait(0.3):
                run = own.client.post(COLLECTIONS).raise_for_status().json()
                while "ended_at" not in run and not over.wait(0.2):
                    run = own.client.get(f"{COLLECTIONS}/{run['id']}").json()
                if run["blobs_deleted"]:
                    collected.set()

    with ThreadPoolExecutor() as threads:
        working = [threads.submit(work), threads.submit(collect)]
        try:
            yield collected
        finally:
            over.set()
        for one in working:
            one.result()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With SQLite and a folder, and a large image; it collects at once."""
    with running_server(tmp_path_factory.mktemp("backed-up"), **AT_ONCE) as server:
        with Api(server) as api:
            api.create_org("acme")
            layers = [Blob(os.urandom(LAYER_BYTES)) for _ in range(LAYERS)]
            push_again(api, "acme/large", "v1", Image.make(1, holding=layers))
        yield server


def back_up(entrepot: Entrepot, server: Server, place: Path, *words: object) -> Ran:
    more = {"ENTREPOT_FREE_BYTES_MIN": "0"}
    return entrepot("backup", place, "--data", server.data, "--json", *words, more=more)


def test_a_backup_of_a_server_that_everybody_works_with_serves_every_tag(
    entrepot: Entrepot, server: Server, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    with Api(server) as api, at_work(server) as collected:
        kept = push_again(api, "acme/kept", "v1")
        assert collected.wait(60)
        first, second = (back_up(entrepot, server, place, "--keep", 1).document for _ in range(2))
    assert second["removed_snapshots"] == [first["snapshot"]]
    checked = entrepot("backup", place, "--verify", "--deep", "--json").document
    assert (checked["problems"], checked["blobs"]) == ([], second["blobs"])

    restored = entrepot("restore", place, "--data", tmp_path / "two" / "data", "--lost-secret-key", "--json").document

    assert restored["snapshot"] == second["snapshot"]
    with running_server(tmp_path / "two", **SERVING) as again, Api(again) as api:
        assert pull_everything(again) >= 3
        assert api.client.get("/v2/acme/kept/manifests/v1").content == kept.body
        push(api, "acme/kept", "v2")
        assert api.client.get("/v2/manage/gc").json()["left_over"] == 0


def killed(words: list[str], folder: Path) -> None:
    """Run a command and kill it as soon as there is a large blob in the folder."""
    process = subprocess.Popen(words, env=environment({}), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while (
        not any(file.stat().st_size >= LAYER_BYTES for file in folder.glob("blobs/sha256/*/*"))
        and time.monotonic() < deadline
    ):
        time.sleep(0.002)  # another process: its files are the only event there is
    process.kill()
    assert process.wait() == -9, "it was not over yet"


def test_a_backup_and_a_restore_that_were_killed_go_on(entrepot: Entrepot, server: Server, tmp_path: Path) -> None:
    place, data = tmp_path / "place", tmp_path / "data"
    killed(command("backup", place, "--data", server.data, "--at-once", 1), place)

    assert entrepot("backup", place, "--list", "--json").document == []
    assert entrepot("restore", place, "--data", data).code == 1
    made = back_up(entrepot, server, place, "--with-secret-key").document
    assert 0 < made["copied_blobs"] < made["blobs"]
    assert list((place / "parts").iterdir()) == []

    (data / "lock").unlink()
    killed(command("restore", place, "--data", data, "--at-once", 1), data / "storage")
    assert not (data / "entrepot.db").exists()
    (data / "entrepot.db.restoring").write_bytes(b"half of it")
    assert entrepot("restore", place, "--data", data, "--json").document["blobs"] == made["blobs"]
    assert not list(data.glob("*restoring*"))

    same = entrepot("backup", place, "--data", data, "--json").document
    assert (same["rows"], same["blobs"], same["copied_blobs"]) == (made["rows"], made["blobs"], 0)
    refused = entrepot("restore", place, "--data", server.data)
    assert (refused.code, "in use by an entrepot" in refused.err) == (1, True)


def test_a_full_place_is_told_and_earlier_snapshots_stay(entrepot: Entrepot, server: Server, tmp_path: Path) -> None:
    with full_disk(tmp_path / "disk", 128 * MIB) as disk:
        place = disk.folder / "place"
        first = back_up(entrepot, server, place).document
        with Api(server) as api:
            push_again(api, "acme/more", "v1", Image.make(1, holding=[Blob(os.urandom(MIB)) for _ in range(8)]))
        disk.fill(leave_bytes=3 * MIB)

        refused = back_up(entrepot, server, place, "--at-once", 1)
        assert refused.code == 4
        assert "The place of the backup is full; earlier snapshots are whole: make room" in refused.err
        checked = entrepot("backup", place, "--verify", "--deep", "--json").document
        assert (checked["snapshot"], checked["problems"]) == (first["snapshot"], [])

        disk.free()
        second = back_up(entrepot, server, place).document
        assert second["copied_blobs"] < 10, "some had been copied"
        assert entrepot("backup", place, "--verify", "--json").document["problems"] == []


def push_until_closed(server: Server, pushed: dict[str, Image], two: threading.Event) -> tuple[int, str]:
    """Push image after image until the server is closed; how it says so. `pushed`: what was acknowledged."""
    with Api(server) as api:
        for _ in range(10_000):
            image, tag = Image.make(2), f"v{len(pushed)}"
            for blob in image.blobs:
                api.client.post(f"/v2/acme/moved/blobs/uploads/?digest={blob.digest}", content=blob.content)
            headers = {"Content-Type": image.media_type}
            sent = api.client.put(f"/v2/acme/moved/manifests/{tag}", content=image.body, headers=headers)
            if sent.status_code == 503:
                return sent.status_code, sent.headers.get("retry-after", "")
            if sent.status_code == 201:  # else the collector was ahead of it
                pushed[tag] = image
            if len(pushed) > 1:
                two.set()
        raise AssertionError("it was never closed")


@pytest.mark.slow
def test_whatever_was_acknowledged_is_served_from_postgresql_and_s3_and_from_a_backup_of_those(
    entrepot: Entrepot, server: Server, postgres: Postgres, s3: S3, tmp_path: Path
) -> None:
    options = {"database_url": postgres.new_database(), "storage_url": s3.new_bucket()}
    flags = ["--to-database", options["database_url"], "--to-storage", options["storage_url"]]
    pushed, two = dict[str, Image](), threading.Event()
    with ThreadPoolExecutor() as threads, Api(server) as api:
        pushing = threads.submit(push_until_closed, server, pushed, two)
        assert two.wait(30)

        moved = entrepot("migrate", "--data", server.data, *flags, "--json", more=s3.environment).document

        assert pushing.result() == (503, "60")
        assert api.client.get("/v2/acme/moved/manifests/v0").content == pushed["v0"].body
    assert (moved["is_open"], moved["settings"]) == (True, options)

    place, data = s3.new_bucket(), tmp_path / "new" / "data"
    data.mkdir(parents=True)
    (data / "secret-key").write_bytes((server.data / "secret-key").read_bytes())
    settings = {**AT_ONCE, **options, "storage_redirect": False}
    with running_server(data.parent, environment=s3.environment, **settings) as there, Api(there) as api:
        for tag, image in pushed.items():
            assert api.client.get(f"/v2/acme/moved/manifests/{tag}").content == image.body
            for blob in image.blobs:
                assert api.client.get(f"/v2/acme/moved/blobs/{blob.digest}").content == blob.content
        with at_work(there) as collected:
            assert collected.wait(60)
            words = ["backup", place, "--data", data, "--with-secret-key", "--json"]
            words += ["--database-url", options["database_url"], "--storage-url", options["storage_url"]]
            made = entrepot(*words, more=s3.environment).document
    checked = entrepot("backup", place, "--verify", "--deep", "--json", more=s3.environment).document
    assert (checked["problems"], checked["blobs"]) == ([], made["blobs"])

    target = {"database_url": postgres.new_database(), "storage_url": s3.new_bucket()}
    words = [place, "--data", tmp_path / "restored", "--json"]
    words += ["--database-url", target["database_url"], "--storage-url", target["storage_url"]]
    restored = entrepot("restore", *words, more=s3.environment).document
    again = entrepot("backup", *words, more=s3.environment).document
    assert restored["rows"] == made["rows"] == again["rows"]
    assert (restored["blobs"], again["blobs"], again["copied_blobs"]) == (made["blobs"], made["blobs"], 0)
