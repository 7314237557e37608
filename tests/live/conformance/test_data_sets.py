"""The data sets of the official suite: content of every kind is pushed, listed, pulled, referred to, deleted.

The reading tests share one pushed copy of a set; the deleting test pushes its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Manifest
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import fresh_make, fresh_repository
from tests.live.conformance.data_sets import DATA_SETS, DataSet
from tests.live.conformance.media_types import IMAGE, INDEX
from tests.live.conformance.repository import Repository

FILTERS = "OCI-Filters-Applied"


@dataclass(frozen=True)
class Pushed:
    """A data set in a repository, and the answers its manifests got: (manifest, tags it was pushed for, answer)."""

    repo: Repository
    data: DataSet
    answers: list[tuple[Manifest, tuple[str, ...], Answer]]


def push(repo: Repository, data: DataSet) -> Pushed:
    repo.push(*data.blobs)
    answers: list[tuple[Manifest, tuple[str, ...], Answer]] = []
    for manifest, tags in data.pushed:
        if data.is_tagged_by_parameter:
            answers.append((manifest, tags, expect(repo.put_manifest(manifest.digest, manifest, tags), 201)))
            continue
        answers.append((manifest, (), expect(repo.put_manifest(manifest.digest, manifest), 201)))
        answers.extend((manifest, (), expect(repo.put_manifest(tag, manifest), 201)) for tag in tags)
    return Pushed(repo, data, answers)


def build(name: str) -> DataSet:
    return DATA_SETS[name](fresh_make("sha512" if "sha512" in name else "sha256"))


@pytest.fixture(scope="module", params=DATA_SETS)
def pushed(request: pytest.FixtureRequest, registry: Registry, organization: str) -> Pushed:
    name: str = request.param
    home = request.getfixturevalue("sparse_organization") if name.startswith("sparse") else organization
    return push(fresh_repository(registry, home), build(name))


@pytest.fixture
def unshared(pushed: Pushed, request: pytest.FixtureRequest) -> Pushed:
    """The same kind of set, pushed once more into a repository of the test's own."""
    name: str = request.node.callspec.params["pushed"]
    return push(fresh_repository(pushed.repo.registry, pushed.repo.name.partition("/")[0]), build(name))


def test_every_manifest_of_the_set_is_taken_and_given_back(pushed: Pushed) -> None:
    for manifest, tags, answer in pushed.answers:
        assert answer.header("Docker-Content-Digest") == manifest.digest, str(answer)
        # One header line for every tag, not one joined by commas.
        assert sorted(answer.header_lines("OCI-Tag")) == sorted(tags), str(answer)
        if manifest.subject:
            assert answer.header("OCI-Subject") == manifest.subject["digest"], str(answer)
        headers = [("Accept", INDEX), ("Accept", IMAGE)]
        found = expect(pushed.repo.registry.send("GET", answer.location, headers=headers), 200)
        assert found.body == manifest.body


def test_every_tag_of_the_set_is_listed(pushed: Pushed) -> None:
    answer = expect(pushed.repo.list_tags(), 200, 404)
    listed = answer.json()["tags"] if answer.status == 200 else []
    assert sorted(listed) == sorted(pushed.data.tags)
    if len(listed) > 1:
        middle = len(listed) // 2
        later = expect(pushed.repo.list_tags(("last", listed[middle])), 200).json()["tags"]
        assert later == listed[middle + 1 :]


def test_everything_of_the_set_can_be_asked_for(pushed: Pushed) -> None:
    by_tag = pushed.data.tags.items()
    for reference, manifest in [*by_tag, *((one.digest, one) for one in pushed.data.manifests)]:
        answer = expect(pushed.repo.head_manifest(reference), 200)
        check_manifest_headers(answer, manifest)
    for blob in pushed.data.blobs:
        answer = expect(pushed.repo.head_blob(blob.digest), 200)
        assert answer.header("Content-Length") == str(len(blob.content))
        assert answer.header("Docker-Content-Digest") == blob.digest


def test_everything_of_the_set_can_be_pulled(pushed: Pushed) -> None:
    by_tag = pushed.data.tags.items()
    for reference, manifest in [*by_tag, *((one.digest, one) for one in pushed.data.manifests)]:
        answer = expect(pushed.repo.get_manifest(reference), 200)
        assert answer.body == manifest.body
        check_manifest_headers(answer, manifest)
    for blob in pushed.data.blobs:
        answer = expect(pushed.repo.get_blob(blob.digest), 200)
        assert answer.body == blob.content
        assert answer.header("Docker-Content-Digest") == blob.digest


def test_whatever_refers_to_a_subject_is_listed(pushed: Pushed) -> None:
    for subject, referrers in pushed.data.referrers.items():
        answer = expect(pushed.repo.list_referrers(subject), 200)
        check_referrers(answer, referrers)
        assert FILTERS.lower() not in dict(answer.headers)
    for manifest in pushed.data.manifests:
        if manifest.digest not in pushed.data.referrers:
            check_referrers(expect(pushed.repo.list_referrers(manifest.digest), 200), [])


def test_referrers_of_one_type_are_listed(pushed: Pushed) -> None:
    for subject, referrers in pushed.data.referrers.items():
        kinds = {one.as_referrer().get("artifactType") for one in referrers}
        for kind in kinds - {None}:
            answer = expect(pushed.repo.list_referrers(subject, ("artifactType", str(kind))), 200)
            assert answer.header(FILTERS) == "artifactType"
            check_referrers(answer, [one for one in referrers if one.as_referrer().get("artifactType") == kind])


def test_everything_of_the_set_can_be_deleted(unshared: Pushed) -> None:
    """Tags, then manifests from the top down, then blobs; each is gone at once."""
    repo, data = unshared.repo, unshared.data
    for tag, manifest in data.tags.items():
        expect(repo.delete_manifest(tag), 202)
        expect(repo.head_manifest(tag), 404)
        expect(repo.head_manifest(manifest.digest), 200)
    for manifest in reversed(data.manifests):
        expect(repo.delete_manifest(manifest.digest), 202)
        expect(repo.head_manifest(manifest.digest), 404)
    for blob in data.blobs:
        expect(repo.delete_blob(blob.digest), 202)
        expect(repo.head_blob(blob.digest), 404)


def check_manifest_headers(answer: Answer, manifest: Manifest) -> None:
    assert answer.header("Content-Length") == str(len(manifest.body))
    assert answer.header("Content-Type") == manifest.media_type
    assert answer.header("Docker-Content-Digest") == manifest.digest


def check_referrers(answer: Answer, referrers: list[Manifest]) -> None:
    """An index of exactly these, each with digest, size, types and annotations of its manifest."""
    assert answer.header("Content-Type") == INDEX
    body = answer.json()
    assert (body["schemaVersion"], body["mediaType"]) == (2, INDEX)
    expected = [one.as_referrer() for one in referrers]
    found = [{key: value for key, value in entry.items() if value not in ({}, "")} for entry in body["manifests"]]
    assert sorted(found, key=lambda entry: entry["digest"]) == sorted(expected, key=lambda entry: entry["digest"])
