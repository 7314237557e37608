"""Who may pull at an edge: whoever may at the center, as it said a moment ago; also while it is away, for a while."""

import time
from pathlib import Path

import pytest

from tests.live.api import Api
from tests.live.durability.watching import until
from tests.live.edges.conftest import StartEdge
from tests.live.edges.edge import DECISION_SECONDS, client_of, pull, push, running_center, token_for
from tests.live.process import Server

pytestmark = pytest.mark.xdist_group("edges")


def test_nobody_reads_at_an_edge_what_they_may_not(center: Server, admin: Api, start_edge: StartEdge):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    image, stranger = push(admin, path, "v1"), admin.create_user()
    with client_of(edge, admin) as client:
        pull(client, path, "v1", image)  # the edge has all of it
    others = (None, token_for(edge, None, path).json()["token"], token_for(edge, stranger, path).json()["token"])
    for token in others:
        with client_of(edge, token=token) as client:
            for what in ("manifests/v1", f"manifests/{image.digest}", f"blobs/{image.blobs[0].digest}", "tags/list"):
                assert client.get(f"/v2/{path}/{what}").status_code in (401, 404), what
    with client_of(edge, stranger) as client:
        assert client.get(f"/v2/{path}/manifests/v1").status_code == 404
    refused = token_for(edge, Api(center, center.user, "wrong"), path)
    assert refused.status_code == 401


def test_a_challenge_leads_to_the_edge_itself(center: Server, admin: Api, start_edge: StartEdge):
    edge = start_edge(center)
    with client_of(edge) as client:
        for path in ("/v2/", "/v2/acme/app/manifests/v1"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert f'realm="{edge.url}/auth/token"' in answer.headers["www-authenticate"]
    with client_of(edge, token="nonsense") as client:
        assert client.get("/v2/acme/app/manifests/v1").status_code == 401


def test_a_token_carries_no_further_than_it_says(center: Server, admin: Api, start_edge: StartEdge):
    edge = start_edge(center)
    one, other = f"{admin.create_org()}/app", f"{admin.create_org()}/app"
    image = push(admin, one, "v1")
    push(admin, other, "v1")
    with client_of(edge, token=token_for(edge, admin, one).json()["token"]) as client:
        pull(client, one, "v1", image)
        refused = client.get(f"/v2/{other}/manifests/v1")
        assert refused.status_code == 401
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


def test_a_right_that_is_taken_away_ends_at_the_edge(center: Server, admin: Api, start_edge: StartEdge):
    edge, path = start_edge(center), f"{admin.create_org()}/app"
    image, reader = push(admin, path, "v1"), admin.create_user()
    admin.grant(path, reader.user, "read")
    with client_of(edge, token=token_for(edge, reader, path).json()["token"]) as client:
        pull(client, path, "v1", image)
        organization, name = path.split("/")
        user_id = admin.user_id(reader.user)
        gone = admin.client.request(
            "DELETE", f"/v2/manage/namespaces/{organization}/repos/{name}/access", json=[user_id]
        )
        assert gone.is_success, gone.text
        began = time.monotonic()
        until(lambda: client.get(f"/v2/{path}/blobs/{image.blobs[0].digest}").status_code != 200, "it ends")
        # As long as a decision holds, and not much longer: a busy machine answers late.
        assert time.monotonic() - began < DECISION_SECONDS + 5


def test_while_the_center_is_away_who_pulled_before_goes_on_pulling(tmp_path: Path, start_edge: StartEdge):
    with running_center(tmp_path / "center") as center, Api(center) as admin:
        edge, path = start_edge(center), f"{admin.create_org()}/app"
        image, reader, stranger = push(admin, path, "v1"), admin.create_user(), admin.create_user()
        admin.grant(path, reader.user, "read")
        token = token_for(edge, reader, path).json()["token"]
        with client_of(edge, token=token) as client:
            pull(client, path, "v1", image)
        center.stop()
        time.sleep(3)  # longer than a decision holds: only being cut off keeps it alive

        with client_of(edge, token=token) as client:
            stale = client.get(f"/v2/{path}/manifests/v1")
            assert (stale.status_code, stale.headers["warning"][:3]) == (200, "110")
            pull(client, path, "v1", image)
            assert client.get(f"/v2/{path}/manifests/v2").status_code == 503
        own = token_for(edge, reader, path)
        assert own.status_code == 200
        with client_of(edge, token=own.json()["token"]) as client:
            pull(client, path, "v1", image)
        assert token_for(edge, stranger, path).status_code == 401
        assert token_for(edge, Api(center, reader.user, "wrong"), path).status_code == 401
        with client_of(edge, token=token_for(edge, None, path).json()["token"]) as client:
            assert client.get(f"/v2/{path}/manifests/v1").status_code == 401
        with client_of(edge, reader) as client:
            assert client.post(f"/v2/{path}/blobs/uploads/").status_code == 503

        center.start()
        with client_of(edge) as client:
            until(lambda: "connected" in client.get("/readyz").text, "the center is there again")
        with client_of(edge, token=own.json()["token"]) as client:  # the edge's own token does not outlive that
            assert client.get(f"/v2/{path}/manifests/v1").status_code in (200, 401)
        with client_of(edge, token=token_for(edge, reader, path).json()["token"]) as client:
            pull(client, path, "v1", image)


def test_an_edge_that_is_cut_off_for_too_long_serves_nobody(tmp_path: Path, start_edge: StartEdge):
    with running_center(tmp_path / "center", edge_offline_seconds=1) as center, Api(center) as admin:
        edge, path = start_edge(center), f"{admin.create_org()}/app"
        image = push(admin, path, "v1")
        with client_of(edge, token=token_for(edge, admin, path).json()["token"]) as client:
            pull(client, path, "v1", image)
            center.stop()
            until(lambda: client.get(f"/v2/{path}/manifests/v1").status_code == 503, "nobody is served any more")
