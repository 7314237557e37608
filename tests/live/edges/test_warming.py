"""Warming up: images come to edges before anybody pulls them, asked for by hand or by a rule."""

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.live.api import Api
from tests.live.conftest import StartServer
from tests.live.durability.watching import until
from tests.live.edges.conftest import StartEdge
from tests.live.edges.edge import client_of, entrepot, make_region, pull, push
from tests.live.process import Server
from tests.make.image import Blob, Image

pytestmark = pytest.mark.xdist_group("edges")


def large(*mebibytes: int) -> Image:
    return Image.make(holding=[Blob(os.urandom(one << 20)) for one in mebibytes])


def bytes_of(image: Image) -> int:
    return sum(len(blob.content) for blob in image.blobs)


def ask(api: Api, image: str, *regions: str, **more: object) -> int:
    body = {"image": image, "regions": list(regions), **more}
    return int(api.client.post("/v2/manage/warmups", json=body).raise_for_status().json()["id"])


def standing(api: Api, number: int) -> dict[str, Any]:
    shown: dict[str, Any] = api.client.get(f"/v2/manage/warmups/{number}").raise_for_status().json()
    return shown


def wait_for(api: Api, number: int, is_so: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
    until(lambda: is_so(standing(api, number)), what)
    return standing(api, number)


def is_done(shown: dict[str, Any]) -> bool:
    return bool(shown["state"] == "done")


def test_what_was_warmed_up_is_pulled_without_a_byte_from_the_center(
    center: Server, admin: Api, start_edge: StartEdge
) -> None:
    region = make_region(center)
    edges = [start_edge(center, region) for _ in range(2)]
    path = f"{admin.create_org()}/app"
    other, image = push(admin, path, "other"), push(admin, path, "v1", large(3, 2))

    told = entrepot(center, "region", "warm", f"{path}:v1", "--region", region, "--wait", "--json")
    assert told.returncode == 0, told.stderr
    shown = json.loads(told.stdout)
    assert (shown["state"], shown["bytes_done"], shown["bytes_total"]) == ("done", *[2 * bytes_of(image)] * 2)
    [here] = shown["regions"]
    assert {one["node"] for one in here["nodes"]} == {edge.name for edge in edges}
    assert "done" in entrepot(center, "region", "warm", "show", str(shown["id"])).stdout

    for edge in edges:
        with client_of(edge, admin) as client:
            pull(client, path, "other", other)  # so the edge knows the client, and what it may pull
    center.kill()
    try:
        for edge in edges:
            fetched = edge.fetched_bytes()
            with client_of(edge, admin) as client:
                pull(client, path, "v1", image)
            assert edge.fetched_bytes() == fetched
    finally:
        center.start()


def test_only_as_many_nodes_get_it_as_are_wished(center: Server, admin: Api, start_edge: StartEdge) -> None:
    region = make_region(center)
    edges = [start_edge(center, region) for _ in range(2)]
    path = f"{admin.create_org()}/app"
    image = push(admin, path, "v1")

    number = ask(admin, f"{path}@{image.digest}", region, copies=1)
    shown = wait_for(admin, number, is_done, "one node has it")

    [node] = shown["regions"][0]["nodes"]
    assert sorted(edge.fetched_bytes() for edge in edges) == [0, bytes_of(image)]
    again = standing(admin, ask(admin, f"{path}:v1", region, copies=1))
    assert [one["node"] for one in again["regions"][0]["nodes"]] == [node["node"]]


def test_an_edge_that_is_lost_goes_on_where_it_was(center: Server, admin: Api, start_edge: StartEdge) -> None:
    region = make_region(center)
    edge = start_edge(center, region)
    path = f"{admin.create_org()}/app"
    image = push(admin, path, "v1", large(*[8] * 12))

    number = ask(admin, f"{path}:v1", region)
    until(lambda: edge.fetched_bytes() > 8 << 20, "some of it is there")
    edge.kill()
    assert not is_done(standing(admin, number))
    edge.start()
    wait_for(admin, number, is_done, "the rest of it comes")

    with client_of(edge, admin) as client:
        pull(client, path, "v1", image)
    assert edge.fetched_bytes() < bytes_of(image)


def test_what_cannot_be_had_fails_with_the_reason_and_what_is_called_off_ends(
    center: Server, admin: Api, start_edge: StartEdge
) -> None:
    region = make_region(center)
    edge = start_edge(center, region, edge_capacity_bytes="2MiB")
    path = f"{admin.create_org()}/app"
    push(admin, path, "v1", large(3))

    number = ask(admin, f"{path}:v1", region)
    shown = wait_for(admin, number, lambda one: bool(one["state"] == "failed"), "it fails")
    [node] = shown["regions"][0]["nodes"]
    assert "keeps at most 2097152" in node["error"]
    assert "ended_at" in shown

    image = push(admin, path, "v2")
    edge.kill()
    number = ask(admin, f"{path}:v2", region)
    called_off = entrepot(center, "region", "warm", "cancel", str(number))
    assert (called_off.returncode, called_off.stdout) == (0, f"Warm-up {number} was called off.\n")
    edge.start()
    last = ask(admin, f"{path}@{image.digest}", region)
    wait_for(admin, last, is_done, "the edge does what was not called off")
    assert standing(admin, number)["state"] == "cancelled"


def test_what_is_pushed_is_warmed_up_by_a_rule(start_server: StartServer, start_edge: StartEdge) -> None:
    center = start_server(edge_report_seconds=1)
    region = make_region(center)
    edge = start_edge(center, region)
    with Api(center) as admin:
        organization = admin.create_org()
        rule = ("region", "warm-rule", "create", "releases", "--scope", f"{organization}/*", "--tag", "v*")
        made = entrepot(center, *rule, "--region", region)
        assert made.returncode == 0, made.stderr
        push(admin, f"{organization}/app", "nightly")
        image = push(admin, f"{organization}/app", "v1")

        def warmed() -> list[dict[str, Any]]:
            found = admin.client.get("/v2/manage/warmups").raise_for_status().json()["warmups"]
            return [one for one in found if one["state"] == "done"]

        until(lambda: bool(warmed()), "the push is warmed up")
        [one] = warmed()
        assert (one["image"], one["rule"], one["digest"]) == (f"{organization}/app:v1", "releases", str(image.digest))
        assert edge.fetched_bytes() == bytes_of(image)
        assert "releases" in entrepot(center, "region", "warm-rule", "list").stdout
        assert entrepot(center, "region", "warm-rule", "delete", "releases", "--yes").returncode == 0
