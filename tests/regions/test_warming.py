"""Warm-ups: who may ask, which nodes get an image, what they hear and say, rules, and how all that ends."""

from datetime import timedelta
from typing import Any

import pytest

from entrepot.access.actor import Actor
from entrepot.mirror.regions import create_region
from entrepot.regions import queries as edges
from entrepot.regions.jobs import end_deserted_warmups, forget_old_warmups
from entrepot.regions.room import Regions
from entrepot.regions.warming.asking import cancel_warmup, start_warmup
from entrepot.regions.warming.by_rule import create_warm_rule, delete_warm_rule, list_warm_rules
from entrepot.regions.warming.following import WarmFollower
from entrepot.regions.warming.orders import Warmed, WarmOrder, follow_warming
from entrepot.regions.warming.rules import WarmRule, WarmState, Wish
from entrepot.regions.warming.standing import Warmup, list_warmups, show_warmup
from entrepot.values.errors import (
    AccessDenied,
    ManifestUnknown,
    ParameterInvalid,
    RepositoryUnknown,
    RuleExists,
    RuleUnknown,
    Unauthenticated,
)
from entrepot.values.names import RegionName, RepositoryName, TagName, WarmRuleName
from tests.make.cast import Cast, make_cast
from tests.make.edges import change_edge, save_edge
from tests.make.image import Image
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms

APP = RepositoryName("acme/app")
V1 = TagName("v1")
EUROPE = Wish(("europe",))
RULE = WarmRuleName("releases")


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:
    """With the regions `europe`, which has the nodes `e1`, `e2` and `e3`, and `asia`, which has none."""
    for name in ("europe", "asia"):
        await create_region(rooms.mirror, rooms.admin, RegionName(name), "")
    return await make_cast(rooms)


@pytest.fixture
async def nodes(rooms: Rooms, cast: Cast) -> dict[str, str]:
    """Their ids by name."""
    return {name: await save_edge(rooms, name, "europe") for name in ("e1", "e2", "e3")}


@pytest.fixture
def regions(cast: Cast) -> Regions:
    return cast.rooms.regions


async def ask(regions: Regions, actor: Actor, wish: Wish = EUROPE, **more: Any) -> int:
    return await start_warmup(regions, actor, more.get("path", APP), more.get("reference", V1), wish)


async def hear(regions: Regions, edge_id: str, *said: Warmed) -> list[WarmOrder]:
    async with regions.db.writing() as tx:
        return list(await follow_warming(tx, edge_id, said, regions.clock.now()))


def nodes_in(shown: Warmup) -> dict[str, WarmState]:
    return {one.node: one.state for region in shown.regions for one in region.nodes}


@pytest.mark.parametrize("who", ["editor", "manager", "admin"])
async def test_who_may_edit_a_repository_may_have_it_warmed_up(
    regions: Regions, cast: Cast, nodes: dict[str, str], who: str
) -> None:
    seen = await last_event(regions.db)

    number = await ask(regions, cast[who])

    shown = await show_warmup(regions, cast["reader"], number)
    assert (shown.image, shown.digest, shown.state) == ("acme/app:v1", str(cast.image.digest), WarmState.WAITING)
    assert nodes_in(shown) == dict.fromkeys(nodes, WarmState.WAITING)
    [event] = await events_after(regions.db, seen)
    assert (event.type, event.subject, event.organization) == ("warmup.created", "acme/app", "acme")
    assert set(event.data["nodes"]) == set(nodes)


@pytest.mark.parametrize(
    ("who", "error"), [("anonymous", Unauthenticated), ("stranger", RepositoryUnknown), ("reader", AccessDenied)]
)
async def test_nobody_else_may(
    regions: Regions, cast: Cast, nodes: dict[str, str], who: str, error: type[Exception]
) -> None:
    number = await ask(regions, cast["editor"])
    with pytest.raises(error):
        await ask(regions, cast[who])
    with pytest.raises(RuleUnknown if who == "stranger" else error):
        await cancel_warmup(regions, cast[who], number)


