"""Tags are intervals: what a tag pointed at, and when, stays known."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.registry.push import push_manifest
from entrepot.registry.remove import delete_manifest, delete_tag
from entrepot.registry.repositories import create_repository
from entrepot.registry.room import Registry
from entrepot.values.errors import ManifestUnknown
from entrepot.values.media_types import OCI_INDEX
from entrepot.values.names import RepositoryName, TagName
from tests.make.cast import Cast
from tests.make.fresh import KINDS, fresh_url
from tests.make.furnish import push_only
from tests.make.image import Image
from tests.make.looking import tag_rows
from tests.make.rooms import Rooms, open_rooms

APP = RepositoryName("acme/app")


async def test_a_move_closes_the_open_row_and_opens_the_next(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    start = rooms.clock.now()
    rooms.clock.advance(seconds=7)
    moved = rooms.clock.now()
    newer = await rooms.push(APP, "v1")
    rooms.clock.advance(seconds=7)

    await delete_tag(registry, cast["manager"], APP, TagName("v1"))

    rows = await tag_rows(rooms.db, APP, "v1")
    assert [(row.digest, row.valid_from, row.valid_until) for row in rows] == [
        (str(cast.image.digest), start, moved),
        (str(newer.digest), moved, rooms.clock.now()),
    ]


async def test_a_row_says_who_moved_the_tag(rooms: Rooms, cast: Cast, registry: Registry) -> None:
    await push_only(registry, cast["editor"], APP, cast.image, "v2")

    rows = await tag_rows(rooms.db, APP)

    assert [(row.name, row.pushed_by) for row in rows] == [
        ("v1", cast["admin"].subject),
        ("v2", cast["editor"].subject),
    ]


async def test_a_deleted_manifest_closes_its_tags_and_they_can_be_made_again(
    rooms: Rooms, cast: Cast, registry: Registry
) -> None:
    await push_only(registry, cast["editor"], APP, cast.image, "v2")
    rooms.clock.advance(seconds=7)

    await delete_manifest(registry, cast["manager"], APP, cast.image.digest)
    await rooms.push(APP, "v1")

    rows = await tag_rows(rooms.db, APP)
    assert [(row.name, row.valid_until is None) for row in rows] == [("v1", False), ("v2", False), ("v1", True)]


# A step: which tag, and to which of three manifests; None deletes the tag, "manifest" deletes the manifest.
STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "B", "a.b"]), st.sampled_from([0, 1, 2, None, "manifest"]), st.integers(0, 2)),
    max_size=14,
)
IMAGES = [Image.index(annotations={"number": str(number)}) for number in range(3)]


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_happens_to_tags_their_history_has_no_holes_and_one_present(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    async with open_rooms(tmp_path, fresh_url(request, kind)) as rooms:
        await rooms.organization("acme")
        for number, steps in enumerate(_examples(25 if kind == "sqlite" else 8)):
            await _play(rooms, RepositoryName(f"acme/r{number}"), steps)


def _examples(count: int) -> list[list[tuple[str, int | str | None, int]]]:
    """Drawn beforehand: hypothesis does not run coroutines."""
    drawn: list[list[tuple[str, int | str | None, int]]] = []

    @settings(max_examples=count, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(STEPS)
    def draw(steps: list[tuple[str, int | str | None, int]]) -> None:
        drawn.append(steps)

    draw()
    return drawn


async def _play(rooms: Rooms, path: RepositoryName, steps: list[tuple[str, int | str | None, int]]) -> None:
    registry, admin = rooms.registry, rooms.admin
    await create_repository(registry, admin, path, is_public=False)
    present: dict[str, str] = {}
    for tag, what, which in steps:
        rooms.clock.advance(seconds=which)  # sometimes nothing: two moves in one moment
        try:
            match what:
                case None:
                    await delete_tag(registry, admin, path, TagName(tag))
                    del present[tag]
                case "manifest":
                    digest = IMAGES[which].digest
                    await delete_manifest(registry, admin, path, digest)
                    present = {name: at for name, at in present.items() if at != str(digest)}
                case int():
                    await push_manifest(registry, admin, path, TagName(tag), IMAGES[what].body, OCI_INDEX)
                    present[tag] = str(IMAGES[what].digest)
        except ManifestUnknown:
            assert tag not in present or what == "manifest"
        rows = await tag_rows(rooms.db, path)
        assert {row.name: row.digest for row in rows if row.valid_until is None} == present
        for name in {row.name for row in rows}:
            own = [row for row in rows if row.name == name]
            assert sum(row.valid_until is None for row in own) <= 1
            assert all(row.valid_until is not None for row in own[:-1])
            for earlier, later in itertools.pairwise(own):
                assert earlier.valid_from <= earlier.valid_until <= later.valid_from
