"""An edge whose disk is full sends on what it cannot keep."""

import os
from pathlib import Path

import pytest

from tests.live.api import Api
from tests.live.durability.disks import MIB, full_disk
from tests.live.durability.watching import until
from tests.live.edges.conftest import StartEdge
from tests.live.edges.edge import client_of, pull, push
from tests.live.process import Server
from tests.make.image import Blob, Image

pytestmark = pytest.mark.xdist_group("edges")


def test_what_has_no_room_is_sent_and_not_kept(center: Server, admin: Api, start_edge: StartEdge, tmp_path: Path):
    path = f"{admin.create_org()}/app"
    with full_disk(tmp_path / "disk", 32 * MIB) as disk:
        storage = disk.folder / "storage"
        edge = start_edge(center, storage_url=str(storage), free_bytes_min=4 * MIB)
        small = push(admin, path, "small", Image.make(holding=[Blob(os.urandom(MIB))]))
        large = push(admin, path, "large", Image.make(holding=[Blob(os.urandom(MIB))]))
        with client_of(edge, admin) as client:
            pull(client, path, "small", small)
            disk.fill(2 * MIB)
            pull(client, path, "large", large)
            part = client.get(f"/v2/{path}/blobs/{large.blobs[-1].digest}", headers={"Range": "bytes=5-9"})
            assert (part.status_code, part.content) == (206, large.blobs[-1].content[5:10])
            pull(client, path, "small", small)  # what is here is served as before
            kept = {file.name for file in storage.rglob("sha256/*/*")}
            assert small.blobs[-1].digest.hex in kept and large.blobs[-1].digest.hex not in kept
            disk.free()
            pull(client, path, "large", large)
            until(lambda: any(storage.rglob(large.blobs[-1].digest.hex)), "it is kept, now that there is room")
