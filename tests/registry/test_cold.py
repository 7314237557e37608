"""Cold images: what nobody pulled for long, for who manages it, on both databases."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.levels import Level
from entrepot.registry import cold, counting
from entrepot.registry.accounting import Accountant
from entrepot.registry.cold import idle_since, list_cold_images, parse_days
from entrepot.registry.counting import Storage, measure_stores
from entrepot.registry.last_pulls import LastPull
from entrepot.registry.organizations import create_organization
from entrepot.registry.repositories import change_repository
from entrepot.registry.usage import forget_pulls
from entrepot.values.errors import AccessDenied, ParameterInvalid, Unauthenticated
from entrepot.values.names import OrganizationName, RepositoryName
from tests.make.furnish import push_image
from tests.make.image import Blob, Image
from tests.make.rooms import Rooms

PATHS = ("acme/a", "acme/b", "acme/b/c", "acme2/a", "lab/a")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
OLDER, OLDEST = NOW - timedelta(days=1), NOW - timedelta(days=2)


@pytest.fixture
async def image(rooms: Rooms) -> Image:
    """Pushed to five repositories; its layer is held by all of them."""
    for name in ("acme", "acme2", "lab"):
        await rooms.organization(name)
    image = Image.make()
    for path in PATHS:
        await rooms.push(path, "v1", image)
    return image


async def pull(rooms: Rooms, path: str, by: Actor) -> None:
    rooms.registry.counts.answered("GET", path, "v1", "sha256:any", by.id)
    await Accountant(rooms.registry).keep()


async def found(rooms: Rooms, actor: Actor, days: int = 90, organization: str = "") -> Sequence[str]:
    wanted = OrganizationName(organization) if organization else None
    page = await list_cold_images(rooms.registry, actor, days, wanted, limit=100)
    assert page.following is None
    return [one.path for one in page.items]


@pytest.mark.parametrize(
    ("pulled_at", "was_pulled", "since"),
    [(OLDER, True, OLDER), (OLDEST, True, OLDEST), (None, False, NOW), (None, True, OLDEST)],
)
def test_an_image_is_idle_since_its_last_pull_or_its_last_change(
    pulled_at: datetime | None, was_pulled: bool, since: datetime
) -> None:
    assert idle_since(pulled_at, was_pulled, updated_at=NOW, forgotten_before=OLDEST) == since


@pytest.mark.parametrize("text", ["", "0", "-1", "3651", "99999", "1.5", "ten", "¹", "+3"])
def test_days_are_a_number_within_bounds(text: str) -> None:
    assert (parse_days("1"), parse_days("3650")) == (1, 3_650)
    with pytest.raises(ParameterInvalid):
        parse_days(text)


async def test_what_nobody_pulled_is_found_with_what_it_would_free(rooms: Rooms, image: Image) -> None:
    ann = await rooms.user("ann")
    common = sum(len(blob.content) for blob in image.blobs)
    own = Image.make(holding=[Blob(b"a layer of its own")])
    await rooms.push("acme/a", "v2", own)
    pushed = rooms.clock.now()
    await pull(rooms, "acme/a", ann)
    rooms.clock.advance(days=60)
    for path in ("acme/b", "lab/a"):
        await pull(rooms, path, rooms.admin)
    assert await found(rooms, rooms.admin, 60) == [], "not longer than 60 days"
    rooms.clock.advance(days=31)
    await rooms.push("acme/b/c", "v2")  # was never pulled, and changed just now

    page = await list_cold_images(rooms.registry, rooms.admin, 90)

    size = sum(len(blob.content) for blob in own.blobs)
    assert page.items == [
        cold.ColdImage(
            RepositoryName("acme/a"), pushed, LastPull(pushed, "ann"), 1, pushed, 2, Storage(common + size, size)
        ),
        cold.ColdImage(RepositoryName("acme2/a"), pushed, None, 0, pushed, 1, Storage(common, 0)),
    ]
    assert (page.following, page.freed_bytes) == (None, size)
    assert await found(rooms, rooms.admin, 30) == ["acme/a", "acme/b", "acme2/a", "lab/a"]
    assert await found(rooms, rooms.admin, 30, "acme") == ["acme/a", "acme/b"]
    assert await found(rooms, rooms.admin, 30, "nobodys") == []


async def test_everybody_is_told_of_what_they_manage(rooms: Rooms, image: Image) -> None:
    for name, scope, level in (
        ("reader", "acme", Level.READ),
        ("editor", "acme", Level.EDIT),
        ("owner", "acme", Level.MANAGE),
        ("mixed", "acme/b", Level.MANAGE),
    ):
        await rooms.user(name)
        await rooms.grant(scope, name, level)
    await rooms.grant("acme2", "mixed", Level.EDIT)
    await rooms.publish(RepositoryName("lab/a"))
    await rooms.domain("guests")
    boss = await rooms.sign_in("guests/boss")
    await create_organization(rooms.registry, boss, OrganizationName("theirs"))
    await push_image(rooms.registry, boss, "theirs/app", image, "v1")
    rooms.clock.advance(days=91)

    told = {name: await found(rooms, await rooms.sign_in(name)) for name in ("reader", "editor", "owner", "mixed")}

    assert told == {"reader": [], "editor": [], "owner": ["acme/a", "acme/b", "acme/b/c"], "mixed": ["acme/b"]}
    assert await found(rooms, rooms.admin) == sorted(PATHS)
    assert await found(rooms, boss) == ["theirs/app"]
    bounds = (Bound("acme/b*", Level.MANAGE), Bound("lab/*", Level.EDIT))
    assert await found(rooms, replace(rooms.admin, bounds=bounds)) == ["acme/b", "acme/b/c"]
    with pytest.raises(Unauthenticated):
        await found(rooms, ANONYMOUS)
    with pytest.raises(AccessDenied):
        await found(rooms, Actor(id="1", name="x", limits={}))


async def test_pages_are_the_whole_however_little_each_looks_at(
    rooms: Rooms, image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms.clock.advance(days=91)
    await pull(rooms, "acme/b", rooms.admin)
    await pull(rooms, "acme/a", rooms.admin)

    for limit, looked, pages_least in ((1, 1, 5), (5, 1, 5), (1, 2, 3), (2, 2, 3), (1, 500, 3), (3, 500, 1)):
        monkeypatch.setattr(cold, "_STRETCH", looked)
        monkeypatch.setattr(cold, "_LOOKED_MAX", looked)
        paths, marker, pages = list[str](), "", 0
        while pages == 0 or marker:
            page = await list_cold_images(rooms.registry, rooms.admin, 90, None, marker, limit)
            assert len(page.items) <= limit
            assert page.following is None or page.following > marker
            paths += [one.path for one in page.items]
            marker, pages = page.following or "", pages + 1
        assert (paths, pages >= pages_least) == (["acme/b/c", "acme2/a", "lab/a"], True)
    with pytest.raises(ParameterInvalid):
        await list_cold_images(rooms.registry, rooms.admin, 90, None, "a marker of another list")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_forgotten_pull_is_as_old_as_pulls_are_remembered(rooms: Rooms, image: Image) -> None:
    registry = replace(rooms.registry, settings=replace(rooms.registry.settings, accounting_days=40))
    await pull(rooms, "acme/a", rooms.admin)
    rooms.clock.advance(days=45)
    await forget_pulls(registry)
    await rooms.push("acme/a", "v2")

    for days, expected in ((39, ["acme/a"]), (40, [])):
        page = await list_cold_images(registry, rooms.admin, days)
        assert all(one.last_pull is None for one in page.items)
        never = dict.fromkeys(set(PATHS) - {"acme/a"}, 0)
        assert {one.path: one.pulls for one in page.items} == never | dict.fromkeys(expected, 1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_change_of_what_was_never_pulled_is_a_beginning(rooms: Rooms, image: Image) -> None:
    rooms.clock.advance(days=91)
    await change_repository(rooms.registry, rooms.admin, RepositoryName("lab/a"), description="Still wanted.")

    assert "lab/a" not in await found(rooms, rooms.admin)
    assert await found(rooms, rooms.admin, 30, "lab") == []
    rooms.clock.advance(days=31)
    page = await list_cold_images(rooms.registry, rooms.admin, 30, OrganizationName("lab"))
    assert page.items[0].pushed_at == page.items[0].idle_since - timedelta(days=91)


async def test_much_is_told_as_it_was_measured(rooms: Rooms, image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "LINKS_MANY", len(image.blobs))
    more = await rooms.push("acme/a", "v2")
    await rooms.repository("lab/empty")
    rooms.clock.advance(days=91)

    async def told() -> dict[str, Storage]:
        page = await list_cold_images(rooms.registry, rooms.admin, 90)
        return {one.path: one.storage for one in page.items}

    common, own = (sum(len(blob.content) for blob in one.blobs) for one in (image, more))
    before = await told()
    await measure_stores(rooms.registry)
    then = rooms.clock.now()

    assert (before["acme/a"], before["lab/empty"]) == (Storage(common + own, None), Storage(0, 0))
    assert (await told())["acme/a"] == Storage(common + own, own, then)
