"""Pulls at an edge by its own address: fetched once, served from there on, as the center has it."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.live.api import Api, fresh_name
from tests.live.durability.watching import until
from tests.live.edges.conftest import StartEdge
from tests.live.edges.edge import client_of, pull, push, token_for
from tests.live.parts import command
from tests.live.process import Server
from tests.make.image import Blob, Image

pytestmark = pytest.mark.xdist_group("edges")


def bytes_of(image: Image) -> int:
    return sum(len(blob.content) for blob in image.blobs)


def test_what_many_clients_pull_at_once_leaves_the_center_once(center: Server, admin: Api, start_edge: StartEdge):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    image = push(admin, path, "v1", Image.make(holding=[Blob(os.urandom(2 << 20)) for _ in range(3)]))
    token = token_for(edge, admin, path).json()["token"]

    def one(_number: int) -> None:
        with client_of(edge, token=token) as client:
            pull(client, path, "v1", image)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(8)))
    assert edge.fetched_bytes() == bytes_of(image)
    one(0)
    assert edge.fetched_bytes() == bytes_of(image)


def test_a_real_client_pulls_and_pushes_at_an_edge(center: Server, admin: Api, start_edge: StartEdge, tmp_path: Path):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    skopeo = [command("skopeo"), "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false"]
    creds = f"{center.user}:{center.password}"
    source, there = f"docker://{edge.host}/{path}:v1", f"docker://{edge.host}/{path}:v2"
    run([*skopeo, "--src-creds", creds, source, f"dir:{tmp_path / 'got'}"])
    assert (tmp_path / "got" / "manifest.json").read_bytes() == image.body
    run([*skopeo, "--src-creds", creds, "--dest-creds", creds, source, there])
    assert admin.client.get(f"/v2/{path}/manifests/v2").content == image.body


def run(arguments: list[str]) -> None:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_tag_that_moves_or_goes_at_the_center_does_so_at_the_edge(center: Server, admin: Api, start_edge: StartEdge):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    first, second = push(admin, path, "latest"), Image.make(3)
    with client_of(edge, admin) as client:
        pull(client, path, "latest", first)
        push(admin, path, "latest", second)
        until(lambda: client.get(f"/v2/{path}/manifests/latest").content == second.body, "the edge sees the new image")
        admin.client.delete(f"/v2/{path}/manifests/{second.digest}").raise_for_status()
        gone = (f"/v2/{path}/manifests/latest", f"/v2/{path}/manifests/{second.digest}")
        until(lambda: [client.get(one).status_code for one in gone] == [404, 404], "it is gone at the edge, too")
        pull(client, path, str(first.digest), first)


def test_lists_and_referrers_come_along_and_ranges_are_served(center: Server, admin: Api, start_edge: StartEdge):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    with client_of(edge, admin) as client:
        assert client.get(f"/v2/{path}/tags/list").json() == {"name": path, "tags": ["v1"]}
        assert client.get(f"/v2/{path}/referrers/{image.digest}").json()["manifests"] == []
        blob = image.blobs[-1]
        part = client.get(f"/v2/{path}/blobs/{blob.digest}", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, blob.content[10:20])
        assert client.get("/v2/_catalog").status_code == admin.client.get("/v2/_catalog").status_code


def test_what_is_not_there_is_not_there_at_the_edge_either(center: Server, admin: Api, start_edge: StartEdge):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    with client_of(edge, admin) as client:
        assert client.get(f"/v2/{path}/manifests/v2").status_code == 404
        assert client.get(f"/v2/{path}/blobs/sha256:{'0' * 64}").status_code == 404
        assert client.get(f"/v2/{fresh_name()}/nothing/manifests/v1").status_code == 404
        other = f"{admin.create_org()}/other"
        push(admin, other, "v1")
        # The link is the permission, also where the edge has the bytes.
        pull(client, path, "v1", image)
        assert client.get(f"/v2/{other}/blobs/{image.blobs[-1].digest}").status_code == 404


def test_pulls_at_the_edge_count_at_the_center(center: Server, admin: Api, start_edge: StartEdge):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    image = push(admin, path, "v1")
    with client_of(edge, admin) as client:
        for _ in range(3):
            pull(client, path, "v1", image)
    namespace, name = path.split("/")

    def counted() -> bool:
        shown = admin.client.get(f"/v2/manage/namespaces/{namespace}/repos/{name}").json()
        return bool(shown["num_download"] == 3)

    until(counted, "three pulls are counted")
