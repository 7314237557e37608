"""Peers: an edge that lacks a blob has it from another edge that is nearer than the center. Values in, value out."""

from entrepot.regions.nodes import Node, NodeState
from entrepot.regions.plan import CENTER, Plan
from entrepot.regions.presence import probes_of


def holder_near(plan: Plan, edge_id: str, hexadecimal: str, path: str) -> Node | None:
    """A node that has the blob and is nearer to the edge than the center is: one of its own region, or of one nearer
    by; None when the center is to be asked.
    """
    own = next((one for nodes in plan.nodes.values() for one in nodes if one.id == edge_id), None)
    if own is None:
        return None
    probes = probes_of(hexadecimal)
    for region in (own.region, *_nearer(plan, own.region)):
        holding = [
            one
            for one in plan.nodes.get(region, ())
            if one.id != edge_id and one.state is NodeState.READY and one.presence.holds(probes) and one.may_hold(path)
        ]
        if holding:
            return min(holding, key=lambda one: (one.streams, one.id))
    return None


def _nearer(plan: Plan, region: str) -> list[str]:
    """Regions that are nearer to this one than the center is, the nearest first; none where that is not known."""
    order = list(plan.after.get(region, ()))
    is_known = plan.places[CENTER].location is not None and CENTER in order
    return order[: order.index(CENTER)] if is_known else []