async def test_a_stranger_sees_none(regions: Regions, cast: Cast, nodes: dict[str, str]) -> None:
    number = await ask(regions, cast["editor"])

    with pytest.raises(RuleUnknown):
        await show_warmup(regions, cast["stranger"], number)
    assert (await list_warmups(regions, cast["stranger"], None, 10)).items == []
    assert [one.id for one in (await list_warmups(regions, cast["reader"], None, 10)).items] == [number]
    with pytest.raises(Unauthenticated):
        await list_warmups(regions, cast["anonymous"], None, 10)


async def test_lists_go_on_below_the_last(regions: Regions, cast: Cast, nodes: dict[str, str]) -> None:
    first, second = [await ask(regions, cast["editor"]) for _ in range(2)]

    page = await list_warmups(regions, cast["admin"], None, 1)
    assert ([one.id for one in page.items], page.after) == ([second], second)
    assert [one.id for one in (await list_warmups(regions, cast["admin"], page.after, 1)).items] == [first]


async def test_what_cannot_be_meant_is_refused(regions: Regions, cast: Cast, nodes: dict[str, str]) -> None:
    with pytest.raises(ManifestUnknown):
        await ask(regions, cast["editor"], reference=TagName("v2"))
    with pytest.raises(RuleUnknown):
        await ask(regions, cast["editor"], Wish(("africa",)))
    with pytest.raises(ParameterInvalid, match="No node of the region asia may hold acme/app"):
        await ask(regions, cast["editor"], Wish(("europe", "asia")))


async def test_an_image_without_the_platform_is_refused(regions: Regions, cast: Cast, nodes: dict[str, str]) -> None:
    child = await cast.rooms.push("acme/app", "child")
    await cast.rooms.push("acme/app", "both", Image.index(child))

    await ask(regions, cast["editor"], Wish(("europe",), ("linux/amd64",)), reference=TagName("both"))
    with pytest.raises(ParameterInvalid, match="not for linux/s390x; it is for: linux/amd64"):
        await ask(regions, cast["editor"], Wish(("europe",), ("linux/s390x",)), reference=TagName("both"))


