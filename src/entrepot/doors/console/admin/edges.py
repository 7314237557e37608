"""Edges, for operators: drained, resumed, deleted; and which of them serves whom, with a map."""

from collections.abc import Sequence
from typing import Any, Final

from entrepot.doors.console.admin.parts import asked, at_its_field
from entrepot.doors.console.admin.regions import HOME
from entrepot.doors.console.maps import Map, map_of
from entrepot.doors.console.problems import sentence_of as said
from entrepot.doors.console.visit import Moved, View, Visit
from entrepot.regions import edges
from entrepot.regions.explaining import explain_choice
from entrepot.regions.nodes import Node, NodeState
from entrepot.regions.plan import CENTER
from entrepot.regions.scheduling import Choice, RegionStep, Step
from entrepot.regions.telling import sentence_of, summary_of, verdict_of
from entrepot.values.errors import Refused, Worded
from entrepot.values.location import Location

_EDGES: Final = "/console/admin/edges"


async def show_edge(visit: Visit) -> View:
    """One edge."""
    visit.need_operator()
    return View(
        "admin/edges/show.html", {"edge": await edges.show_edge(visit.rooms.regions, visit.actor, _name(visit))}
    )


async def drain_edge(visit: Visit) -> Moved:
    """Send no more clients to it."""
    name = _name(visit)
    await edges.drain_edge(visit.rooms.regions, visit.actor, name)
    return Moved(f"{_EDGES}/{name}", visit.say("%(name)s is sent no more clients.", name=name))


async def resume_edge(visit: Visit) -> Moved:
    """Send clients to it again."""
    name = _name(visit)
    await edges.resume_edge(visit.rooms.regions, visit.actor, name)
    return Moved(f"{_EDGES}/{name}", visit.say("%(name)s is sent clients again.", name=name))


async def confirm_deleting_edge(visit: Visit) -> View:
    """What happens to its clients, and to what it keeps."""
    visit.need_operator()
    name = _name(visit)
    edge = await edges.show_edge(visit.rooms.regions, visit.actor, name)
    says = [
        visit.say("It is sent nobody any more, and may fetch nothing more from here. What it keeps stays on its disk."),
        visit.say("It can join again with a new token."),
    ]
    if streams := edge.node.streams:
        say = visit.language.say_number
        says += [
            say("%(num)s client is served by it now.", "%(num)s clients are served by it now.", streams),
            visit.say("Drain it first, so that they are served to the end."),
        ]
    title = visit.say("Delete %(name)s", name=name)
    return asked(title, says, f"{_EDGES}/{name}/-/delete", visit.say("Delete"), f"{_EDGES}/{name}")


async def delete_edge(visit: Visit) -> Moved:
    """Forget it."""
    name = _name(visit)
    await edges.delete_edge(visit.rooms.regions, visit.actor, name)
    return Moved(HOME, visit.say("%(name)s was deleted.", name=name))


async def explain_scheduling(visit: Visit) -> View:
    """The question as a form, and when it was asked, who serves, why, and where on the globe that is."""
    visit.need_operator()
    client, digest = visit.query("client"), visit.query("digest")
    if not client:
        return _explained(visit, None)
    with at_its_field():
        choice = await explain_choice(visit.rooms.regions, visit.actor, client, digest)
    return _explained(visit, choice)


async def ask_again(visit: Visit) -> View:
    """The form with what was asked, where there is no answer to it."""
    visit.need_operator()
    return _explained(visit, None)


def _explained(visit: Visit, choice: Choice | None) -> View:
    values: dict[str, Any] = {"client": visit.query("client"), "digest": visit.query("digest"), "choice": choice}
    if choice is not None:
        steps = [(one, _say(visit, sentence_of(one)), _verdicts(visit, one)) for one in choice.steps]
        values |= {"summary": _say(visit, summary_of(choice)), "steps": steps, "map": _map(visit, choice)}
    return View("admin/edges/explain.html", values)


def _say(visit: Visit, sentence: Worded) -> str:
    return said(Refused(sentence), visit.language)


def _verdicts(visit: Visit, step: Step) -> Sequence[str]:
    return [_say(visit, verdict_of(one.verdict)) for one in step.weighed] if isinstance(step, RegionStep) else ()


def _map(visit: Visit, choice: Choice) -> Map:
    """Regions that have a location, the center and the client, with the way to who serves."""
    plan, serving = choice.plan, CENTER if choice.node is None else choice.node.region
    places = []
    for name, place in plan.places.items():
        if place.location is not None:
            kind, words = _kind(visit, plan.nodes.get(name, ()), name)
            shown = visit.say("Center") if name == CENTER else name
            places.append((place.location, f"{kind} chosen" if name == serving else kind, shown, f"{shown}: {words}"))
    client, there = choice.asked.location, plan.places[serving].location if serving in plan.places else None
    way: tuple[Location, Location] | None = None
    if client is not None:
        places.append((client, "client", visit.say("Client"), visit.say("Client")))
        way = None if there is None else (client, there)
    return map_of(places, way)


def _kind(visit: Visit, nodes: Sequence[Node], name: str) -> tuple[str, str]:
    """How a region is drawn, and what is said of it: as its best node is."""
    if name == CENTER:
        return "center", visit.say("this installation")
    states = {one.state for one in nodes}
    if NodeState.READY in states:
        return "good", visit.say("a node is ready")
    if NodeState.DRAINING in states:
        return "warn", visit.say("its nodes are drained")
    return ("bad", visit.say("its nodes are lost")) if states else ("empty", visit.say("it has no node"))


def _name(visit: Visit) -> str:
    return visit.names["edge"]
