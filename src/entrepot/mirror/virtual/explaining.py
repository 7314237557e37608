"""Explaining: which member of a virtual organization answers for an image, and why; or which rule refuses it.

It asks as a pull does, upstreams included, and changes nothing but what mirrors hold of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from entrepot.access.actor import Actor
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual.ages import age_of
from entrepot.mirror.virtual.definitions import reached
from entrepot.mirror.virtual.lists import owner_of
from entrepot.mirror.virtual.placing import Place, place_in
from entrepot.mirror.virtual.pulls import answered
from entrepot.mirror.virtual.rules import Member, Why, to_second
from entrepot.values.accept import Accept
from entrepot.values.errors import (
    EntrepotError,
    ManifestUnknown,
    RemoteRefused,
    RemoteUnreachable,
    RepositoryUnknown,
    Unauthenticated,
    VirtualRefused,
    worded,
)
from entrepot.values.names import OrganizationName, RepositoryName
from entrepot.values.reference import Reference

_EVERYTHING: Final = Accept.parse([])


class Outcome(StrEnum):
    """`older`: what a tag named before is served, as what it names is too young. `away`: a registry does not answer, so
    nobody behind it in the order is asked."""

    SERVED = "served"
    OLDER = "older"
    REFUSED = "refused"
    ABSENT = "absent"
    AWAY = "away"


class Verdict(StrEnum):
    """Of one member. `absent`: it does not have the name. `not_asked`: another one answers, or nobody is asked."""

    ANSWERS = "answers"
    ABSENT = "absent"
    REFUSED = "refused"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class Said:
    """What is with one member. `rule`: which of its rules refuses the name."""

    organization: str
    is_mirror: bool
    verdict: Verdict
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """`organization`: the member that answers, `path` the repository there; empty, when nobody does. `why` in words.

    `digest`: what is served. `known_since`, `created_at`: what its age counts from; of images of mirrors, where there
    is a quarantine. `free_at`: when something that is refused will be served, if that is a matter of time.
    """

    path: RepositoryName
    outcome: Outcome
    why: str
    members: Sequence[Said]
    organization: str = ""
    there: str = ""
    digest: str = ""
    known_since: datetime | None = None
    created_at: datetime | None = None
    free_at: str = ""


async def explain(
    mirror: Mirror, actor: Actor, virtual: OrganizationName, path: RepositoryName, reference: Reference | None
) -> Explained:
    """What a pull of `path` would be given; without a reference, whose the name is.

    For who may read the virtual organization, and for operators. Raises Unauthenticated, AccessDenied or
    VirtualUnknown.
    """
    if actor.is_anonymous:
        raise Unauthenticated
    async with mirror.db.reading() as tx:
        place = await place_in(tx, await reached(tx, actor, virtual), path)
    try:
        return await (_owned(mirror, place) if reference is None else _pulled(mirror, place, reference))
    except VirtualRefused as error:
        found = _without(place, Outcome.REFUSED, error)
        return replace(found, free_at=str(error.detail.get("until", "")), digest=str(error.detail.get("digest", "")))
    except (ManifestUnknown, RepositoryUnknown) as error:
        return _without(place, Outcome.ABSENT, error)
    except (RemoteUnreachable, RemoteRefused) as error:
        return _without(place, Outcome.AWAY, error)


async def _owned(mirror: Mirror, place: Place) -> Explained:
    owner = await owner_of(mirror, place)
    if owner is None or not (owner.holds or owner.is_mirror):
        raise place.unknown()
    return _answer(place, owner)


async def _pulled(mirror: Mirror, place: Place, reference: Reference) -> Explained:
    answer = await answered(mirror, place, reference, _EVERYTHING)
    member, digest = answer.member, answer.served.found.digest
    found = replace(_answer(place, member), digest=digest)
    if answer.young is not None:
        free_at = str(answer.young.detail["until"])
        found = replace(found, outcome=Outcome.OLDER, why=answer.young.message, free_at=free_at)
    if not member.is_mirror or not place.quarantine_seconds:
        return found
    age = await age_of(mirror, place, member, digest)
    return replace(found, known_since=age.seen_at, created_at=age.created_at)


def _answer(place: Place, member: Member) -> Explained:
    if place.decision.why is Why.HOLDS:
        why = worded("{member} holds {name} itself, so nobody else is asked.", member=member.name, name=place.name)
    elif place.bound is not None:
        since = to_second(place.bound.since)
        why = worded(
            "{name} has belonged to {member} since it was pulled first, at {since}.",
            name=place.name,
            member=member.name,
            since=since,
        )
    else:
        why = worded("{member} is the first, in order, that has {name}.", member=member.name, name=place.name)
    there = member.path(place.name)
    return Explained(place.path, Outcome.SERVED, why, _members(place, member.name), member.name, there)


def _without(place: Place, outcome: Outcome, error: EntrepotError) -> Explained:
    """Nobody gives it."""
    said = str(error.detail.get("member", ""))
    return Explained(place.path, outcome, error.message, _members(place, said, outcome), said)


def _members(place: Place, answering: str, outcome: Outcome = Outcome.SERVED) -> Sequence[Said]:
    """What is with each member, when one of them, or nobody, answered."""
    said = []
    is_over = place.decision.is_settled or place.decision.is_refused or outcome is Outcome.AWAY
    for one in place.members:
        rule = one.refusing(place.rules, place.name)
        if one.name == answering:
            verdict, is_over = Verdict.ANSWERS, True
        elif rule and (one.is_mirror or one.holds):
            verdict = Verdict.REFUSED
        elif not one.is_mirror and not one.holds:
            verdict = Verdict.ABSENT
        else:
            verdict = Verdict.NOT_ASKED if is_over or not one.is_mirror else Verdict.ABSENT
        said.append(Said(one.name, one.is_mirror, verdict, rule if verdict is Verdict.REFUSED else ""))
    return said
