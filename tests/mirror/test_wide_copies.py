"""Rules of our own are carried out: in both directions, to several regions, by filters and times, with deletions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from entrepot.mirror import surveyor
from entrepot.mirror.copies import Copy, list_all_copies
from entrepot.mirror.queries import copies as copy_queries
from entrepot.mirror.queries import wide
from entrepot.mirror.regions import create_region
from entrepot.mirror.room import Mirror
from entrepot.mirror.settings import MirrorSettings
from entrepot.mirror.sync import Destination, request_copies
from entrepot.mirror.upstreams import Upstream, create_mirror
from entrepot.mirror.wanting import Wanted, let_wait
from entrepot.mirror.wide_rules import WideRule
from entrepot.mirror.wide_sync import LastRun, change_wide_rule, create_wide_rule, run_wide_rule, show_wide_rule
from entrepot.registry.pull import find_manifest
from entrepot.registry.queries import names
from entrepot.registry.remove import delete_tag
from entrepot.registry.renaming import rename_repository
from entrepot.registry.repositories import delete_repository
from entrepot.values.accept import Accept
from entrepot.values.errors import ManifestUnknown, RepositoryUnknown
from entrepot.values.names import OrganizationName, RegionName, RepositoryName, SyncRuleName, TagName
from tests.make.cast import Cast
from tests.make.image import Blob, Image
from tests.make.looking import events_after, last_event
from tests.make.waiting import until
from tests.mirror.region import Region, running_region
from tests.mirror.test_copier import copying, impatient

APP = RepositoryName("acme/app")
RULE = SyncRuleName("nightly")
NORTH, SOUTH = RegionName("north-1"), RegionName("south-1")
EVERY = 3_600
WANTED = {"direction": "push", "regions": [NORTH]}


@pytest.fixture
def region() -> Iterator[Region]:
    with running_region() as region:
        yield region


@pytest.fixture
def other_region() -> Iterator[Region]:
    with running_region() as region:
        yield region


@pytest.fixture
async def mirror(cast: Cast, region: Region) -> Mirror:
    settings = MirrorSettings(sync_attempts=3, sync_retry_seconds=60, idle_poll_seconds=0.05)
    mirror = replace(cast.rooms.mirror, settings=settings)
    await create_region(mirror, cast["admin"], NORTH, region.url)
    return mirror


async def rule(cast: Cast, mirror: Mirror, direction: str = "push", **given: Any) -> None:
    cast.rooms.clock.advance(seconds=60)  # what is there was pushed before
    least = {"direction": direction, "regions": [NORTH], "repositories": ["acme/app"], "organization": "copies"}
    times = {"every_seconds": EVERY} if direction == "pull" else {}
    await create_wide_rule(mirror, cast["admin"], RULE, {**least, **times, **given})


async def all_of(cast: Cast, mirror: Mirror) -> list[Copy]:
    """The oldest first."""
    page = await list_all_copies(mirror, cast["admin"], RULE, (), None, 100)
    return list(page.items)[::-1]


async def ran(cast: Cast, mirror: Mirror, times: int = 1) -> LastRun:
    """The last run of the rule, once the clock is moved on so often that it is due, and nothing waits any more."""

    async def is_done() -> bool:
        shown = await show_wide_rule(mirror, cast["admin"], RULE)
        now = mirror.clock.now()
        is_due = shown.due_at is not None and shown.due_at <= now
        return shown.last is not None and not is_due and not shown.under_way

    for number in range(times):
        if number:
            cast.rooms.clock.advance(seconds=EVERY)
        await until(is_done)
    shown = await show_wide_rule(mirror, cast["admin"], RULE)
    assert shown.last is not None
    return shown.last


async def here(cast: Cast, path: str, tag: str) -> str | None:
    try:
        found = await find_manifest(cast.rooms.registry, cast["admin"], RepositoryName(path), TagName(tag), Accept())
    except (ManifestUnknown, RepositoryUnknown):
        return None
    return str(found.digest)


async def test_a_new_rule_begins_with_what_is_there_and_follows_what_is_pushed(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await rule(cast, mirror)
    async with copying(cast, mirror):
        first = await ran(cast, mirror)
        assert region.digest("copies/app", "v1") == str(cast.image.digest)
        pushed = await cast.rooms.push(APP, "v2")
        await until(lambda: region.digest("copies/app", "v2") is not None)
        await ran(cast, mirror)

    assert (first.looked_at, first.wanted, first.left_alone, first.error) == (1, 1, 0, "")
    assert region.digest("copies/app", "v2") == str(pushed.digest)
    assert [(one.tag, one.status, one.rule, one.is_automatic) for one in await all_of(cast, mirror)] == [
        ("v1", "success", RULE, True),
        ("v2", "success", RULE, True),
    ]


async def test_several_regions_get_what_the_filters_let_through(
    cast: Cast, mirror: Mirror, region: Region, other_region: Region
) -> None:
    await create_region(mirror, cast["admin"], SOUTH, other_region.url)
    for tag in ("v2-rc1", "latest", "v3"):
        await cast.rooms.push(APP, tag)
    await rule(cast, mirror, regions=[NORTH, SOUTH], repositories=["acme/*"], tags=["v*"], exclusions=["*-rc*"])
    async with copying(cast, mirror):
        last = await ran(cast, mirror)
        await cast.rooms.push(APP, "v4-rc1")
        await cast.rooms.push(APP, "v4")
        await until(lambda: None not in {one.digest("copies/app", "v4") for one in (region, other_region)})
        await ran(cast, mirror)

    for one in (region, other_region):
        tags = {(name, tag) for name, tag in one.manifests if ":" not in tag}
        assert tags == {("copies/app", tag) for tag in ("v1", "v3", "v4")} | {("copies/open", "v1")}
    assert last.wanted == 6


async def test_at_its_time_only_what_differs_is_copied(cast: Cast, mirror: Mirror, region: Region) -> None:
    await cast.rooms.push(APP, "v2")
    await rule(cast, mirror, every_seconds=EVERY, overrides=True)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        newer = await cast.rooms.push(APP, "v2")
        assert region.digest("copies/app", "v2") != str(newer.digest)
        last = await ran(cast, mirror, times=2)
        again = await ran(cast, mirror, times=2)

    assert region.digest("copies/app", "v2") == str(newer.digest)
    assert (last.looked_at, last.wanted, again.looked_at, again.wanted) == (2, 1, 2, 0)
    assert [one.tag for one in await all_of(cast, mirror)] == ["v1", "v2", "v2"]


async def test_a_signature_that_is_not_there_yet_differs_where_referrers_come_along(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await rule(cast, mirror, every_seconds=EVERY)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        signature = await cast.rooms.push(APP, "s", Image.make(subject=cast.image))
        await delete_tag(cast.rooms.registry, cast["admin"], APP, TagName("s"))
        cosign = await cast.rooms.push(APP, f"sha256-{cast.image.digest.hex}.sig")
        await ran(cast, mirror, times=2)
        last = await ran(cast, mirror, times=2)

    assert ("copies/app", str(signature.digest)) in region.manifests
    assert region.digest("copies/app", f"sha256-{cast.image.digest.hex}.sig") == str(cosign.digest)
    assert last.wanted == 0


async def test_a_signature_that_comes_later_follows_its_image_unless_referrers_stay(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await rule(cast, mirror)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        await cast.rooms.push(APP, f"sha256-{cast.image.digest.hex}.sig")
        await until(lambda: region.digest("copies/app", f"sha256-{cast.image.digest.hex}.sig") is not None)
        await ran(cast, mirror)
        await change_wide_rule(mirror, cast["admin"], RULE, {"referrers": False})
        await ran(cast, mirror)
        signature = await cast.rooms.push(APP, "v2", Image.make(subject=cast.image))
        await until(lambda: region.digest("copies/app", "v2") is not None)
        signed = await cast.rooms.push(APP, "s", Image.make(subject=signature))
        await until(lambda: region.digest("copies/app", "s") is not None)

    assert ("copies/app", str(signed.digest)) in region.manifests
    assert len(await all_of(cast, mirror)) == 4  # v1, v1 with its signature, v2, s; none again for what is attached


async def test_what_has_the_name_is_left_alone_and_said_so(cast: Cast, mirror: Mirror, region: Region) -> None:
    region.hold("copies/app", "v1", Image.make())
    await rule(cast, mirror, every_seconds=EVERY)
    async with copying(cast, mirror):
        last = await ran(cast, mirror)
        assert (last.looked_at, last.wanted, last.left_alone) == (1, 0, 1)
        await change_wide_rule(mirror, cast["admin"], RULE, {"overrides": True})
        await ran(cast, mirror, times=2)

    assert region.digest("copies/app", "v1") == str(cast.image.digest)


async def test_what_was_copied_is_deleted_with_its_tag_and_nothing_else_is(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    other, changed = Image.make(), Image.make()
    region.hold("copies/app", "mine", other)
    for tag in ("v2", "v3"):
        await cast.rooms.push(APP, tag)
    await cast.rooms.push(APP, "mine")
    await rule(cast, mirror, deletes=True)
    registry, admin = cast.rooms.registry, cast["admin"]
    async with copying(cast, mirror):
        await ran(cast, mirror)
        region.hold("copies/app", "v3", changed)
        before = await last_event(mirror.db)
        for tag in ("v2", "v3", "mine"):
            await delete_tag(registry, admin, APP, TagName(tag))
        await until(lambda: region.digest("copies/app", "v2") is None)
        await ran(cast, mirror)

    assert region.digest("copies/app", "v1") == str(cast.image.digest)
    assert region.digest("copies/app", "v3") == str(changed.digest)
    assert region.digest("copies/app", "mine") == str(other.digest)
    deletions = [one for one in await all_of(cast, mirror) if one.action == "delete"]
    assert sorted((one.tag, one.status.value) for one in deletions) == [("v2", "success"), ("v3", "existed")]
    told = {event.type: event.data for event in await events_after(mirror.db, before)}
    assert told["sync.deleted"]["tag"] == "v2"
    assert told["sync.deleted"]["direction"] == "push"


async def test_a_deletion_that_was_refused_is_asked_for_again_by_the_next_run_and_by_no_other_deletion(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await cast.rooms.push(APP, "v2")
    await rule(cast, mirror, deletes=True)
    registry, admin = cast.rooms.registry, cast["admin"]
    async with copying(cast, mirror):
        await ran(cast, mirror)
        region.statuses, region.said = {"DELETE manifests": 405}, ("UNSUPPORTED", "the operation is unsupported")
        for count, tag in enumerate(("v1", "v2"), 1):
            await delete_tag(registry, admin, APP, TagName(tag))

            async def is_refused(count: int = count) -> bool:
                return [one.status.value for one in await all_of(cast, mirror)].count("failed") == count

            await until(is_refused)
        region.statuses = {}
        await run_wide_rule(mirror, admin, RULE)
        await until(lambda: region.digest("copies/app", "v1") is None)
        await until(lambda: region.digest("copies/app", "v2") is None)
        await ran(cast, mirror)

    deletions = [(one.tag, one.status.value) for one in await all_of(cast, mirror) if one.action == "delete"]
    assert sorted(deletions) == [("v1", "failed"), ("v1", "success"), ("v2", "failed"), ("v2", "success")]


async def test_without_saying_so_nothing_is_deleted(cast: Cast, mirror: Mirror, region: Region) -> None:
    await rule(cast, mirror)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        await delete_tag(cast.rooms.registry, cast["admin"], APP, TagName("v1"))
        await run_wide_rule(mirror, cast["admin"], RULE)
        await ran(cast, mirror)

    assert region.digest("copies/app", "v1") == str(cast.image.digest)


async def test_what_was_there_before_the_rule_is_not_deleted_by_it(cast: Cast, mirror: Mirror, region: Region) -> None:
    region.hold("copies/app", "v1", cast.image)  # somebody else put the same there
    await cast.rooms.push(APP, f"sha256-{cast.image.digest.hex}.sig")  # so that there is something to copy
    await rule(cast, mirror, deletes=True)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        await delete_tag(cast.rooms.registry, cast["admin"], APP, TagName("v1"))
        await run_wide_rule(mirror, cast["admin"], RULE)
        await ran(cast, mirror)

    assert [one.status.value for one in await all_of(cast, mirror)] == ["success"]
    assert region.digest("copies/app", "v1") == str(cast.image.digest)


async def test_a_rule_that_turns_round_takes_nothing_from_here_that_it_had_copied_there(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await rule(cast, mirror, deletes=True, organization="")
    async with copying(cast, mirror):
        await ran(cast, mirror)
        region.hold("acme/app", "other", Image.make())
        del region.manifests["acme/app", "v1"]
        turned = {"direction": "pull", "every_seconds": EVERY}
        await change_wide_rule(mirror, cast["admin"], RULE, turned)
        await ran(cast, mirror, times=2)

    assert await here(cast, "acme/app", "other") is not None
    assert await here(cast, "acme/app", "v1") == str(cast.image.digest)


async def test_a_tag_that_is_there_again_keeps_its_copy(cast: Cast, mirror: Mirror, region: Region) -> None:
    await rule(cast, mirror, every_seconds=EVERY, deletes=True)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        region.statuses = {"HEAD manifests": 503}
        await delete_tag(cast.rooms.registry, cast["admin"], APP, TagName("v1"))
        region.statuses = {}
        await cast.rooms.push(APP, "v1", cast.image)
        last = await ran(cast, mirror, times=2)

    assert last.wanted == 0
    assert region.digest("copies/app", "v1") == str(cast.image.digest)


async def test_a_repository_that_is_deleted_leaves_its_copies(cast: Cast, mirror: Mirror, region: Region) -> None:
    await rule(cast, mirror, deletes=True)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        await delete_repository(cast.rooms.registry, cast["admin"], APP)
        await run_wide_rule(mirror, cast["admin"], RULE)
        await ran(cast, mirror)

    assert region.digest("copies/app", "v1") == str(cast.image.digest)


async def test_what_was_copied_under_an_earlier_name_is_deleted_there(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await rule(cast, mirror, repositories=["acme/*"], tags=["v*"], deletes=True)
    renamed = RepositoryName("acme/renamed")
    async with copying(cast, mirror):
        await ran(cast, mirror)
        await rename_repository(cast.rooms.registry, cast["admin"], APP, renamed)
        await run_wide_rule(mirror, cast["admin"], RULE)
        await ran(cast, mirror)
        assert region.digest("copies/renamed", "v1") == region.digest("copies/app", "v1") is not None
        await delete_tag(cast.rooms.registry, cast["admin"], renamed, TagName("v1"))
        await until(lambda: region.digest("copies/renamed", "v1") is None)
        await until(lambda: region.digest("copies/app", "v1") is None)

    assert region.digest("copies/open", "v1") is not None


# --- from a region ---


async def copies_organization(cast: Cast) -> None:
    await cast.rooms.organization("copies")


async def test_what_a_region_has_is_brought_with_all_that_belongs_to_it(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await copies_organization(cast)
    children = [Image.make(architecture=one) for one in ("amd64", "arm64")]
    index = Image.index(*children)
    cosign = Image.make()
    for one in children:
        region.hold("theirs/app", str(one.digest), one)
    region.hold("theirs/app", "v1", index)
    region.hold("theirs/app", f"sha256-{index.digest.hex}.sig", cosign)
    region.hold("theirs/app", "latest", Image.make())
    await rule(cast, mirror, "pull", repositories=["theirs/*"], tags=["v*"])
    before = await last_event(mirror.db)
    async with copying(cast, mirror):
        last = await ran(cast, mirror)

    assert (last.looked_at, last.wanted, last.error) == (1, 1, "")
    assert await here(cast, "copies/app", "v1") == str(index.digest)
    assert await here(cast, "copies/app", f"sha256-{index.digest.hex}.sig") == str(cosign.digest)
    assert await here(cast, "copies/app", "latest") is None
    [copy] = await all_of(cast, mirror)
    size = sum(len(blob.content) for one in (*children, cosign) for blob in one.blobs)
    assert (copy.direction, copy.there, copy.path, copy.bytes_sent) == ("pull", "theirs/app", "copies/app", size)
    assert (copy.bytes_done, copy.bytes_total, copy.percent) == (size, size, 100)
    [pulled] = [one for one in await events_after(mirror.db, before) if one.type == "sync.pulled"]
    assert (pulled.subject, pulled.data["bytes_received"]) == ("copies/app", size)


async def test_only_what_differs_is_brought_and_what_is_here_is_not_fetched(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await copies_organization(cast)
    base = Blob(b"base layer" * 1_000)
    first, second = Image.make(holding=[base]), Image.make(layers=0, holding=[base])
    region.hold("theirs/app", "v1", first)
    await rule(cast, mirror, "pull", repositories=["theirs/app"], overrides=True)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        region.asked.clear()
        quiet = await ran(cast, mirror, times=2)
        assert (quiet.wanted, region.count("GET blobs"), region.count("GET manifests")) == (0, 0, 0)
        region.hold("theirs/app", "v1", second)
        await ran(cast, mirror, times=2)

    assert await here(cast, "copies/app", "v1") == str(second.digest)
    assert (await all_of(cast, mirror))[-1].bytes_sent == len(second.blobs[0].content)


async def test_another_image_here_is_left_alone(cast: Cast, mirror: Mirror, region: Region) -> None:
    await copies_organization(cast)
    own = await cast.rooms.push("copies/app", "v1")
    region.hold("theirs/app", "v1", Image.make())
    await rule(cast, mirror, "pull", repositories=["theirs/app"])
    async with copying(cast, mirror):
        last = await ran(cast, mirror)

    assert (last.wanted, last.left_alone) == (0, 1)
    assert await here(cast, "copies/app", "v1") == str(own.digest)


async def test_what_was_brought_goes_when_the_region_has_it_no_more_and_what_is_ours_stays(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await copies_organization(cast)
    for tag in ("v1", "v2", "v3"):
        region.hold("theirs/app", tag, Image.make())
    await rule(cast, mirror, "pull", repositories=["theirs/app"], deletes=True)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        own = await cast.rooms.push("copies/app", "own")
        mine = await cast.rooms.push("copies/app", "v3")
        for tag in ("v2", "v3"):
            del region.manifests["theirs/app", tag]
        await ran(cast, mirror, times=2)

    assert await here(cast, "copies/app", "v1") is not None
    assert await here(cast, "copies/app", "v2") is None
    assert await here(cast, "copies/app", "v3") == str(mine.digest)
    assert await here(cast, "copies/app", "own") == str(own.digest)


async def test_a_region_that_lost_a_whole_repository_takes_nothing_from_here(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    await copies_organization(cast)
    region.hold("theirs/app", "v1", Image.make())
    await rule(cast, mirror, "pull", repositories=["theirs/app"], deletes=True)
    async with copying(cast, mirror):
        await ran(cast, mirror)
        region.statuses, region.said = {"GET tags": 404}, ("NAME_UNKNOWN", "no such repository")
        last = await ran(cast, mirror, times=2)

    assert await here(cast, "copies/app", "v1") is not None
    assert "may read theirs/app at north-1" in last.error


@pytest.mark.parametrize("lack", ["no organization", "a mirror"])
async def test_where_nothing_can_be_brought_to_is_said(cast: Cast, mirror: Mirror, region: Region, lack: str) -> None:
    if lack == "a mirror":
        upstream = Upstream(("https://registry.example",))
        await create_mirror(mirror, cast["admin"], OrganizationName("copies"), upstream)
    region.hold("theirs/app", "v1", Image.make())
    await rule(cast, mirror, "pull", repositories=["theirs/app"])
    async with copying(cast, mirror):
        last = await ran(cast, mirror)

    assert (
        "There is no organization copies here" if lack == "no organization" else "comes from elsewhere"
    ) in last.error
    assert await all_of(cast, mirror) == []


# --- when and how fast ---


async def test_outside_of_its_window_a_rule_waits(cast: Cast, mirror: Mirror, region: Region) -> None:
    opens = mirror.clock.now() + timedelta(hours=2, minutes=1)
    closes = opens + timedelta(hours=3)
    await rule(cast, mirror, windows=[f"{opens:%H:%M}-{closes:%H:%M}"])
    async with copying(cast, mirror):
        cast.rooms.clock.advance(seconds=1)
        pushed = await cast.rooms.push(APP, "v2")

        async def waits() -> bool:
            return [one.next_at for one in await all_of(cast, mirror)] == [opens]

        await until(waits)
        assert (await show_wide_rule(mirror, cast["admin"], RULE)).due_at == opens
        cast.rooms.clock.advance(hours=2, minutes=1)
        await ran(cast, mirror)

    assert region.digest("copies/app", "v2") == str(pushed.digest)
    assert region.digest("copies/app", "v1") == str(cast.image.digest)


async def test_a_copy_that_runs_when_the_window_closes_goes_on_when_it_opens(
    cast: Cast, mirror: Mirror, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens = mirror.clock.now()
    closes = opens + timedelta(minutes=2)
    await rule(cast, mirror, windows=[f"{opens:%H:%M}-{closes:%H:%M}"])
    cast.rooms.clock.advance(seconds=59.5)  # the window closes in half a second of the loop's
    region.gate.clear()
    async with copying(cast, mirror):

        async def is_put_off() -> bool:
            return [(one.status.value, one.next_at) for one in await all_of(cast, mirror)] == [
                ("waiting", opens + timedelta(days=1))
            ]

        await until(is_put_off)
        [copy] = await all_of(cast, mirror)
        assert "time of its rule is over" in copy.error
        region.gate.set()
        cast.rooms.clock.advance(days=1)
        await until(lambda: region.digest("copies/app", "v1") is not None)


async def test_a_rule_is_as_fast_as_it_may_be(cast: Cast, mirror: Mirror, region: Region) -> None:
    image = await cast.rooms.push(APP, "big", Image.make(holding=[Blob(b"x" * 200_000)]))
    await rule(cast, mirror, tags=["big"], bytes_per_second=100_000)
    async with copying(cast, mirror):
        await ran(cast, mirror)

    [copy] = await all_of(cast, mirror)
    assert copy.digest == str(image.digest)
    assert region.seconds_of_uploads > 1.5


async def test_a_survey_that_meets_a_region_that_is_away_says_so_and_comes_again(
    cast: Cast, mirror: Mirror, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch)
    region.statuses = {"GET": 503}
    await rule(cast, mirror)
    async with copying(cast, mirror):
        last = await ran(cast, mirror)
        assert "503" in last.error
        region.statuses = {}
        cast.rooms.clock.advance(minutes=10)
        await until(lambda: region.digest("copies/app", "v1") is not None)
        last = await ran(cast, mirror)

    assert last.error == ""


async def test_a_survey_that_breaks_rests_and_others_go_on(
    cast: Cast, mirror: Mirror, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def broken(*_: object) -> None:
        asked.append(1)
        raise RuntimeError("odd")

    monkeypatch.setattr(surveyor, "survey", broken)
    await rule(cast, mirror)
    async with copying(cast, mirror):
        await until(lambda: bool(asked))
        await cast.rooms.push(APP, "v2")
        await until(lambda: region.digest("copies/app", "v2") is not None)

    assert len(asked) == 1


async def test_a_rule_that_wants_much_does_not_keep_others_waiting(cast: Cast, mirror: Mirror) -> None:
    await rule(cast, mirror)
    await create_wide_rule(mirror, cast["admin"], SyncRuleName("small"), {**WANTED, "repositories": ["acme/open"]})
    now = mirror.clock.now()
    async with mirror.db.writing() as tx:
        for name, path, count in ((RULE, APP, 5), (SyncRuleName("small"), RepositoryName("acme/open"), 2)):
            row = await wide.rule_by_name(tx, name)
            found = await names.repository_by_path(tx, path)
            assert row is not None
            assert found is not None
            wanted = [Wanted(NORTH, path, f"v{number}") for number in range(count)]
            await let_wait(tx, row, WideRule.of(row.document), found.id, wanted, now, beside=())
    await request_copies(mirror, cast["editor"], APP, Destination(NORTH, OrganizationName("copies")), [TagName("v1")])

    async with mirror.db.reading() as tx:
        due = await copy_queries.due_copies(tx, now, 6)

    kinds = {None: "by hand", due[1].wide_rule_id: "much"}
    assert sorted(kinds.get(row.wide_rule_id, "little") for row in due[:3]) == ["by hand", "little", "much"]
    assert len([row for row in due if row.document is not None]) == 5


# --- mounts ---


async def test_a_layer_that_lies_in_another_organization_of_the_region_is_mounted(
    cast: Cast, mirror: Mirror, region: Region
) -> None:
    base = Blob(b"base layer" * 1_000)
    await cast.rooms.push(APP, "v2", Image.make(holding=[base]))
    await rule(cast, mirror, tags=["v2"])
    async with copying(cast, mirror):
        await ran(cast, mirror)
        sent = region.bytes_in
        image = await cast.rooms.push("acme/other", "v2", Image.make(layers=0, holding=[base]))
        given = {"direction": "push", "regions": [NORTH], "repositories": ["acme/other"], "organization": "elsewhere"}
        await create_wide_rule(mirror, cast["admin"], SyncRuleName("more"), given)
        await until(lambda: region.digest("elsewhere/other", "v2") is not None)

    assert region.bytes_in == sent + len(image.blobs[0].content)


async def test_a_layer_that_may_not_be_mounted_any_more_is_sent(cast: Cast, mirror: Mirror, region: Region) -> None:
    base = Blob(b"base layer" * 1_000)
    await cast.rooms.push(APP, "v2", Image.make(holding=[base]))
    await rule(cast, mirror, repositories=["acme/app", "acme/other"], tags=["v2"])
    async with copying(cast, mirror):
        await ran(cast, mirror)
        region.unmountable = True
        image = await cast.rooms.push("acme/other", "v2", Image.make(layers=0, holding=[base]))
        await until(lambda: region.digest("copies/other", "v2") is not None)

    assert region.digest("copies/other", "v2") == str(image.digest)
