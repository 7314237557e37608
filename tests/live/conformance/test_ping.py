"""Before anything is pushed: the base endpoint, and reads of a repository that does not exist."""

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make
from tests.live.conformance.client import Registry
from tests.live.conformance.media_types import INDEX
from tests.live.conformance.repository import Repository


def test_the_base_endpoint_answers(registry: Registry) -> None:
    answer = expect(registry.send("GET", "/v2/"), 200)
    assert answer.header("Docker-Distribution-API-Version") == "registry/2.0"


def test_an_unknown_repository_has_no_tags(repo: Repository) -> None:
    answer = expect(repo.list_tags(), 200, 404)
    if answer.status == 404:
        assert answer.codes == ["NAME_UNKNOWN"]
    else:
        assert answer.json() == {"name": repo.name, "tags": []}


def test_an_unknown_repository_has_an_empty_list_of_referrers(repo: Repository, make: Make) -> None:
    answer = expect(repo.list_referrers(make.unknown_digest()), 200)
    assert answer.header("Content-Type") == INDEX
    assert answer.json()["schemaVersion"] == 2
    assert answer.json()["mediaType"] == INDEX
    assert answer.json()["manifests"] == []


def test_an_unknown_repository_has_no_manifests_and_no_blobs(repo: Repository, make: Make) -> None:
    expect(repo.get_manifest("latest"), 404)
    expect(repo.head_manifest("latest"), 404)
    expect(repo.get_blob(make.unknown_digest()), 404)
    expect(repo.head_blob(make.unknown_digest()), 404)
