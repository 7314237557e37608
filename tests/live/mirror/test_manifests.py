"""Manifests through a mirror: asked for when they have to be, served when they can be."""

import json

import httpx2
import pytest

from tests.live.api import Api, fresh_name
from tests.live.conftest import StartServer
from tests.live.mirror.conftest import OCI_INDEX, OCI_MANIFEST, MakeMirror, Mirror, Upstream
from tests.live.process import Server
from tests.make.waiting import until

pytestmark = pytest.mark.live


def test_an_image_is_pulled_by_its_name_at_the_upstream(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()

    answer = mirror.manifest(image)

    assert answer.status_code == 200, answer.text
    assert answer.content == image.body
    assert (answer.headers["Docker-Content-Digest"], answer.headers["Content-Type"]) == (image.digest, OCI_MANIFEST)
    assert mirror.blob(image, image.layer).content == image.layers[image.layer]


def test_a_fresh_tag_is_served_without_asking(upstream: Upstream, server: Server, make_mirror: MakeMirror) -> None:
    mirror, image = make_mirror(server, fresh_seconds=600), upstream.push()
    assert mirror.manifest(image).status_code == 200
    upstream.wire.asked.clear()

    assert mirror.manifest(image).content == image.body
    assert mirror.manifest(image, method="HEAD").status_code == 200
    assert mirror.manifest(image, image.digest).status_code == 200
    assert upstream.wire.asked == []


def test_a_tag_is_asked_about_by_head_and_fetched_when_it_moved(upstream: Upstream, mirror: Mirror) -> None:
    before = upstream.push()
    assert mirror.manifest(before).status_code == 200
    upstream.wire.asked.clear()
    assert mirror.manifest(before).content == before.body
    assert upstream.wire.asked == ["HEAD manifests/1.0"]

    after = upstream.push(before.name)

    assert mirror.manifest(after).content == after.body
    assert mirror.manifest(before, before.digest).content == before.body


def test_a_registry_without_head_is_asked_by_get(upstream: Upstream, mirror: Mirror) -> None:
    upstream.wire.knows_head = False
    image = upstream.push()
    for _ in range(2):
        assert mirror.manifest(image).content == image.body
    assert upstream.wire.count("GET manifests/1.0") == 2


async def test_what_is_held_is_served_at_once_and_asked_about_meanwhile(
    upstream: Upstream, server: Server, make_mirror: MakeMirror
) -> None:
    mirror = make_mirror(server, fresh_seconds=0, stale_seconds=600)
    before = upstream.push()
    assert mirror.manifest(before).content == before.body
    after = upstream.push(before.name)

    assert mirror.manifest(after).content == before.body

    await until(lambda: mirror.manifest(after).content == after.body)


@pytest.mark.parametrize("trouble", ["down", "429", "503"])
def test_without_an_answer_what_is_held_is_served_stale(upstream: Upstream, mirror: Mirror, trouble: str) -> None:
    image = upstream.push()
    fresh = mirror.manifest(image)
    assert "Warning" not in fresh.headers
    upstream.wire.is_down, upstream.wire.status = trouble == "down", 0 if trouble == "down" else int(trouble)

    stale = mirror.manifest(image)

    assert stale.content == image.body
    assert stale.headers["Warning"].startswith("110 ")
    upstream.wire.asked.clear()
    assert mirror.manifest(image).headers["Warning"].startswith("110 ")
    assert upstream.wire.asked == []  # it is left alone for a while


def test_without_an_answer_what_is_not_held_cannot_be_had_now(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    upstream.wire.is_down = True

    answer = mirror.manifest(image)

    assert answer.status_code == 503
    assert "cannot be reached" in answer.json()["errors"][0]["message"]
    assert int(answer.headers["Retry-After"]) > 0
    upstream.wire.is_down = False
    assert mirror.manifest(image).status_code == 200


def test_what_the_upstream_does_not_have_is_not_found(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()

    answer = mirror.manifest(image, "none")

    assert answer.status_code == 404
    assert answer.json()["errors"][0]["code"] == "MANIFEST_UNKNOWN"


def test_what_is_absent_is_not_asked_for_again_at_once(
    upstream: Upstream, server: Server, make_mirror: MakeMirror
) -> None:
    mirror, image = make_mirror(server, absent_seconds=600), upstream.push()
    for _ in range(3):
        assert mirror.manifest(image, "none").status_code == 404
    assert upstream.wire.count("GET manifests/none") == 1


def test_a_tag_that_is_gone_at_the_upstream_is_gone_here(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    assert mirror.manifest(image).status_code == 200
    upstream.wire.status = 404

    assert mirror.manifest(image).status_code == 404
    assert mirror.manifest(image, image.digest).content == image.body


def test_a_tag_may_turn_from_an_image_to_an_index(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    assert mirror.manifest(image).headers["Content-Type"] == OCI_MANIFEST
    child = {"mediaType": OCI_MANIFEST, "digest": image.digest, "size": len(image.body)}
    child["platform"] = {"os": "linux", "architecture": "arm64"}
    absent = {**child, "digest": f"sha256:{64 * '0'}", "platform": {"os": "linux", "architecture": "s390x"}}
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [child]}).encode()
    upstream.put(image.name, image.tag, index, OCI_INDEX)

    answer = mirror.manifest(image)

    assert (answer.headers["Content-Type"], answer.content) == (OCI_INDEX, index)
    assert mirror.manifest(image, image.digest).content == image.body
    assert absent  # what an index names is fetched when it is asked for, not before
    assert upstream.wire.count(f"GET manifests/{image.digest}") == 0


def test_tags_are_those_of_the_upstream(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push(tag="1.0")
    for tag in ("1.1", "2.0", "latest"):
        upstream.put(image.name, tag, image.body, OCI_MANIFEST)
    path = f"/v2/{mirror.organization}/{image.name}/tags/list"

    assert mirror.client.get(path).json()["tags"] == ["1.0", "1.1", "2.0", "latest"]
    page = mirror.client.get(path, params={"n": "2", "last": "1.0"})
    assert page.json()["tags"] == ["1.1", "2.0"]
    assert "last=2.0" in page.headers["Link"]

    assert mirror.manifest(image).status_code == 200
    upstream.wire.is_down = True
    assert mirror.client.get(path).json()["tags"] == ["1.0"]  # what is here


def test_signatures_come_along(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    assert mirror.manifest(image).status_code == 200
    signature = upstream.push(image.name, tag=f"sha256-{image.digest.partition(':')[2]}.sig")
    entry = {"mediaType": OCI_MANIFEST, "digest": signature.digest, "size": len(signature.body)}
    entry["artifactType"] = "application/vnd.example.signature"
    kept = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]}).encode()
    upstream.put(image.name, f"sha256-{image.digest.partition(':')[2]}", kept, OCI_INDEX)

    assert mirror.manifest(signature).content == signature.body
    assert mirror.manifest(image, f"sha256-{image.digest.partition(':')[2]}").content == kept
    found = mirror.client.get(f"/v2/{mirror.organization}/{image.name}/referrers/{image.digest}").json()
    assert [one["digest"] for one in found["manifests"]] == [signature.digest]
    assert mirror.blob(signature, signature.layer).content == signature.layers[signature.layer]


def test_nobody_pushes_to_a_mirror(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    with Api(mirror.server) as api:
        for request in (
            ("POST", f"/v2/{mirror.organization}/{image.name}/blobs/uploads/"),
            ("PUT", f"/v2/{mirror.organization}/{image.name}/manifests/mine"),
        ):
            answer = api.client.request(*request, content=image.body, headers={"Content-Type": OCI_MANIFEST})
            assert answer.status_code == 405, answer.text
            assert "mirror" in answer.json()["errors"][0]["message"]


def test_who_may_not_read_the_mirror_learns_nothing(
    upstream: Upstream, server: Server, make_mirror: MakeMirror
) -> None:
    mirror, image = make_mirror(server, is_public=False), upstream.push()
    with Api(server) as api, api.create_user() as stranger, api.create_user() as reader:
        api.grant(mirror.organization, reader.user, "read")
        path = f"/v2/{mirror.organization}/{image.name}"
        accept = {"Accept": OCI_MANIFEST}
        for what in ("manifests/1.0", f"blobs/{image.layer}", "tags/list"):
            assert stranger.client.get(f"{path}/{what}", headers=accept).status_code == 404
        assert mirror.manifest(image).status_code == 401
        assert upstream.wire.asked == []
        assert reader.client.get(f"{path}/manifests/1.0", headers=accept).content == image.body


def test_an_upstream_may_want_a_password(start_server: StartServer, server: Server, make_mirror: MakeMirror) -> None:
    """Ours, as it has a token service: one server mirrors the other."""
    other = start_server()
    with Api(other) as api:
        organization = api.create_org()
        from tests.make.image import Image

        image = Image.make()
        for blob in image.blobs:
            api.client.post(f"/v2/{organization}/app/blobs/uploads/?digest={blob.digest}", content=blob.content)
        path = f"/v2/{organization}/app/manifests/1"
        assert api.client.put(path, content=image.body, headers={"Content-Type": OCI_MANIFEST}).status_code == 201
    wrong = make_mirror(server, [other.url], username="admin", password="wrong")
    right = make_mirror(server, [other.url], username=other.user, password=other.password)

    def pull(mirror: Mirror) -> httpx2.Response:
        path = f"/v2/{mirror.organization}/{organization}/app/manifests/1"
        return mirror.client.get(path, headers={"Accept": OCI_MANIFEST})

    assert pull(right).content == image.body
    assert pull(wrong).status_code == 404


def test_a_transparent_pull_names_the_registry(upstream: Upstream, mirror: Mirror) -> None:
    image = upstream.push()
    host = upstream.wire.url.removeprefix("http://")
    path = f"/v2/{image.name}/manifests/{image.tag}"

    answer = mirror.client.get(path, params={"ns": host}, headers={"Accept": OCI_MANIFEST})
    assert answer.content == image.body
    assert answer.headers["OCI-Namespace"] == host
    again = mirror.client.get(path, params={"ns": host}, headers={"Accept": OCI_MANIFEST})
    assert (again.content, again.headers["OCI-Namespace"]) == (image.body, host)
    assert mirror.client.get(f"/v2/{image.name}/blobs/{image.layer}", params={"ns": host}).status_code == 200
    assert mirror.client.get(path, headers={"Accept": OCI_MANIFEST}).status_code == 401
    unknown = mirror.client.get(path, params={"ns": "registry.example"}, headers={"Accept": OCI_MANIFEST})
    assert (unknown.status_code, "OCI-Namespace" in unknown.headers) == (401, False)


def test_a_mirror_is_defined_shown_changed_and_given_up(upstream: Upstream, server: Server) -> None:
    image, name = upstream.push(), fresh_name("mirror")
    with Api(server) as api:
        mirrors = "/v2/manage/mirrors"
        body = {"name": name, "endpoints": [upstream.wire.url], "username": "me", "password": "secret"}
        made = api.client.post(mirrors, json=body)
        assert made.status_code == 201, made.text
        assert (made.json()["username"], made.json()["has_password"]) == ("me", True)
        assert "secret" not in made.text
        assert api.client.post(mirrors, json=body).status_code == 409
        changed = api.client.patch(f"{mirrors}/{name}", json={"username": "", "password": "", "fresh_seconds": 7})
        assert (changed.json()["has_password"], changed.json()["fresh_seconds"]) == (False, 7)
        assert name in [one["name"] for one in api.client.get(mirrors).json()["mirrors"]]
        path = f"/v2/{name}/{image.name}/manifests/{image.tag}"
        assert api.client.get(path, headers={"Accept": OCI_MANIFEST}).status_code == 200

        assert api.client.delete(f"{mirrors}/{name}").status_code == 204

        assert api.client.get(f"{mirrors}/{name}").status_code == 404
        assert api.client.get(path, headers={"Accept": OCI_MANIFEST}).content == image.body
        pushed = api.client.put(path, content=image.body, headers={"Content-Type": OCI_MANIFEST})
        assert pushed.status_code == 404  # an organization like others: its layers are not here
