"""The suite released with 1.1.1, "Content Discovery" and "Content Management": spec by spec."""

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Make, Manifest
from tests.live.conformance.media_types import INDEX, PLAIN, SBOM
from tests.live.conformance.repository import Repository

TAGS = ["test0", "test1", "test2", "test3", "TEST0", "TEST1", "TEST2", "TEST3"]


@pytest.fixture
def tagged(repo: Repository, make: Make) -> Manifest:
    """One image under four tags and their upper-case twins."""
    return repo.publish(make.image(1), *TAGS)


class References:
    """Five referrers of one subject, two images pushed before it, two images and an index after; one of a ghost."""

    def __init__(self, repo: Repository, make: Make) -> None:
        self.repo = repo
        self.subject, self.ghost = make.image(1), make.image(1)
        subject = self.subject.descriptor()
        self.acknowledged: list[tuple[Manifest, Answer]] = []
        before = [
            make.artifact(SBOM, subject=subject, annotations={"org.example.n": "1"}),
            make.image(1, subject=subject, annotations={"org.example.n": "2"}),
        ]
        after = [
            make.artifact(PLAIN, subject=subject, annotations={"org.example.n": "3"}),
            make.artifact(PLAIN, subject=subject, annotations={"org.example.n": "4"}),
            make.index([], subject=subject, artifactType=SBOM, annotations={"org.example.n": "5"}),
        ]
        self.referrers = before + after
        for referrer in before:
            self.refer(referrer)
        repo.publish(self.subject, "subject")
        for referrer in after:
            self.refer(referrer)
        self.of_ghost = make.artifact(SBOM, subject=self.ghost.descriptor(), annotations={"org.example.n": "6"})
        self.refer(self.of_ghost)

    def refer(self, manifest: Manifest) -> None:
        self.repo.push(*manifest.blobs)
        self.acknowledged.append((manifest, expect(self.repo.put_manifest(manifest.digest, manifest), 201)))


@pytest.fixture
def references(repo: Repository, make: Make) -> References:
    return References(repo, make)


def listed(answer: Answer) -> dict[str, dict[str, str]]:
    """Digest to annotations."""
    expect(answer, 200)
    assert answer.header("Content-Type") == INDEX
    entries = answer.json()["manifests"]
    found = {entry["digest"]: entry.get("annotations", {}) for entry in entries}
    assert len(found) == len(entries), f"an entry twice\n{answer}"
    return found


def test_every_referrer_is_acknowledged(references: References) -> None:
    for manifest, answer in references.acknowledged:
        assert manifest.subject
        assert answer.header("OCI-Subject") == manifest.subject["digest"]


def test_tags_are_listed_in_order(repo: Repository, tagged: Manifest) -> None:
    tags = expect(repo.list_tags(), 200).json()["tags"]
    assert sorted(tags) == sorted(TAGS)
    assert tags in (sorted(tags), sorted(tags, key=str.lower))


def test_n_returns_exactly_n_tags(repo: Repository, tagged: Manifest) -> None:
    assert len(expect(repo.list_tags(("n", "4")), 200).json()["tags"]) == 4


def test_last_is_not_in_the_page_it_asks_for(repo: Repository, tagged: Manifest) -> None:
    tags = expect(repo.list_tags(("n", "4")), 200).json()["tags"]
    page = expect(repo.list_tags(("n", "1"), ("last", tags[2])), 200).json()["tags"]
    assert page == [tags[3]]


def test_an_absent_digest_has_no_referrers(references: References, make: Make) -> None:
    assert listed(references.repo.list_referrers(make.unknown_digest())) == {}


def test_a_subject_has_exactly_its_five_referrers(references: References) -> None:
    found = listed(references.repo.list_referrers(references.subject.digest))
    assert found == {one.digest: one.content["annotations"] for one in references.referrers}


@pytest.mark.parametrize("kind", [SBOM, PLAIN])
def test_two_referrers_are_of_each_type(references: References, kind: str) -> None:
    answer = references.repo.list_referrers(references.subject.digest, ("artifactType", kind))
    matching = [one for one in references.referrers if one.as_referrer().get("artifactType") == kind]
    assert len(matching) == 2
    assert listed(answer).keys() == {one.digest for one in matching}
    assert answer.header("OCI-Filters-Applied") == "artifactType"


def test_a_missing_subject_has_its_one_referrer(references: References) -> None:
    found = listed(references.repo.list_referrers(references.ghost.digest))
    assert found.keys() == {references.of_ghost.digest}
    expect(references.repo.head_manifest(references.ghost.digest), 404)


def test_deleting_a_tag_leaves_one_less(repo: Repository, tagged: Manifest) -> None:
    expect(repo.delete_manifest("test0"), 202)
    expect(repo.get_manifest("test0"), 404)
    assert len(expect(repo.list_tags(), 200).json()["tags"]) == len(TAGS) - 1


def test_deleting_a_digest_leaves_nothing(repo: Repository, tagged: Manifest) -> None:
    expect(repo.delete_manifest(tagged.digest), 202)
    expect(repo.get_manifest(tagged.digest), 404)
    answer = expect(repo.list_tags(), 200, 404)
    assert answer.status == 404 or answer.json()["tags"] == []


def test_deleted_blobs_are_404(repo: Repository, tagged: Manifest) -> None:
    expect(repo.delete_manifest(tagged.digest), 202)
    for blob in tagged.blobs:
        expect(repo.delete_blob(blob.digest), 202)
        expect(repo.get_blob(blob.digest), 404)
