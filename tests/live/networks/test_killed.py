"""An edge that dies takes no pull along: clients come back to the center, which soon sends nobody there any more."""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.live import parts
from tests.live.clients.commands import poll, run
from tests.live.clients.daemons import running_dockerd
from tests.live.clients.docker import Docker
from tests.live.clients.images import Content, Layout, new_content, tar
from tests.live.clients.registries import Account, Registry
from tests.live.networks.clients import Puller, crowd, pull_all
from tests.live.networks.conftest import header_for, nearest, new_path, show_logs
from tests.live.networks.images import Image, push
from tests.live.networks.nodes import EdgeNode
from tests.live.networks.worlds import World, running_world, settle

PULLS = 100
ASKED = 60
SECONDS_MAX = 10.0
"""Until nobody is sent to an edge that died."""
LARGE_BYTES = 8 * 2**20
MBIT = 20
"""Of the line of an edge that dies while it sends a large layer."""


@pytest.fixture(scope="module")
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of their own: each test kills one of its edges for good."""
    with running_world(tmp_path_factory.mktemp("doomed"), ("east", "south")) as world:
        settle(world, nearest(world))
        yield world


@pytest.fixture
def world(doomed: World, request: pytest.FixtureRequest) -> World:
    show_logs(request, doomed)
    return doomed


def kill_when(edge: EdgeNode, is_so: Callable[[], bool]) -> float:
    """SIGKILL, as soon as that is so; when it was."""
    for _ in poll(30, 0.005):
        if is_so():
            edge.kill()
            return time.monotonic()
    raise AssertionError("the edge never came so far")


def seconds_sent_there(place: str, edge: EdgeNode, killed_at: float, header: str, image: Image) -> float:
    """For how long after its end the center sent a client to the edge, which asks for one layer after the other."""
    client, last = Puller(place, header), killed_at
    for url, _ in image.layers:
        _, location, _ = client.get(url, header)
        if edge.address not in location:
            break
        last = time.monotonic()
        time.sleep(0.2)  # so that there are layers enough
    else:
        pytest.fail(f"after {time.monotonic() - killed_at} s clients are still sent there")
    client.close()
    return last - killed_at


def test_a_hundred_pulls_complete_when_their_edge_dies_in_the_middle(world: World) -> None:
    edge = world.edges["east"]
    path, place = new_path(world), world.clients(edge.region)
    image, more, header = push(world.center, path, PULLS), push(world.center, path, ASKED), header_for(world, path)
    before = edge.blobs_served

    with ThreadPoolExecutor(1) as aside:
        pulling = aside.submit(pull_all, place, header, image.layers)
        killed_at = kill_when(edge, lambda: edge.blobs_served - before >= PULLS // 5)
        with crowd(place, 1) as one:
            asking = one.submit(seconds_sent_there, place.address(16), edge, killed_at, header, more)
            seconds = asking.result()
        pulled = pulling.result()

    assert len(pulled) == PULLS
    assert {one.by for one in pulled} == {edge.address, world.center.address}
    assert seconds <= SECONDS_MAX


def test_an_engine_completes_a_pull_whose_edge_dies_in_the_middle_of_a_layer(world: World, tmp_path: Path) -> None:
    edge, path = world.edges["south"], new_path(world)
    place, image = world.clients(edge.region), f"{world.center.host}/{path}:1.0"
    content = new_content()
    digest = push_layout(world, tmp_path, image, content)
    edge.place.limit(MBIT)
    before = edge.counted("entrepot_bytes_out_total")
    settings = json.dumps({"insecure-registries": [f"{world.center.address}/32"]})

    with place.inside(), running_dockerd(settings) as engine, ThreadPoolExecutor(1) as aside:
        docker = Docker(parts.command("docker", package="docker.io"), engine, tmp_path)
        docker.login(Registry(world.center.url, Account(world.center.user, world.center.password), None, None))
        pulling = aside.submit(docker, "pull", image)
        kill_when(edge, lambda: edge.counted("entrepot_bytes_out_total") - before > LARGE_BYTES // 4)
        pulling.result()
        pulled = docker.digest(image)
        docker.forget_all()

    assert pulled == digest


def push_layout(world: World, folder: Path, image: str, content: Content) -> str:
    """An image with a large layer, pushed at the center; its digest."""
    layout = Layout(folder / "layout")
    pushed = layout.add_image("1.0", content=content, more=[tar({"srv/large": os.urandom(LARGE_BYTES)})])
    center = world.center
    with center.place.inside():
        run(
            parts.command("skopeo"),
            *("copy", "--dest-tls-verify=false", f"--dest-creds={center.user}:{center.password}"),
            *(f"oci:{layout.folder}:1.0", f"docker://{image}"),
            env={"PATH": parts.SEARCHED, "HOME": str(folder), "TMPDIR": str(folder)},
        )
    return str(pushed["digest"])
