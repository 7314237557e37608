"""Refusals: status, code and form (specification, "Error Codes"), and the grammar of names."""

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Make
from tests.live.conformance.media_types import IMAGE
from tests.live.conformance.repository import Repository

# Components: [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*, joined by "/".
GOOD_NAMES = ["a", "0", "a.b", "a_b", "a__b", "a-b", "a---b", "a/b/c/d/e", "a-b.c_d/e", "manifests", "blobs/uploads"]
BAD_NAMES = ["A", "a..b", "a___b", ".a", "a.", "-a", "a-", "_a", "a_", "a._b", "a/-b", "a/.b", "é", "a b", "a+b", "a~b"]


def read(repo: Repository, name: str, tail: str, method: str = "GET") -> Answer:
    home = repo.name.partition("/")[0]
    return repo.registry.send(method, f"/v2/{home}/{name}/{tail}")


def refuse(answer: Answer, status: int, code: str) -> None:
    expect(answer, status, code=code)
    assert answer.json()["errors"][0]["message"], "a code without a sentence"


def test_each_unknown_thing_has_its_code(repo: Repository, make: Make) -> None:
    repo.publish(make.image(0), "latest")
    digest = make.unknown_digest()
    refuse(repo.get_manifest("other"), 404, "MANIFEST_UNKNOWN")
    refuse(repo.get_manifest(digest), 404, "MANIFEST_UNKNOWN")
    refuse(repo.get_blob(digest), 404, "BLOB_UNKNOWN")
    refuse(repo.delete_blob(digest), 404, "BLOB_UNKNOWN")
    refuse(repo.registry.send("GET", repo.path("blobs/uploads/unknown")), 404, "BLOB_UPLOAD_UNKNOWN")


def test_an_unknown_repository_has_its_code(repo: Repository, make: Make) -> None:
    for answer in (repo.get_manifest("latest"), repo.list_tags(), repo.get_blob(make.unknown_digest())):
        refuse(answer, 404, "NAME_UNKNOWN")


def test_an_unknown_organization_has_its_code_and_a_way_out(repo: Repository, make: Make) -> None:
    nowhere = Repository(repo.registry, f"{repo.name.replace('/', '-')}-nowhere/app")
    answer = nowhere.registry.send("POST", nowhere.path("blobs/uploads/"))
    refuse(answer, 404, "NAME_UNKNOWN")
    assert f"entrepot org create {nowhere.name.partition('/')[0]}" in answer.json()["errors"][0]["message"]
    refuse(nowhere.list_tags(), 404, "NAME_UNKNOWN")


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_every_name_of_the_grammar_works(repo: Repository, make: Make, name: str) -> None:
    named = Repository(repo.registry, f"{repo.name}/{name}")
    manifest = named.publish(make.image(1), "latest")
    assert expect(named.get_manifest("latest"), 200).body == manifest.body
    assert expect(named.get_blob(manifest.blobs[0].digest), 200).body == manifest.blobs[0].content
    assert expect(named.list_tags(), 200).json() == {"name": named.name, "tags": ["latest"]}
    session = named.start_upload()
    expect(session.cancel(), 204)


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("tail", ["manifests/latest", "tags/list", "blobs/sha256:" + "0" * 64])
def test_no_name_outside_the_grammar_is_read(repo: Repository, name: str, tail: str) -> None:
    expect(read(repo, name, tail), 400, 404, code=("NAME_INVALID", "NAME_UNKNOWN"))


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_name_outside_the_grammar_is_written(repo: Repository, make: Make, name: str) -> None:
    home = repo.name.partition("/")[0]
    answer = repo.registry.send("POST", f"/v2/{home}/{name}/blobs/uploads/")
    expect(answer, 400, 404, code=("NAME_INVALID", "NAME_UNKNOWN"))
    body = make.image(0).body
    answer = Repository(repo.registry, f"{home}/{name}").put_body("latest", body)
    expect(answer, 400, 404, code=("NAME_INVALID", "NAME_UNKNOWN"))


def test_a_name_is_at_most_255_characters_long(repo: Repository, make: Make) -> None:
    room = 255 - len(repo.name) - 1
    longest = Repository(repo.registry, f"{repo.name}/{'x' * room}")
    too_long = Repository(repo.registry, f"{repo.name}/{'x' * (room + 1)}")
    answer = longest.registry.send("POST", longest.path("blobs/uploads/"))
    expect(answer, 202)
    refuse(too_long.registry.send("POST", too_long.path("blobs/uploads/")), 400, "NAME_INVALID")


def test_a_repository_name_of_128_characters_works(repo: Repository, make: Make) -> None:
    home, _, name = repo.name.partition("/")
    named = Repository(repo.registry, f"{home}/{(name + 'x' * 128)[:128]}")
    named.publish(make.image(0), "latest")
    expect(named.head_manifest("latest"), 200)


@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("POST", "manifests/latest"),
        ("PATCH", "manifests/latest"),
        ("PUT", "blobs/sha256:" + "0" * 64),
        ("POST", "blobs/sha256:" + "0" * 64),
        ("PUT", "tags/list"),
        ("DELETE", "tags/list"),
        ("POST", "referrers/sha256:" + "0" * 64),
        ("PUT", "blobs/uploads/"),
        ("GET", "blobs/uploads/"),
        ("BREW", "manifests/latest"),
    ],
)
def test_a_method_that_does_not_belong_is_405_or_404(repo: Repository, make: Make, method: str, tail: str) -> None:
    repo.publish(make.image(0), "latest")
    answer = expect(repo.registry.send(method, repo.path(tail)), 405, 404, 400, 501)
    if answer.status == 405:
        assert answer.codes == ["UNSUPPORTED"]
        assert answer.header("Allow")


@pytest.mark.parametrize("path", ["/v2/x", "/v2/_nothing", "/v2//", "/v2/a/b/c", "/v2/a/manifests/", "/v2/-/-"])
def test_a_path_nobody_serves_is_refused_in_form(repo: Repository, path: str) -> None:
    expect(repo.registry.send("GET", path), 400, 404)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"17",
        b"\xff\xfe",
        b"<xml/>",
        b"{}",
        b'{"schemaVersion": 2}',
        b"\x00" * 100,
    ],
)
def test_a_manifest_that_is_none_is_invalid(repo: Repository, make: Make, body: bytes) -> None:
    repo.push(make.blob())
    refuse(repo.put_body("latest", body, IMAGE), 400, "MANIFEST_INVALID")
    expect(repo.head_manifest("latest"), 404)
