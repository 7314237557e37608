"""Lists: tags of a name in a virtual organization, and what refers to an image, from the member that answers for it.

Images that are too young to be served are listed.
"""

from entrepot.access.actor import Actor
from entrepot.mirror import lists
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual.owning import has_name
from entrepot.mirror.virtual.placing import Place, placed
from entrepot.mirror.virtual.rules import Member
from entrepot.registry.lists import Page, Referrers
from entrepot.values.digest import Digest
from entrepot.values.names import RepositoryName


async def list_tags(mirror: Mirror, actor: Actor, path: RepositoryName, after: str, limit: int) -> Page:
    """Tag names in byte order, those after `after`. Raises Unauthenticated, RepositoryUnknown or VirtualRefused."""
    place = await placed(mirror, actor, path)
    if place is None:
        return await lists.list_tags(mirror, actor, path, after, limit)
    member = await owner_of(mirror, place)
    if member is None:
        raise place.unknown()
    return await lists.list_tags(mirror, place.house(member), member.path(place.name), after, limit)


async def list_referrers(
    mirror: Mirror, actor: Actor, path: RepositoryName, subject: Digest, artifact_type: str | None, after: str
) -> Referrers:
    """What refers to `subject`: nothing does in a repository that no member has.

    Raises Unauthenticated, VirtualRefused, or RepositoryUnknown for a repository the actor may not read.
    """
    place = await placed(mirror, actor, path)
    if place is None:
        return await lists.list_referrers(mirror, actor, path, subject, artifact_type, after)
    member = await owner_of(mirror, place)
    if member is None:
        return Referrers([], None)
    there = member.path(place.name)
    return await lists.list_referrers(mirror, place.house(member), there, subject, artifact_type, after)


async def owner_of(mirror: Mirror, place: Place) -> Member | None:
    """The member that answers for the name. Raises VirtualRefused."""
    if (refusal := place.refusal()) is not None:
        raise refusal
    for member in place.decision.asked:
        if place.decision.is_settled or await has_name(mirror, place, member):
            return member
    return None
