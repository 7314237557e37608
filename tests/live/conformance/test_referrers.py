"""Referrers beyond the data sets: paging, kept fallback tags, deletion (specification, "Listing Referrers")."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Json, Make, Manifest
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.media_types import INDEX, PLAIN, SBOM, SIGNATURE
from tests.live.conformance.repository import Repository
from tests.live.conformance.test_tags import next_page

MANIFEST_BYTES_MAX = 4 * 1024 * 1024


@pytest.fixture
def subject(repo: Repository, make: Make) -> Manifest:
    return repo.publish(make.image(), "subject")


def pages(repo: Repository, digest: str, *params: tuple[str, str]) -> Iterator[Answer]:
    """Every page of the list, following Link."""
    answer = repo.list_referrers(digest, *params)
    for _ in range(100):
        assert expect(answer, 200).header("Content-Type") == INDEX
        assert len(answer.body) <= MANIFEST_BYTES_MAX, "a page no client has to take"
        yield answer
        url = next_page(answer)
        if url is None:
            return
        answer = repo.registry.send("GET", url)
    raise AssertionError("the links never end")


def entries(repo: Repository, digest: str, *params: tuple[str, str]) -> list[Json]:
    return [entry for page in pages(repo, digest, *params) for entry in page.json()["manifests"]]


def digests(found: list[Json]) -> list[str]:
    return [entry["digest"] for entry in found]


def test_a_referrer_is_acknowledged(repo: Repository, subject: Manifest, make: Make) -> None:
    referrer = make.artifact(SBOM, subject=subject.descriptor())
    repo.push(*referrer.blobs)
    for reference in (referrer.digest, "sbom"):
        answer = expect(repo.put_manifest(reference, referrer), 201)
        assert answer.header("OCI-Subject") == subject.digest


def test_a_manifest_without_subject_is_not_acknowledged_as_a_referrer(repo: Repository, make: Make) -> None:
    manifest = make.image()
    repo.push(*manifest.blobs)
    assert expect(repo.put_manifest("latest", manifest), 201).header("OCI-Subject") is None


def test_pushing_a_referrer_twice_lists_it_once(repo: Repository, subject: Manifest, make: Make) -> None:
    referrer = repo.publish(make.artifact(SBOM, subject=subject.descriptor()), "one", "two")
    assert digests(entries(repo, subject.digest)) == [referrer.digest]


def test_a_deleted_referrer_is_no_longer_listed(repo: Repository, subject: Manifest, make: Make) -> None:
    first = repo.publish(make.artifact(SBOM, subject=subject.descriptor(), annotations={"n": "1"}))
    second = repo.publish(make.artifact(SBOM, subject=subject.descriptor(), annotations={"n": "2"}))
    expect(repo.delete_manifest(first.digest), 202)
    assert digests(entries(repo, subject.digest)) == [second.digest]


def test_deleting_the_tag_of_a_referrer_does_not_unlist_it(repo: Repository, subject: Manifest, make: Make) -> None:
    referrer = repo.publish(make.artifact(SBOM, subject=subject.descriptor()), "sbom")
    expect(repo.delete_manifest("sbom"), 202)
    assert digests(entries(repo, subject.digest)) == [referrer.digest]


def test_referrers_are_listed_before_their_subject_comes_and_after(repo: Repository, make: Make) -> None:
    subject = make.image()
    before = repo.publish(make.artifact(SBOM, subject=subject.descriptor()))
    assert digests(entries(repo, subject.digest)) == [before.digest]
    repo.publish(subject, "subject")
    after = repo.publish(make.artifact(SIGNATURE, subject=subject.descriptor()))
    assert set(digests(entries(repo, subject.digest))) == {before.digest, after.digest}


def test_referrers_do_not_cross_repositories(
    repo: Repository, repo2: Repository, subject: Manifest, make: Make
) -> None:
    repo2.publish(make.artifact(SBOM, subject=subject.descriptor()))
    assert entries(repo, subject.digest) == []


def test_referrers_of_referrers_are_their_own(repo: Repository, subject: Manifest, make: Make) -> None:
    sbom = repo.publish(make.artifact(SBOM, subject=subject.descriptor()))
    signature = repo.publish(make.artifact(SIGNATURE, subject=sbom.descriptor()))
    assert digests(entries(repo, subject.digest)) == [sbom.digest]
    assert digests(entries(repo, sbom.digest)) == [signature.digest]


def test_a_sha512_subject_has_referrers(repo: Repository) -> None:
    make = fresh_make("sha512")
    subject = repo.publish(make.image())
    referrer = repo.publish(make.artifact(SBOM, subject=subject.descriptor()))
    assert digests(entries(repo, subject.digest)) == [referrer.digest]


def test_an_image_as_referrer_is_typed_by_its_config(repo: Repository, subject: Manifest, make: Make) -> None:
    referrer = repo.publish(make.image(subject=subject.descriptor()))
    assert entries(repo, subject.digest) == [referrer.as_referrer()]
    kind = ("artifactType", referrer.as_referrer()["artifactType"])
    assert entries(repo, subject.digest, kind) == [referrer.as_referrer()]


def test_a_filter_that_nothing_matches_is_applied(repo: Repository, subject: Manifest, make: Make) -> None:
    repo.publish(make.artifact(SBOM, subject=subject.descriptor()))
    answer = expect(repo.list_referrers(subject.digest, ("artifactType", "application/vnd.example.none")), 200)
    assert answer.json()["manifests"] == []
    assert answer.header("OCI-Filters-Applied") == "artifactType"


@pytest.mark.parametrize("kind", ["", "a b", "x" * 3000, "a/b\r\nX-Evil: 1", "é/ü", "%00", "'; DROP TABLE tag;--"])
def test_a_strange_filter_finds_nothing_and_breaks_nothing(
    repo: Repository, subject: Manifest, make: Make, kind: str
) -> None:
    referrer = repo.publish(make.artifact(SBOM, subject=subject.descriptor()))
    answer = expect(repo.list_referrers(subject.digest, ("artifactType", kind)), 200, 400)
    assert "x-evil" not in dict(answer.headers)
    if answer.status == 200:
        # An empty filter may count as none.
        assert digests(answer.json()["manifests"]) in ([], [referrer.digest] if not kind else [])


@pytest.mark.parametrize("digest", ["sha256:short", "latest", "md5:" + "0" * 32, "sha256:" + "Z" * 64])
def test_referrers_of_what_is_no_digest_are_refused(repo: Repository, subject: Manifest, digest: str) -> None:
    expect(repo.list_referrers(digest), 400, 404)


@pytest.mark.parametrize("is_filtered", [False, True])
def test_a_long_list_of_referrers_comes_in_pages(
    repo: Repository, subject: Manifest, make: Make, is_filtered: bool
) -> None:
    """Annotations are repeated in the list: 8 × 700 kB do not fit into one index of 4 MiB."""
    kinds = [SBOM] * 8 + [SIGNATURE]
    made = [
        make.artifact(kind, subject=subject.descriptor(), annotations={"number": str(number), "huge": "h" * 700_000})
        for number, kind in enumerate(kinds)
    ]
    for referrer in made:
        repo.publish(referrer)
    wanted = [one.digest for one in made if not is_filtered or one.content["artifactType"] == SBOM]
    params = [("artifactType", SBOM)] if is_filtered else []
    found = list(pages(repo, subject.digest, *params))
    assert len(found) > 1
    assert all((page.header("OCI-Filters-Applied") is not None) == is_filtered for page in found)
    listed = [entry for page in found for entry in page.json()["manifests"]]
    assert sorted(digests(listed)) == sorted(wanted)
    assert all(len(entry["annotations"]["huge"]) == 700_000 for entry in listed)


def fallback(repo: Repository, make: Make, subject: str, listed: list[Json]) -> Manifest:
    """The index that a client keeps under the tag `<alg>-<encoded>` where it finds no referrers API."""
    algorithm, _, encoded = subject.partition(":")
    index = make.manifest({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}, INDEX)
    expect(repo.put_manifest(f"{algorithm}-{encoded[:64]}", index), 201)
    return index


def test_a_fallback_tag_stays_an_ordinary_tag(repo: Repository, subject: Manifest, make: Make) -> None:
    sbom = repo.publish(make.artifact(SBOM, subject=subject.descriptor()))
    index = fallback(repo, make, subject.digest, [sbom.as_referrer()])
    tag = subject.digest.replace(":", "-")
    assert expect(repo.get_manifest(tag), 200).body == index.body
    assert tag in expect(repo.list_tags(), 200).json()["tags"]


def test_what_both_the_fallback_tag_and_the_registry_know_is_listed_once(
    repo: Repository, subject: Manifest, make: Make
) -> None:
    sbom = repo.publish(make.artifact(SBOM, subject=subject.descriptor(), annotations={"a": "1"}))
    fallback(repo, make, subject.digest, [sbom.as_referrer()])
    signature = repo.publish(make.artifact(SIGNATURE, subject=subject.descriptor()))
    found = entries(repo, subject.digest)
    assert sorted(digests(found)) == sorted([sbom.digest, signature.digest])
    assert sbom.as_referrer() in found


def test_what_a_kept_fallback_tag_lists_appears_among_the_referrers(
    repo: Repository, subject: Manifest, make: Make
) -> None:
    """Clients keep the tag where there was no referrers API; its entries are merged into the list."""
    kept = repo.publish(make.artifact(SBOM, annotations={"kept": "yes"}))
    fallback(repo, make, subject.digest, [kept.as_referrer()])
    own = repo.publish(make.artifact(SIGNATURE, subject=subject.descriptor()))
    found = entries(repo, subject.digest)
    assert sorted(digests(found)) == sorted([kept.digest, own.digest])
    assert kept.as_referrer() in found
    assert digests(entries(repo, subject.digest, ("artifactType", SBOM))) == [kept.digest]


def test_a_tag_that_only_looks_like_a_fallback_adds_nothing(repo: Repository, subject: Manifest, make: Make) -> None:
    """An image under that name is no index of referrers."""
    image = make.artifact(PLAIN, annotations={"n": make.name()})
    repo.publish(image, subject.digest.replace(":", "-"))
    assert entries(repo, subject.digest) == []


def test_a_deleted_fallback_tag_takes_its_entries_along(repo: Repository, subject: Manifest, make: Make) -> None:
    kept = repo.publish(make.artifact(SBOM, annotations={"kept": "yes"}))
    fallback(repo, make, subject.digest, [kept.as_referrer()])
    expect(repo.delete_manifest(subject.digest.replace(":", "-")), 202)
    assert entries(repo, subject.digest) == []