async def test_nodes_that_may_not_hold_it_or_are_drained_are_left_out(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    await change_edge(cast.rooms, nodes["e1"], patterns=["other"])
    await change_edge(cast.rooms, nodes["e2"], is_draining=True)

    shown = await show_warmup(regions, cast["editor"], await ask(regions, cast["editor"]))

    assert set(nodes_in(shown)) == {"e3"}


async def test_of_few_copies_the_lost_get_none_while_others_are_ready(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    await change_edge(cast.rooms, nodes["e2"], lost_at=regions.clock.now())
    wish = Wish(("europe",), copies=2)

    chosen = [nodes_in(await show_warmup(regions, cast["editor"], await ask(regions, cast["editor"], wish)))]
    chosen.append(nodes_in(await show_warmup(regions, cast["editor"], await ask(regions, cast["editor"], wish))))

    assert [set(one) for one in chosen] == [{"e1", "e3"}] * 2


async def test_a_node_hears_its_orders_and_says_how_far_it_is(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    number = await ask(regions, cast["editor"], Wish(("europe",), ("linux/amd64",), copies=1))
    [(name, _)] = nodes_in(await show_warmup(regions, cast["editor"], number)).items()
    edge_id = nodes[name]

    [order] = await hear(regions, edge_id)
    assert order == WarmOrder(number, "acme/app", "v1", str(cast.image.digest), ["linux/amd64"])
    assert await hear(regions, nodes[next(one for one in nodes if one != name)]) == []

    assert await hear(regions, edge_id, Warmed(number, WarmState.RUNNING, 25, 100)) == [order]
    shown = await show_warmup(regions, cast["reader"], number)
    assert (shown.state, shown.bytes_done, shown.bytes_total, shown.percent) == (WarmState.RUNNING, 25, 100, 25)

    seen = await last_event(regions.db)
    assert await hear(regions, edge_id, Warmed(number, WarmState.DONE, 100, 100)) == []
    shown = await show_warmup(regions, cast["reader"], number)
    assert (shown.state, shown.percent, shown.ended_at) == (WarmState.DONE, 100, regions.clock.now())
    [event] = await events_after(regions.db, seen)
    assert (event.type, event.data["done"], event.data["failed"]) == ("warmup.ended", 1, 0)
    assert event.domain_id == cast["editor"].domain_id


async def test_what_a_node_says_of_the_orders_of_another_is_not_believed(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    number = await ask(regions, cast["editor"], Wish(("europe",), copies=1))
    [name] = nodes_in(await show_warmup(regions, cast["editor"], number))
    other = next(edge_id for one, edge_id in nodes.items() if one != name)

    await hear(regions, other, Warmed(number, WarmState.DONE, 1, 1), Warmed(99, WarmState.DONE, 1, 1))

    assert (await show_warmup(regions, cast["editor"], number)).state is WarmState.WAITING


async def test_a_node_that_failed_is_told_again_later_and_at_last_not_any_more(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    number = await ask(regions, cast["editor"], Wish(("europe",), copies=1))
    [name] = nodes_in(await show_warmup(regions, cast["editor"], number))
    failed = Warmed(number, WarmState.FAILED, 5, 10, "The center is away.")
    waits = []
    while True:
        assert await hear(regions, nodes[name], failed) == []
        shown = await show_warmup(regions, cast["editor"], number)
        [part] = shown.regions[0].nodes
        assert (part.state, part.error, part.bytes_done) == (WarmState.FAILED, "The center is away.", 5)
        if part.next_at is None:
            break
        assert shown.ended_at is None
        waits.append((part.next_at - regions.clock.now()).total_seconds())
        cast.rooms.clock.advance(seconds=waits[-1])
        assert [one.id for one in await hear(regions, nodes[name])] == [number]

    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    assert shown.ended_at == regions.clock.now()


async def test_a_node_that_cannot_hold_it_is_not_told_again(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    number = await ask(regions, cast["editor"], Wish(("europe",), copies=1))
    [name] = nodes_in(await show_warmup(regions, cast["editor"], number))

    await hear(regions, nodes[name], Warmed(number, WarmState.FAILED, 0, 10, "It is too large.", is_final=True))

    shown = await show_warmup(regions, cast["editor"], number)
    assert (shown.state, shown.ended_at) == (WarmState.FAILED, regions.clock.now())


async def test_what_is_called_off_is_told_to_nobody_and_cannot_be_again(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    number = await ask(regions, cast["editor"])
    await hear(regions, nodes["e1"], Warmed(number, WarmState.DONE, 10, 10))
    seen = await last_event(regions.db)

    await cancel_warmup(regions, cast["editor"], number)

    assert await hear(regions, nodes["e2"], Warmed(number, WarmState.DONE, 10, 10)) == []
    shown = await show_warmup(regions, cast["editor"], number)
    assert shown.state is WarmState.CANCELLED
    assert nodes_in(shown) == {"e1": WarmState.DONE, "e2": WarmState.CANCELLED, "e3": WarmState.CANCELLED}
    [event] = await events_after(regions.db, seen)
    assert (event.type, event.data["nodes"]) == ("warmup.cancelled", 2)
    with pytest.raises(ParameterInvalid, match="has ended already"):
        await cancel_warmup(regions, cast["editor"], number)


async def test_when_the_last_nodes_are_deleted_it_ends(regions: Regions, cast: Cast, nodes: dict[str, str]) -> None:
    number = await ask(regions, cast["editor"])
    assert await end_deserted_warmups(regions) == 0
    async with regions.db.writing() as tx:
        for edge_id in nodes.values():
            await edges.delete_edge(tx, edge_id)

    assert await end_deserted_warmups(regions) == 1
    shown = await show_warmup(regions, cast["editor"], number)
    assert (shown.state, shown.regions) == (WarmState.FAILED, [])
    assert shown.ended_at is not None


async def test_what_ended_long_ago_is_forgotten(regions: Regions, cast: Cast, nodes: dict[str, str]) -> None:
    number = await ask(regions, cast["editor"])
    await cancel_warmup(regions, cast["editor"], number)
    cast.rooms.clock.advance(seconds=timedelta(days=29).total_seconds())
    assert await forget_old_warmups(regions) == 0
    cast.rooms.clock.advance(seconds=timedelta(days=2).total_seconds())
    assert await forget_old_warmups(regions) == 1


# --- rules ---


async def made(regions: Regions, cast: Cast, tags: tuple[str, ...] = ("v*",), wish: Wish = EUROPE) -> None:
    cast.rooms.clock.advance(seconds=1)  # what the cast was given came before
    await create_warm_rule(regions, cast["admin"], RULE, WarmRule.parse(["acme/*"], tags, wish))


async def warmed(regions: Regions, cast: Cast) -> list[tuple[str, str]]:
    return [(one.image, one.rule) for one in (await list_warmups(regions, cast["admin"], None, 100)).items]


async def test_operators_make_rules(regions: Regions, cast: Cast) -> None:
    seen = await last_event(regions.db)
    await made(regions, cast)

    [shown] = await list_warm_rules(regions, cast["admin"])
    assert (shown.name, shown.creator_name) == ("releases", "admin")
    assert shown.rule == WarmRule(("acme/*",), ("v*",), EUROPE)
    with pytest.raises(RuleExists):
        await made(regions, cast)
    with pytest.raises(AccessDenied):
        await list_warm_rules(regions, cast["manager"])
    await delete_warm_rule(regions, cast["admin"], RULE)
    with pytest.raises(RuleUnknown):
        await delete_warm_rule(regions, cast["admin"], RULE)
    assert [one.type for one in await events_after(regions.db, seen)] == ["warm-rule.created", "warm-rule.deleted"]


async def test_each_push_of_a_tag_that_fits_is_warmed_up_once(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    follower = WarmFollower(regions, cast.rooms.holder)
    await made(regions, cast, wish=Wish(("europe",), copies=1))
    for tag in ("v2", "nightly"):
        await cast.rooms.push("acme/app", tag)

    assert await follower.follow() > 0
    assert await warmed(regions, cast) == [("acme/app:v2", "releases")]
    shown = (await list_warmups(regions, cast["admin"], None, 1)).items[0]
    assert len(nodes_in(shown)) == 1

    await WarmFollower(regions, cast.rooms.holder).follow()
    assert len(await warmed(regions, cast)) == 1
    await cast.rooms.push("acme/app", "v2")
    await follower.follow()
    assert await warmed(regions, cast) == [("acme/app:v2", "releases")] * 2


async def test_the_same_image_is_not_warmed_up_twice_at_once(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    follower = WarmFollower(regions, cast.rooms.holder)
    await made(regions, cast)
    image = await cast.rooms.push("acme/app", "v2")
    await follower.follow()
    await cast.rooms.push("acme/app", "v3", image)
    await follower.follow()

    assert await warmed(regions, cast) == [("acme/app:v2", "releases")]


async def test_where_no_node_may_hold_it_a_rule_begins_nothing(regions: Regions, cast: Cast) -> None:
    follower = WarmFollower(regions, cast.rooms.holder)
    await made(regions, cast)
    await cast.rooms.push("acme/app", "v2")

    assert await follower.follow() > 0
    assert await warmed(regions, cast) == []


async def test_what_was_pushed_before_a_rule_was_is_not_its(
    regions: Regions, cast: Cast, nodes: dict[str, str]
) -> None:
    await cast.rooms.push("acme/app", "v2")
    cast.rooms.clock.advance(seconds=1)
    await made(regions, cast)

    await WarmFollower(regions, cast.rooms.holder).follow()

    assert await warmed(regions, cast) == []
