"""Lists of repositories that go on by key: pages put together are the whole in order, for whoever asks."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.access.levels import Level
from entrepot.accounts.initial_password import FIRST_ADMIN
from entrepot.registry.browse import list_repositories_from, show_image
from entrepot.registry.queries import browse
from entrepot.registry.room import Registry
from entrepot.registry.wanted import WalkOrder, WantedRepositories
from entrepot.values.errors import AccessDenied, ParameterInvalid, RepositoryUnknown
from entrepot.values.names import RepositoryName
from tests.doors.manage.test_plans import LARGE, MEMBER, furnish
from tests.make.cast import Cast
from tests.make.fresh import KINDS, fresh_url
from tests.make.plans import asked, scans
from tests.make.rooms import Rooms, open_rooms

ALL = WantedRepositories()
PATHS = ("acme/app", "acme/open", "zoo/app", "zoo/b", "beta/app", "beta/z/a")


async def walked(
    registry: Registry, actor: Actor, wanted: WantedRepositories, order: WalkOrder, descending: bool, limit: int
) -> Sequence[str]:
    """All pages, one after the other."""
    found, marker = list[str](), ""
    while True:
        page, following = await list_repositories_from(registry, actor, wanted, order, descending, marker, limit)
        assert len(page) <= limit
        found += [one.repository.path for one in page]
        if following is None:
            return found
        marker = following


@pytest.fixture
async def furnished(rooms: Rooms, cast: Cast) -> Cast:
    """More repositories, two of them made at the same moment."""
    await rooms.organization("zoo")
    await rooms.organization("beta")
    for number, path in enumerate(PATHS[2:]):
        rooms.clock.advance(seconds=number % 2)
        await rooms.repository(path, is_public=path == "zoo/b", category="database" if "/b" in path else "other")
    return cast


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", list(WalkOrder))
@pytest.mark.parametrize("limit", [1, 4, 50])
async def test_pages_are_the_whole_in_order(
    registry: Registry, furnished: Cast, order: WalkOrder, descending: bool, limit: int
):
    everything = [await show_image(registry, furnished["admin"], RepositoryName(path)) for path in PATHS]
    keys = {
        WalkOrder.UPDATED: lambda one: (one.updated_at, one.path),
        WalkOrder.NAME: lambda one: (one.path.name, one.path),
        WalkOrder.PATH: lambda one: one.path,
    }
    expected = sorted((one.repository for one, _level in everything), key=keys[order], reverse=descending)

    found = await walked(registry, furnished["admin"], ALL, order, descending, limit)

    assert found == [one.path for one in expected]


async def test_everybody_walks_what_they_may_read(registry: Registry, furnished: Cast):
    for who, expected in (
        (ANONYMOUS, ["acme/open", "zoo/b"]),
        (furnished["stranger"], ["acme/open", "zoo/b"]),
        (furnished["reader"], ["acme/app", "acme/open", "zoo/b"]),
    ):
        assert await walked(registry, who, ALL, WalkOrder.PATH, False, 1) == expected
    databases = WantedRepositories(name_part="B", category="database", is_public=True)
    assert await walked(registry, furnished["admin"], databases, WalkOrder.NAME, True, 1) == ["zoo/b"]


@pytest.mark.parametrize(
    "marker", ["acme/app", "2025-01-01T00:00:00+00:00", "2025-01-01T00:00:00 acme/app", "x acme/app", " "]
)
async def test_a_marker_of_another_list_is_refused(registry: Registry, cast: Cast, marker: str):  # fmt: skip
    with pytest.raises(ParameterInvalid):
        await list_repositories_from(registry, cast["admin"], ALL, WalkOrder.UPDATED, True, marker, 5)
    if " " in marker:
        with pytest.raises(ParameterInvalid):
            await list_repositories_from(registry, cast["admin"], ALL, WalkOrder.NAME, True, marker, 5)


async def test_a_page_about_an_image_knows_the_level_of_its_visitor(registry: Registry, cast: Cast):
    path = RepositoryName("acme/app")
    levels = {who: (await show_image(registry, cast[who], path))[1] for who in ("reader", "editor", "manager")}
    assert levels == {"reader": Level.READ, "editor": Level.EDIT, "manager": Level.MANAGE}
    with pytest.raises(RepositoryUnknown):
        await show_image(registry, cast["stranger"], path)


@pytest.mark.parametrize("kind", KINDS)
async def test_no_walk_reads_a_large_table_whole(request: pytest.FixtureRequest, tmp_path: Path, kind: str):
    url = fresh_url(request, kind)
    async with open_rooms(tmp_path, url) as rooms:
        await rooms.user(MEMBER)
        furnish(url)
        for name in (FIRST_ADMIN, MEMBER):
            actor = await rooms.sign_in(name)
            for order in WalkOrder:
                first, marker = await list_repositories_from(rooms.registry, actor, ALL, order, True, "", 50)
                assert len(first) == 50
                assert marker
                with asked() as questions:
                    await list_repositories_from(rooms.registry, actor, ALL, order, True, marker, 50)
                found = [one for one in scans(url, questions) if one.partition(":")[0] in LARGE]
                assert found == [], f"{order} as {name}"


async def test_a_registry_token_walks_nothing(registry: Registry, cast: Cast):
    limited = Actor(id="1", name="x", limits={})
    with pytest.raises(AccessDenied):
        await list_repositories_from(registry, limited, ALL, WalkOrder.PATH, False, "", 5)
    assert set(browse.WALKS) == set(WalkOrder)
