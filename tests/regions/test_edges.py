"""Edges are looked after by operators: drained, resumed, deleted; and it is explained whom they serve."""

import pytest

from entrepot.mirror.regions import create_region
from entrepot.regions.edges import delete_edge, drain_edge, list_edges, resume_edge, show_edge
from entrepot.regions.explaining import explain_choice
from entrepot.regions.nodes import NodeState
from entrepot.regions.room import Regions
from entrepot.regions.scheduling import Rule
from entrepot.regions.telling import sentence_of, summary_of, verdict_of
from entrepot.values.errors import AccessDenied, DigestInvalid, ParameterInvalid, RuleUnknown, Unauthenticated
from entrepot.values.names import RegionName
from tests.make.cast import Cast, make_cast
from tests.make.edges import save_edge
from tests.make.looking import events_after, last_event
from tests.make.rooms import Rooms
from tests.regions.nodes import BLOB, FRANKFURT

CLIENT = "10.1.2.3"


@pytest.fixture
async def cast(rooms: Rooms) -> Cast:
    """With the region `europe` and its edges `e1`, which holds the blob, and `e2`."""
    await create_region(rooms.mirror, rooms.admin, RegionName("europe"), "", cidrs=["10.1.0.0/16"], location=FRANKFURT)
    await save_edge(rooms, "e1", "europe", holds=(BLOB,), streams=2, patterns=["acme"])
    await save_edge(rooms, "e2", "europe")
    return await make_cast(rooms)


@pytest.fixture
def regions(cast: Cast) -> Regions:
    return cast.rooms.regions


async def test_edges_are_listed_by_name_with_how_they_are(regions: Regions, cast: Cast) -> None:
    first, second = await list_edges(regions, cast["admin"])

    assert (first.node.name, first.node.region, first.node.state) == ("e1", "europe", NodeState.READY)
    assert (first.node.streams, first.node.held_bytes, first.node.version) == (2, 3 << 30, "1.2.3")
    assert (first.patterns, first.is_draining, first.is_distrusted) == (["acme"], False, False)
    assert (second.node.name, second.patterns) == ("e2", None)
    cast.rooms.clock.advance(minutes=1)
    assert (await show_edge(regions, cast["admin"], "e1")).node.state is NodeState.LOST


async def test_an_edge_that_is_drained_is_sent_nobody_until_it_is_resumed(regions: Regions, cast: Cast) -> None:
    seen = await last_event(regions.db)
    await regions.view.refresh()
    assert regions.view.explain(CLIENT, BLOB).node.name == "e1"  # type: ignore[union-attr]

    drained = await drain_edge(regions, cast["admin"], "e1")
    again = await drain_edge(regions, cast["admin"], "e1")
    await regions.view.refresh()
    assert drained == again
    assert (drained.node.state, drained.is_draining, drained.node.streams) == (NodeState.DRAINING, True, 2)
    assert regions.view.explain(CLIENT, BLOB).node.name == "e2"  # type: ignore[union-attr]

    cast.rooms.clock.advance(seconds=1)
    resumed = await resume_edge(regions, cast["admin"], "e1")
    await regions.view.refresh()
    assert resumed.node.state is NodeState.READY
    assert regions.view.explain(CLIENT, BLOB).node.name == "e1"  # type: ignore[union-attr]
    assert [(one.type, one.subject, one.data) for one in await events_after(regions.db, seen)] == [
        ("edge.drained", "e1", {"region": "europe", "streams": 2}),
        ("edge.resumed", "e1", {"region": "europe"}),
    ]


async def test_an_edge_that_is_deleted_is_gone(regions: Regions, cast: Cast) -> None:
    seen = await last_event(regions.db)

    await delete_edge(regions, cast["admin"], "e1")

    assert [one.node.name for one in await list_edges(regions, cast["admin"])] == ["e2"]
    [event] = await events_after(regions.db, seen)
    assert (event.type, event.subject) == ("edge.deleted", "e1")
    assert event.data == {"before": {"region": "europe", "url": "https://e1.example", "held_bytes": 3 << 30}}
    for verb in (show_edge, drain_edge, resume_edge, delete_edge):
        with pytest.raises(RuleUnknown, match="no edge e1"):
            await verb(regions, cast["admin"], "e1")


@pytest.mark.parametrize("who", ["anonymous", "stranger", "manager"])
async def test_only_operators_look_after_edges(regions: Regions, cast: Cast, who: str) -> None:
    refused = Unauthenticated if who == "anonymous" else AccessDenied

    with pytest.raises(refused):
        await list_edges(regions, cast[who])
    with pytest.raises(refused):
        await explain_choice(regions, cast[who], CLIENT)
    for verb in (show_edge, drain_edge, resume_edge, delete_edge):
        for name in ("e1", "nowhere"):
            with pytest.raises(refused):
                await verb(regions, cast[who], name)


async def test_it_is_explained_in_sentences_who_serves_whom(regions: Regions, cast: Cast) -> None:
    await regions.view.refresh()

    choice = await explain_choice(regions, cast["admin"], f" ::ffff:{CLIENT}", f"sha256:{BLOB}")

    assert summary_of(choice) == "The node e1 of the region europe serves."
    assert [str(sentence_of(one)) for one in choice.steps] == [
        "The client's address is in the network 10.1.0.0/16, which is the region europe's.",
        "The region europe serves, by its node e1.",
    ]
    nowhere = await explain_choice(regions, cast["admin"], "192.0.2.1")
    assert (nowhere.node, nowhere.rule) == (None, Rule.CENTER)
    assert [str(sentence_of(one)) for one in nowhere.steps] == [
        "The client's address is in no network of a region.",
        "Where the client is, is not known.",
        "No round trip to the client's network has been measured.",
        "Nothing says where the client is near, so nobody is nearer than the center.",
        "The center itself serves.",
    ]
    assert verdict_of(choice.steps[-1].weighed[1].verdict) == "Another one holds the blob."  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("client", "digest", "error"),
    [("", "", ParameterInvalid), ("europe", "", ParameterInvalid), (CLIENT, "sha256:1", DigestInvalid)],
)
async def test_a_question_without_an_address_is_refused(
    regions: Regions, cast: Cast, client: str, digest: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await explain_choice(regions, cast["admin"], client, digest)
