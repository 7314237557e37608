"""What belongs to somebody else: guessing a digest or an upload id opens nothing, and tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.live.api import Api
from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Make
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import URL, fresh_make
from tests.live.conformance.repository import Repository, Session
from tests.live.conformance.uploads import check_held

pytestmark = pytest.mark.skipif(URL is not None, reason="needs users of its own: a server started for the run")


@dataclass(frozen=True)
class Neighbours:
    """Alice and Bob each edit an organization the other one cannot see."""

    alice: Registry
    bob: Registry
    hers: Repository
    his: Repository

    def as_bob(self, repo: Repository) -> Repository:
        return Repository(self.bob, repo.name)


@pytest.fixture(params=["basic", "bearer"])
def neighbours(api: Api, request: pytest.FixtureRequest) -> Iterator[Neighbours]:
    registries, repositories = [], []
    for _ in range(2):
        user, home = api.create_user(), api.create_org()
        api.grant(home, user.user, "edit")
        registry = Registry(api.server.url, request.param, user.user, user.password)
        registries.append(registry)
        repositories.append(Repository(registry, f"{home}/app"))
        user.close()
    yield Neighbours(registries[0], registries[1], repositories[0], repositories[1])
    for registry in registries:
        registry.close()


@pytest.fixture
def make() -> Make:
    return fresh_make()


def check_same(known: Answer, unknown: Answer, *names: str) -> None:
    """The two answers differ in nothing but the names that were asked for."""
    assert known.status == unknown.status, f"{known}\n{unknown}"
    first, second = known.body.decode(), unknown.body.decode()
    for name, other in zip(names[::2], names[1::2], strict=True):
        second = second.replace(other, name)
    assert first == second
    ignored = {"date", "x-request-id", "content-length", "www-authenticate"}
    kept = [{key for key, _ in answer.headers} - ignored for answer in (known, unknown)]
    assert kept[0] == kept[1]


def test_what_one_may_not_read_answers_like_what_is_not_there(neighbours: Neighbours, make: Make) -> None:
    image = neighbours.hers.publish(make.image(), "latest")
    hers = neighbours.as_bob(neighbours.hers)
    nowhere = Repository(neighbours.bob, f"{neighbours.hers.name.partition('/')[0]}/not")
    for tail in (
        "manifests/latest",
        f"manifests/{image.digest}",
        f"blobs/{image.blobs[0].digest}",
        f"referrers/{image.digest}",
        "tags/list",
    ):
        for method in ("GET", "DELETE"):
            if method == "DELETE" and tail.startswith(("tags", "referrers")):
                continue
            known = neighbours.bob.send(method, hers.path(tail))
            unknown = neighbours.bob.send(method, nowhere.path(tail))
            check_same(known, unknown, hers.name, nowhere.name)
            assert known.status in (200, 401, 403, 404), str(known)
            assert image.blobs[0].content not in known.body


def test_a_blob_is_read_only_where_it_is_linked(neighbours: Neighbours, make: Make) -> None:
    secret = make.blob()
    neighbours.hers.push(secret)
    neighbours.his.push(make.blob())
    expect(neighbours.his.get_blob(secret.digest), 404, code="BLOB_UNKNOWN")
    expect(neighbours.his.head_blob(secret.digest), 404)
    expect(neighbours.his.delete_blob(secret.digest), 403, 404, code=("BLOB_UNKNOWN", "DENIED"))
    expect(neighbours.hers.head_blob(secret.digest), 200)


@pytest.mark.parametrize("is_named", [True, False])
def test_a_guessed_digest_mounts_nothing(neighbours: Neighbours, make: Make, is_named: bool) -> None:
    """And the answer is that for a digest nobody has, so that nobody learns what others hold."""
    secret, fantasy = make.blob(), make.unknown_digest()
    neighbours.hers.push(secret)
    source = neighbours.hers.name if is_named else None
    known, unknown = (neighbours.his.mount(digest, source) for digest in (secret.digest, fantasy))
    assert known.status == unknown.status, f"{known}\n{unknown}"
    assert known.status in (202, 401, 404), str(known)
    expect(neighbours.his.head_blob(secret.digest), 404)


def test_a_manifest_may_not_point_at_a_blob_of_others(neighbours: Neighbours, make: Make) -> None:
    """A manifest would link it; pulling it by the manifest would be the next step."""
    image = make.image()
    neighbours.hers.push(*image.blobs)
    neighbours.his.push(image.blobs[0])
    answer = neighbours.his.put_manifest("latest", image)
    expect(answer, 400, 404, code=("MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"))
    for blob in image.blobs[1:]:
        assert blob.digest in answer.body.decode()
        expect(neighbours.his.head_blob(blob.digest), 404)


def test_an_index_may_not_point_at_a_manifest_of_others(neighbours: Neighbours, make: Make) -> None:
    child = neighbours.hers.publish(make.image(), "latest")
    neighbours.his.push(make.blob())
    answer = neighbours.his.put_manifest("latest", make.index([child]))
    expect(answer, 400, 404)
    expect(neighbours.his.head_manifest(child.digest), 404)


def test_pushing_what_others_hold_takes_as_long_as_pushing_it(neighbours: Neighbours, make: Make) -> None:
    """The same bytes are kept once, but whoever pushes them has to have them."""
    secret = make.blob()
    neighbours.hers.push(secret)
    session = neighbours.his.start_upload()
    expect(session.put(secret.digest), 400, code="DIGEST_INVALID")
    expect(neighbours.his.head_blob(secret.digest), 404)


@pytest.mark.parametrize("is_under_own_name", [True, False])
def test_an_upload_of_somebody_else_is_unknown(neighbours: Neighbours, make: Make, is_under_own_name: bool) -> None:
    blob = make.blob()
    session = neighbours.hers.start_upload()
    expect(session.patch(blob.content[:100], 0), 202)
    neighbours.his.push(make.blob())
    repo = neighbours.his if is_under_own_name else neighbours.as_bob(neighbours.hers)
    stolen = Session(repo, session.url.replace(neighbours.hers.name, repo.name), 0, session.opened)
    # Under a name he may not push to he hears what he would hear without any upload there.
    statuses = (404,) if is_under_own_name else (403, 401)
    codes = ("BLOB_UPLOAD_UNKNOWN",) if is_under_own_name else ("DENIED", "UNAUTHORIZED")
    expect(stolen.status(), *statuses, code=codes)
    expect(stolen.patch(b"evil", 100), *statuses, code=codes)
    expect(stolen.put(blob.digest, blob.content), *statuses, code=codes)
    expect(stolen.cancel(), *statuses, code=codes)
    check_held(session, 100)
    expect(session.patch(blob.content[100:], 100), 202)
    expect(session.put(blob.digest), 201)


def test_whoever_may_only_read_writes_nothing(api: Api, neighbours: Neighbours, make: Make) -> None:
    image = neighbours.hers.publish(make.image(), "latest")
    api.grant(neighbours.hers.name, neighbours.bob.user, "read")
    hers = neighbours.as_bob(neighbours.hers)
    assert expect(hers.get_manifest("latest"), 200).body == image.body
    refused = [
        hers.post_blob(b"x", make.unknown_digest()),
        hers.mount(image.blobs[0].digest, hers.name),
        hers.put_manifest("other", image),
        hers.put_manifest(image.digest, image, ["other"]),
        hers.delete_manifest("latest"),
        hers.delete_manifest(image.digest),
        hers.delete_blob(image.blobs[0].digest),
    ]
    for answer in refused:
        # With a token that lacks the action the challenge comes back once more.
        expect(answer, 403, *((401,) if neighbours.bob.mode == "bearer" else ()), code=("DENIED", "UNAUTHORIZED"))
    assert expect(neighbours.hers.list_tags(), 200).json()["tags"] == ["latest"]


def test_a_grant_that_is_gone_ends_at_once(api: Api, neighbours: Neighbours, make: Make) -> None:
    """Also for a token that was issued before."""
    neighbours.hers.publish(make.image(), "latest")
    api.grant(neighbours.hers.name, neighbours.bob.user, "read")
    hers = neighbours.as_bob(neighbours.hers)
    expect(hers.get_manifest("latest"), 200)
    organization, _, name = neighbours.hers.name.partition("/")
    path = f"/v2/manage/namespaces/{organization}/repos/{name}/access"
    gone = api.client.request("DELETE", path, json=[api.user_id(neighbours.bob.user)])
    assert gone.status_code == 204, gone.text
    expect(hers.get_manifest("latest"), 404, 401)


def test_the_catalog_shows_only_what_one_may_read(api: Api, neighbours: Neighbours, make: Make) -> None:
    image = make.image(0)
    neighbours.hers.publish(image, "latest")
    neighbours.his.publish(image, "latest")
    found = expect(neighbours.bob.send("GET", "/v2/_catalog"), 200).json()["repositories"]
    assert neighbours.his.name in found
    assert neighbours.hers.name not in found
    api.set_public(neighbours.hers.name)
    expect(neighbours.as_bob(neighbours.hers).get_manifest("latest"), 200)


def test_a_public_repository_is_read_by_strangers_and_written_by_nobody_new(
    api: Api, neighbours: Neighbours, make: Make
) -> None:
    image = neighbours.hers.publish(make.image(), "latest")
    api.set_public(neighbours.hers.name)
    stranger = Registry(api.server.url)
    hers = Repository(stranger, neighbours.hers.name)
    assert expect(hers.get_manifest("latest"), 200).body == image.body
    assert expect(hers.get_blob(image.blobs[0].digest), 200).body == image.blobs[0].content
    expect(hers.post_blob(b"x", make.unknown_digest()), 401, code="UNAUTHORIZED")
    expect(hers.delete_manifest("latest"), 401, code="UNAUTHORIZED")
    api.set_public(neighbours.hers.name, public=False)
    expect(hers.get_manifest("latest"), 401, code="UNAUTHORIZED")
    stranger.close()
