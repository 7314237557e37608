"""Lists that page by key: pages put together are the whole, sorted, nothing twice, on every database."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from entrepot.access.levels import Level
from entrepot.access.tables import grant
from entrepot.registry import lists
from entrepot.registry.lists import Page, list_catalog, list_referrers, list_tags
from entrepot.registry.queries import names
from entrepot.registry.room import Registry
from entrepot.registry.tables import tag
from entrepot.values.digest import Digest
from entrepot.values.names import RepositoryName
from entrepot.values.reference import fallback_tag
from tests.make.cast import Cast
from tests.make.fresh import KINDS, fresh_url
from tests.make.furnish import push_image
from tests.make.image import Image
from tests.make.rooms import Rooms, open_rooms

# Where orders of words and of bytes disagree: case, punctuation, what is a prefix of what.
TAGS = st.lists(st.from_regex(r"[aAbBzZ09_][aAbB0._-]{0,3}", fullmatch=True), max_size=25, unique=True)
REPOSITORIES = st.lists(
    st.from_regex(r"(lab|lab-x|lab0|lab\.x|other)/[ab0](?:[._/-][ab0]){0,2}", fullmatch=True), max_size=25, unique=True
)


async def all_pages(page: Callable[[str], Awaitable[Page]], limit: int) -> list[str]:
    """Follow the list to its end, as a client does."""
    found, after = list[str](), ""
    while True:
        one = await page(after)
        assert len(one.items) <= limit
        found += one.items
        if one.is_last or not one.items:
            return found
        assert len(one.items) == limit
        after = one.items[-1]


def drawn(count: int, what: st.SearchStrategy[list[str]]) -> list[tuple[list[str], int]]:
    """Examples with a page size, drawn beforehand: hypothesis does not run coroutines."""
    examples: list[tuple[list[str], int]] = []

    @settings(max_examples=count, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(what, st.integers(1, 7))
    def draw(names: list[str], limit: int) -> None:
        examples.append((names, limit))

    draw()
    return examples


@pytest.mark.parametrize("kind", KINDS)
async def test_pages_of_tags_are_the_sorted_whole(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    async with open_rooms(tmp_path, fresh_url(request, kind)) as rooms:
        registry, admin = rooms.registry, rooms.admin
        await rooms.organization("acme")
        for number, (tags, limit) in enumerate(drawn(15, TAGS)):
            path = await rooms.repository(f"acme/r{number}")
            async with rooms.db.writing() as tx:
                row = await names.repository_by_path(tx, path)
                assert row is not None
                now, digest = rooms.clock.now(), str(Digest.of(b""))
                made = {
                    "repository_id": row.id,
                    "digest": digest,
                    "valid_from": now,
                    "pushed_at": now,
                    "pushed_by": "*",
                }
                await tx.run(insert(tag), [{**made, "name": one, "valid_until": None} for one in tags])
                await tx.run(insert(tag), [{**made, "name": one, "valid_until": now} for one in [*tags, "gone"]])

            async def page(after: str, path: RepositoryName = path, limit: int = limit) -> Page:
                return await list_tags(registry, admin, path, after, limit)

            assert await all_pages(page, limit) == sorted(tags)
            for after in ("", "A", "b.", "~", "gone"):
                assert (await list_tags(registry, admin, path, after, 100)).items == sorted(
                    one for one in tags if one > after
                )


@pytest.mark.parametrize("kind", KINDS)
async def test_pages_of_the_catalog_are_the_sorted_whole_of_what_one_may_read(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    for number, (paths, limit) in enumerate(drawn(5, REPOSITORIES)):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with open_rooms(folder, fresh_url(request, kind)) as rooms:
            reader = await rooms.user("reader")
            organizations = {path.partition("/")[0] for path in paths}
            for organization in sorted(organizations):
                await rooms.organization(organization)
            readable = [path for path in paths if path.startswith("lab/") or path.endswith("a")]
            async with rooms.db.writing() as tx:
                now = rooms.clock.now()
                for path in paths:
                    owner = await names.organization_by_name(tx, path.partition("/")[0])
                    assert owner is not None
                    await names.save_repository(tx, owner.id, path, "other", "", rooms.admin.id, now)
                by = {"level": Level.READ, "created_at": now, "created_by": "*"}
                scopes = [*readable, *({"lab"} & organizations)]
                await tx.run(insert(grant), [{**by, "scope": scope, "subject": reader.subject} for scope in scopes])

            for actor, expected in ((rooms.admin, paths), (reader, readable)):

                async def page(after: str, actor=actor, rooms: Rooms = rooms, limit: int = limit) -> Page:
                    return await list_catalog(rooms.registry, actor, after, limit)

                assert await all_pages(page, limit) == sorted(expected)


async def test_an_empty_page_asked_for_says_whether_there_is_more(cast: Cast, registry: Registry) -> None:
    assert await list_tags(registry, cast["admin"], RepositoryName("acme/app"), "", 0) == Page([], is_last=False)
    assert await list_tags(registry, cast["admin"], RepositoryName("acme/app"), "v1", 0) == Page([], is_last=True)


APP = RepositoryName("acme/app")


async def followed(registry: Registry, cast: Cast, subject: Digest, artifact_type: str | None = None) -> list[str]:
    found, after = list[str](), ""
    while True:
        page = await list_referrers(registry, cast["reader"], APP, subject, artifact_type, after)
        found += [one["digest"] for one in page.descriptors]
        if page.after is None:
            return found
        after = page.after


async def test_pages_of_referrers_are_the_whole_and_filters_hold(
    cast: Cast, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    sbom, signature = "application/vnd.x.sbom", "application/vnd.x.signature"
    made: dict[str, list[str]] = {sbom: [], signature: []}
    for number in range(9):
        artifact_type = (sbom, signature)[number % 2]
        image = Image.make(0, subject=cast.image, artifactType=artifact_type, annotations={"n": "ü" * number})
        await push_image(registry, cast["editor"], APP, image)
        made[artifact_type].append(str(image.digest))
    # Another subject, another repository: not in the list.
    await push_image(registry, cast["editor"], APP, Image.make(subject=Image.make()))
    await push_image(registry, cast["admin"], "acme/open", Image.make(subject=cast.image))

    for limit in (1, 2, 8, 9, 10):
        paging = replace(registry, settings=replace(registry.settings, referrers_page_max=limit))
        assert await followed(paging, cast, cast.image.digest) == sorted(made[sbom] + made[signature])
        assert await followed(paging, cast, cast.image.digest, sbom) == sorted(made[sbom])
        assert await followed(paging, cast, cast.image.digest, "text/none") == []
    monkeypatch.setattr(lists, "REFERRERS_BYTES_MAX", 700)
    assert await followed(registry, cast, cast.image.digest) == sorted(made[sbom] + made[signature])


async def test_a_referrer_shows_its_type_and_annotations(cast: Cast, registry: Registry) -> None:
    by_config = Image.make(subject=cast.image, annotations={"a": "b"})
    index = Image.index(cast.image, subject=cast.image, artifactType="application/vnd.x")
    for image in (by_config, index):
        await push_image(registry, cast["editor"], APP, image)

    page = await list_referrers(registry, cast["reader"], APP, cast.image.digest, None, "")

    shown = {one["digest"]: one for one in page.descriptors}
    assert shown[str(by_config.digest)] == {
        "mediaType": by_config.media_type,
        "digest": str(by_config.digest),
        "size": len(by_config.body),
        "artifactType": "application/vnd.oci.image.config.v1+json",
        "annotations": {"a": "b"},
    }
    assert shown[str(index.digest)]["artifactType"] == "application/vnd.x"
    assert "annotations" not in shown[str(index.digest)]


async def test_a_fallback_list_is_merged_and_names_nothing_twice(cast: Cast, registry: Registry) -> None:
    """What clients without the referrers API keep under a tag (specification, referrers tag schema)."""
    known = Image.make(subject=cast.image)
    old = Image.make()  # pushed by a client that kept the list itself
    for image in (known, old):
        await push_image(registry, cast["editor"], APP, image)
    await push_image(registry, cast["editor"], APP, Image.index(known, old), fallback_tag(cast.image.digest))

    for limit in (1, 10):
        paging = replace(registry, settings=replace(registry.settings, referrers_page_max=limit))
        assert sorted(await followed(paging, cast, cast.image.digest)) == sorted([str(known.digest), str(old.digest)])


async def test_nothing_refers_to_what_is_not_there(cast: Cast, registry: Registry) -> None:
    assert await followed(registry, cast, Digest.of(b"?")) == []
    page = await list_referrers(registry, cast["admin"], RepositoryName("acme/none"), Digest.of(b"?"), None, "")
    assert (page.descriptors, page.after) == ([], None)
