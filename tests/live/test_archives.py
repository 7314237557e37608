"""Archives handed in over the wire: pieces, a server that is killed, a worker that goes on, storage in S3."""

import gzip
import os
import time
from typing import Any

import httpx2

from tests.live.api import Api, fresh_name
from tests.live.conftest import StartServer
from tests.live.postgres import Postgres
from tests.live.process import Server
from tests.live.s3 import S3
from tests.make.archive import DockerArchive, LayoutArchive, tar

_PIECE_BYTES = 1 << 20
_SECONDS_MAX = 60.0


def announce(api: Api, organization: str, body: bytes, **said: Any) -> str:
    path = f"/v2/manage/namespaces/{organization}/archives"
    answer = api.client.post(path, json={"file_name": "images.tar", "size": len(body), **said})
    assert answer.status_code == 201, answer.text
    return f"/v2/manage/archives/{answer.json()['id']}"


def send(api: Api, path: str, body: bytes, start: int = 0, stop: int | None = None) -> int:
    """Pieces from `start` up to `stop`; how much the service says it holds."""
    held = start
    for at in range(start, len(body) if stop is None else stop, _PIECE_BYTES):
        piece = body[at : at + _PIECE_BYTES]
        headers = {"Content-Range": f"{at}-{at + len(piece) - 1}"}
        answer = api.client.patch(path, content=piece, headers=headers)
        assert answer.status_code == 200, answer.text
        held = answer.json()["held"]
    return held


def ended(api: Api, path: str) -> dict[str, Any]:
    """The archive once the worker is done with it."""
    found: dict[str, Any] = {}
    deadline = time.monotonic() + _SECONDS_MAX
    while time.monotonic() < deadline:
        found = api.client.get(path).json()
        if found["state"] in ("done", "failed", "unnamed"):
            return found
        time.sleep(0.1)  # another process; it tells nobody but those who ask
    raise AssertionError(f"the archive did not come to an end: {found}")


def large(*names: str) -> bytes:
    """A Docker archive with a layer of some mebibytes that does not shrink."""
    archive = DockerArchive()
    archive.add(*names, layers=(tar({"srv/large": os.urandom(6 << 20)}), tar({"srv/greeting": b"hello"})))
    return archive.pack()


def manifest(api: Api, name: str, tag: str) -> httpx2.Response:
    return api.client.get(f"/v2/{name}/manifests/{tag}", headers={"Accept": "*/*"})


def test_what_a_worker_imports_is_counted_as_pushed(start_server: StartServer) -> None:
    server = start_server(accounting_seconds="1s")
    with Api(server) as api:
        organization = api.create_org()
        body = large("shop/web:1.0")
        path = announce(api, organization, body)
        send(api, path, body)
        api.client.post(f"{path}/import", json={})
        assert ended(api, path)["state"] == "done"

        usage: dict[str, Any] = {"days": [{"pushes": 0}]}
        deadline = time.monotonic() + _SECONDS_MAX
        while not usage["days"][-1]["pushes"] and time.monotonic() < deadline:  # it is written down a second later
            usage = api.client.get(f"/v2/manage/namespaces/{organization}/repos/web/usage").json()

    today = usage["days"][-1]
    assert today["pushes"] == 1 and today["pushed_bytes"] == usage["stored_bytes"] > 6 << 20


def test_an_archive_is_sent_in_pieces_and_its_images_can_be_pulled(server: Server, api: Api) -> None:
    organization = api.create_org()
    body = gzip.compress(large("shop/web:1.0"), 1)
    path = announce(api, organization, body)
    assert send(api, path, body) == len(body)
    handed_in = api.client.post(f"{path}/import", json={})
    assert (handed_in.status_code, handed_in.json()["state"]) == (202, "waiting")

    found = ended(api, path)

    assert (found["state"], found["message"]) == ("done", "")
    assert found["images"][0]["repository"] == f"{organization}/web"
    shown = api.client.get(f"/v2/manage/namespaces/{organization}/repos/web/tags/1.0").json()
    assert shown["digest"] == found["images"][0]["digest"]
    pulled = api.client.get(
        f"/v2/manage/namespaces/{organization}/repos/web/download", params={"reference": "1.0", "format": "oci"}
    )
    assert int(pulled.headers["content-length"]) == len(pulled.content) > 6 << 20


def test_a_server_that_is_killed_between_and_in_a_piece_goes_on_where_it_was(start_server: StartServer) -> None:
    server = start_server()
    with Api(server) as api:
        organization = api.create_org()
        body = large("web:1.0")
        path = announce(api, organization, body, fingerprint="large of today")
        send(api, path, body, stop=2 * _PIECE_BYTES)
        server.kill()
        server.start()
        again = announce(api, organization, body, fingerprint="large of today")
        held = api.client.get(path).json()["held"]
        assert (again, held) == (path, 2 * _PIECE_BYTES)
        out_of_place = api.client.patch(path, content=b"12", headers={"Content-Range": "5-6"})
        assert out_of_place.status_code == 416
        send(api, path, body, start=held)
        assert api.client.post(f"{path}/import", json={}).status_code == 202
        server.kill()
        server.start()

        found = ended(api, path)

        assert (found["state"], found["images"][0]["tags"]) == ("done", ["1.0"])


def test_what_is_refused_says_why_and_leaves_no_repository(api: Api) -> None:
    organization = api.create_org()
    archive = LayoutArchive()
    archive.name(archive.image(), "web:1")
    members = archive.members()
    name = max((one for one in members if one.startswith("blobs/")), key=lambda one: len(members[one]))
    body = tar({**members, name: members[name][:-1] + bytes([members[name][-1] ^ 1])})
    path = announce(api, organization, body)
    send(api, path, body)
    api.client.post(f"{path}/import", json={})

    found = ended(api, path)

    assert (found["state"], found["problem"]) == ("failed", "ArchiveInvalid")
    assert "does not have the digest" in found["message"]
    listed = api.client.get("/v2/manage/repos", params={"namespace": organization}).json()
    assert listed == []


def test_archives_wait_in_s3_and_facts_in_postgresql(start_server: StartServer, s3: S3, postgres: Postgres) -> None:
    server = start_server(storage_url=s3.new_bucket(), environment=s3.environment, database_url=postgres.new_database())
    with Api(server) as api:
        organization = api.create_org(fresh_name())
        body = large("web:1.0")
        path = announce(api, organization, body)
        send(api, path, body)
        api.client.post(f"{path}/import", json={})

        assert ended(api, path)["state"] == "done"
