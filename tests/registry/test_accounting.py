"""Accounting: what was pulled is in the database after a while, by repository, tag and day."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.registry.accounting import Accountant
from entrepot.registry.browse import show_repository
from entrepot.registry.counted_tables import pull_day, pull_total, push_day
from entrepot.registry.counting import measure_stores
from entrepot.registry.pulled import PullCounts
from entrepot.registry.quota_rules import OF_DOMAIN
from entrepot.registry.quotas import set_domain_quotas
from entrepot.registry.repositories import delete_repository
from entrepot.registry.room import Registry
from entrepot.registry.uploads import mount_blob
from entrepot.registry.usage import (
    REPORT_DAYS,
    Report,
    Usage,
    domain_usage,
    forget_pulls,
    show_overview,
    show_pulls,
    show_report,
    show_traffic,
)
from entrepot.values.errors import DatabaseBusy, RepositoryUnknown, Unauthenticated
from entrepot.values.names import RepositoryName
from tests.make.furnish import push_image, push_only
from tests.make.image import Blob, Image
from tests.make.looking import rows_in
from tests.make.rooms import Rooms
from tests.make.waiting import until

APP, WEB = RepositoryName("acme/app"), RepositoryName("acme/web")
TODAY = date(2026, 1, 1)


@pytest.fixture
async def admin(rooms: Rooms) -> Actor:
    await rooms.organization("acme")
    return rooms.admin


@pytest.fixture
def counts(registry: Registry) -> PullCounts:
    return registry.counts


@pytest.fixture
def accountant(registry: Registry) -> Accountant:
    return Accountant(registry)


async def pulls(registry: Registry, admin: Actor, path: RepositoryName = APP) -> dict[str, tuple[int, int]]:
    """Pulls and bytes by tag, today."""
    return {one.tag: (one.pulls, one.bytes) for one in await show_pulls(registry, admin, path)}


async def test_pulls_are_counted_by_repository_and_tag(
    registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    await push_image(registry, admin, WEB, Image.make(), "v1")

    for path, tag, times in ((APP, "v1", 2), (APP, "v2", 1), (WEB, "v1", 5)):
        for _ in range(times):
            counts.answered("GET", path, tag, "sha256:any")
    await accountant.keep()
    counts.answered("GET", APP, "v1", "sha256:any")
    await accountant.keep()

    assert await pulls(registry, admin) == {"v1": (3, 0), "v2": (1, 0)}
    assert (await show_repository(registry, admin, APP)).pulls == 4
    assert (await show_repository(registry, admin, WEB)).pulls == 5


async def test_a_pull_by_digest_counts_for_the_tag_that_was_asked_about_before(
    registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    await push_only(registry, admin, APP, image, "latest")
    digest = str(image.digest)

    counts.answered("HEAD", APP, "v1", digest)
    counts.answered("GET", APP, digest, digest)
    await accountant.keep()
    assert await pulls(registry, admin) == {"v1": (1, 0)}

    counts.answered("GET", APP, digest, digest)
    await accountant.keep()
    assert await pulls(registry, admin) == {"v1": (1, 0), "latest": (1, 0)}

    counts.answered("HEAD", APP, "v1", digest)
    await accountant.keep()
    assert await pulls(registry, admin) == {"v1": (1, 0), "latest": (1, 0)}


async def test_the_image_that_an_index_names_is_no_pull_of_its_own(
    registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    child, loose = Image.make(), Image.make()
    await push_image(registry, admin, APP, child)
    await push_image(registry, admin, APP, loose)
    await push_only(registry, admin, APP, index := Image.index(child), "v1")

    for image in (index, child, loose):
        counts.answered("GET", APP, str(image.digest), str(image.digest))
    await accountant.keep()

    assert await pulls(registry, admin) == {"v1": (1, 0), "": (1, 0)}


async def test_bytes_count_for_the_tag_that_was_pulled_lately_and_has_the_blob(
    registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    one, other = Image.make(), Image.make()
    await push_image(registry, admin, APP, one, "v1")
    await push_image(registry, admin, APP, other)
    await push_only(registry, admin, APP, Image.index(other), "v2")

    counts.answered("GET", APP, "v1", str(one.digest))
    counts.sent(APP, str(one.blobs[1].digest), 100)
    counts.sent(APP, str(other.blobs[1].digest), 7)
    await accountant.keep()
    counts.sent(APP, str(one.blobs[1].digest), 20)
    counts.answered("GET", APP, "v2", "sha256:any")
    await accountant.keep()
    counts.sent(APP, str(other.blobs[1].digest), 3)
    await accountant.keep()

    assert await pulls(registry, admin) == {"v1": (1, 120), "v2": (1, 10)}


async def test_bytes_count_for_a_tag_that_another_process_was_asked_for(registry: Registry, admin: Actor) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    asked, sending = (replace(registry, counts=PullCounts()) for _ in range(2))
    theirs, ours = Accountant(asked), Accountant(sending)

    sending.counts.sent(APP, str(image.blobs[1].digest), 20)
    await ours.keep()
    asked.counts.answered("GET", APP, "v1", str(image.digest))
    await theirs.keep()
    await ours.keep()
    sending.counts.sent(APP, str(image.blobs[1].digest), 1)
    await ours.keep()

    assert await pulls(registry, admin) == {"v1": (1, 21)}


async def test_bytes_that_no_tag_is_known_for_wait_once_and_not_beyond_the_end(
    registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")

    for size, is_last, expected in ((5, False, {}), (0, False, {"": (0, 5)}), (2, True, {"": (0, 7)})):
        counts.sent(APP, str(image.blobs[1].digest), size)
        await accountant.keep(is_last=is_last)
        assert await pulls(registry, admin) == expected


async def test_a_tag_that_was_pulled_long_ago_has_no_part_in_bytes(
    rooms: Rooms, registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    counts.answered("GET", APP, "v1", str(image.digest))
    await accountant.keep()
    rooms.clock.advance(minutes=11)

    counts.sent(APP, str(image.blobs[1].digest), 5)
    await accountant.keep(is_last=True)

    assert await pulls(registry, admin) == {"v1": (1, 0), "": (0, 5)}


async def test_what_is_gone_meanwhile_is_forgotten(
    rooms: Rooms, registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    counts.answered("GET", APP, "v1", str(image.digest))
    await accountant.keep()
    counts.answered("GET", APP, "v1", str(image.digest))
    counts.sent(APP, str(image.blobs[0].digest), 9)
    await delete_repository(registry, admin, APP)
    await accountant.keep()

    assert (await rows_in(rooms.db, pull_day), await rows_in(rooms.db, pull_total)) == (0, 0)
    assert (await show_report(registry, admin, Report.DOWNFLOW))[-1] == (TODAY, 0)


async def test_several_processes_add_up(rooms: Rooms, registry: Registry, admin: Actor) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    processes = [replace(registry, counts=PullCounts()) for _ in range(5)]

    for one in processes:
        one.counts.answered("GET", APP, "v1", str(image.digest))
        one.counts.sent(APP, str(image.blobs[1].digest), 10)
    await asyncio.gather(*(Accountant(one).keep() for one in processes))

    assert await pulls(registry, admin) == {"v1": (5, 50)}


async def test_what_cannot_be_written_is_kept_for_the_next_time(
    registry: Registry, admin: Actor, counts: PullCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy:
        def writing(self) -> None:
            raise DatabaseBusy

        reading = writing

    await push_image(registry, admin, APP, image := Image.make(), "v1")
    counts.answered("GET", APP, "v1", str(image.digest))
    counts.sent(APP, str(image.blobs[0].digest), 9)

    await Accountant(replace(registry, db=Busy())).keep()  # type: ignore[arg-type]  # all that is needed
    assert len(counts) == 2
    await Accountant(registry).keep()

    assert await pulls(registry, admin) == {"v1": (1, 9)}
    assert len(counts) == 0


async def test_the_rest_is_written_at_the_end_and_nothing_when_nothing_was_pulled(
    registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    running = asyncio.create_task(accountant.run())
    counts.answered("GET", APP, "v1", "sha256:any")
    await asyncio.sleep(0)
    assert len(counts) == 1

    accountant.stop()
    await running

    assert await pulls(registry, admin) == {"v1": (1, 0)}


async def test_pulls_are_written_every_so_often(registry: Registry, admin: Actor) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    quick = replace(registry, settings=replace(registry.settings, accounting_seconds=1))
    accountant = Accountant(quick)
    running = asyncio.create_task(accountant.run())
    quick.counts.answered("GET", APP, "v1", "sha256:any")

    await until(lambda: len(quick.counts) == 0)
    accountant.stop()
    await running

    assert await pulls(registry, admin) == {"v1": (1, 0)}


async def test_the_reports_have_a_value_for_each_of_thirty_days(
    rooms: Rooms, registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    size = sum(len(blob.content) for blob in image.blobs)
    counts.sent(APP, str(image.blobs[0].digest), 70)
    await accountant.keep(is_last=True)
    assert await measure_stores(registry) == 1
    rooms.clock.advance(days=2)
    counts.sent(APP, str(image.blobs[0].digest), 5)
    await accountant.keep(is_last=True)
    await rooms.push_blob(WEB, Blob(b"more"))

    down = await show_report(registry, admin, Report.DOWNFLOW)
    store = await show_report(registry, admin, Report.STORE)

    assert [day for day, _ in down] == [TODAY + timedelta(days=number) for number in range(3 - REPORT_DAYS, 3)]
    assert [value for _, value in down[-4:]] == [0, 70, 0, 5]
    assert [value for _, value in store[-4:]] == [0, size, size, size + 4]
    with pytest.raises(Unauthenticated):
        await show_report(registry, ANONYMOUS, Report.STORE)


async def test_pushes_are_counted_by_repository_domain_and_day(
    rooms: Rooms, registry: Registry, admin: Actor, accountant: Accountant
) -> None:
    image = Image.make(layers=2)
    size = sum(len(blob.content) for blob in image.blobs)
    await push_image(registry, admin, APP, image, "v1")
    await push_only(registry, admin, APP, image, "v2")
    await push_only(registry, admin, APP, image)  # by its digest: as the parts of an index come
    await mount_blob(registry, admin, WEB, image.blobs[0].digest, APP)
    await push_image(registry, admin, WEB, image, "v1")  # its bytes came again
    await accountant.keep()
    await accountant.keep()
    rooms.clock.advance(days=1)
    await push_image(registry, admin, APP, other := Image.make(), "v3")
    await accountant.keep()
    more = sum(len(blob.content) for blob in other.blobs)

    app, web = await show_traffic(registry, admin, APP), await show_traffic(registry, admin, WEB)
    days = (await show_overview(registry, admin)).days

    assert [(one.pushes, one.pushed_bytes) for one in app[-3:]] == [(0, 0), (2, size), (1, more)]
    assert [(one.pushes, one.pushed_bytes) for one in web[-3:]] == [(0, 0), (1, size), (0, 0)]
    assert [(one.day, one.pushes, one.pushed_bytes) for one in days[-2:]] == [
        (TODAY, 3, 2 * size),
        (TODAY + timedelta(days=1), 1, more),
    ]
    assert [value for _, value in (await show_report(registry, admin, Report.UPFLOW))[-2:]] == [2 * size, more]


async def test_pulls_and_pushes_of_one_day_stand_beside_each_other(
    registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    counts.answered("GET", APP, "v1", "sha256:any")
    counts.sent(APP, str(image.blobs[0].digest), 70)
    await accountant.keep()

    today = (await show_traffic(registry, admin, APP))[-1]

    size = sum(len(blob.content) for blob in image.blobs)
    assert (today.pulls, today.pulled_bytes, today.pushes, today.pushed_bytes) == (1, 70, 1, size)


async def test_what_was_pushed_to_what_is_gone_is_left_out(
    rooms: Rooms, registry: Registry, admin: Actor, accountant: Accountant
) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    await delete_repository(registry, admin, APP)

    await accountant.keep()

    assert (await rows_in(rooms.db, push_day), len(registry.pushes)) == (0, 0)


async def test_usage_is_the_same_with_and_without_limits(
    rooms: Rooms, registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, image := Image.make(), "v1")
    await mount_blob(registry, admin, WEB, image.blobs[0].digest, APP)
    counts.sent(APP, str(image.blobs[0].digest), 70)
    await accountant.keep(is_last=True)
    wanted = Usage(1, 2, 1, sum(len(blob.content) for blob in image.blobs), 70)

    async with rooms.db.reading() as tx:
        assert await domain_usage(tx, admin.domain_id) == wanted
    await set_domain_quotas(registry, admin, "default", dict.fromkeys(OF_DOMAIN, 10_000))
    async with rooms.db.reading() as tx:
        assert await domain_usage(tx, admin.domain_id) == wanted


async def test_old_days_are_forgotten_and_totals_stay(
    rooms: Rooms, registry: Registry, admin: Actor, accountant: Accountant, counts: PullCounts
) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    counts.answered("GET", APP, "v1", "sha256:any")
    await accountant.keep()

    rooms.clock.advance(days=registry.settings.accounting_days)
    assert await forget_pulls(registry) == 0
    rooms.clock.advance(days=1)
    assert await forget_pulls(registry) == 3, "a day of pulls, one of pushes, and who pulled last"
    assert (await show_repository(registry, admin, APP)).pulls == 1


async def test_who_may_not_read_a_repository_learns_nothing_of_its_pulls(
    rooms: Rooms, registry: Registry, admin: Actor
) -> None:
    await push_image(registry, admin, APP, Image.make(), "v1")
    stranger = await rooms.user("stranger")

    with pytest.raises(RepositoryUnknown):
        await show_pulls(registry, stranger, APP)
