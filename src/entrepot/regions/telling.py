"""Telling: the steps of a choice in sentences, for people in any language and for programs."""

from collections.abc import Mapping
from typing import Final

from entrepot.regions.plan import CENTER
from entrepot.regions.scheduling import Choice, RegionStep, Rule, RuleStep, Step, Verdict
from entrepot.values.errors import Worded, worded

_SERVES: Final = worded("The center itself serves.")
_SAID_NOTHING: Final[Mapping[Rule, Worded]] = {
    Rule.NETWORK: worded("The client's address is in no network of a region."),
    Rule.LOCATION: worded("Where the client is, is not known."),
    Rule.MEASURED: worded("No round trip to the client's network has been measured."),
}
_VERDICTS: Final[Mapping[Verdict, Worded]] = {
    Verdict.CHOSEN: worded("It serves."),
    Verdict.LOST: worded("It is lost: it did not report when it should have."),
    Verdict.DRAINING: worded("It is drained: it is sent nobody."),
    Verdict.DISTRUSTED: worded("Clients had no luck there: it is sent nobody for a while."),
    Verdict.BUSY: worded("It is busy: it has more than twice the streams of the least busy one, and eight."),
    Verdict.ELSEWHERE: worded("Another one holds the blob."),
    Verdict.OTHER: worded("Another one is this blob's own among those that could serve."),
}


def summary_of(choice: Choice) -> Worded:
    """Who serves."""
    if choice.node is None:
        return _SERVES
    return worded("The node {node} of the region {region} serves.", node=choice.node.name, region=choice.node.region)


def sentence_of(step: Step) -> Worded:
    """What a step found."""
    return _of_region(step) if isinstance(step, RegionStep) else _of_rule(step)


def verdict_of(verdict: Verdict) -> Worded:
    """What is said of a node."""
    return _VERDICTS[verdict]


def _of_rule(step: RuleStep) -> Worded:
    first = step.ranked[0].region if step.ranked else CENTER
    match step.rule:
        case Rule.CENTER:
            return worded("Nothing says where the client is near, so nobody is nearer than the center.")
        case Rule.LOCATION if step.location is not None and not step.decides:
            return worded("The client is at {location}, but no region has a location.", location=step.location)
        case rule if not step.decides:
            return _SAID_NOTHING[rule]
        case Rule.NETWORK if first == CENTER:
            return worded(
                "The client's address is in the network {network}, which is the center's.", network=step.network
            )
        case Rule.NETWORK:
            return worded(
                "The client's address is in the network {network}, which is the region {region}'s.",
                network=step.network,
                region=first,
            )
        case Rule.LOCATION:
            return worded("The client is at {location}: who is nearer is asked first.", location=step.location)
        case _:
            return worded("Round trips to the client's network have been measured: who is faster is asked first.")


def _of_region(step: RegionStep) -> Worded:
    if step.region == CENTER:
        return _SERVES
    if step.chosen is not None:
        return worded("The region {region} serves, by its node {node}.", region=step.region, node=step.chosen.name)
    if not step.weighed:
        return worded("The region {region} has no node.", region=step.region)
    return worded("No node of the region {region} can serve now.", region=step.region)
