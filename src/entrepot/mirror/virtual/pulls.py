"""Pulls: a manifest or a blob, from the member of a virtual organization that answers for its name.

What an organization that is none holds, or mirrors, is found as ever (`mirror.manifests`, `mirror.blobs`).
"""

from dataclasses import dataclass, replace
from typing import Final

from entrepot.access.actor import Actor
from entrepot.mirror import blobs, manifests
from entrepot.mirror.blobs import FoundBlob
from entrepot.mirror.manifests import Served
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual import queries
from entrepot.mirror.virtual.ages import too_young
from entrepot.mirror.virtual.owning import has_name
from entrepot.mirror.virtual.placing import Place, keep_place, placed
from entrepot.mirror.virtual.rules import Member
from entrepot.plumbing import metrics
from entrepot.registry import pull
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import (
    BlobUnknown,
    EntrepotError,
    ManifestUnknown,
    RepositoryUnknown,
    VirtualRefused,
    worded,
)
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference

_HISTORY_MAX: Final = 50
"""What a tag named before that is looked at for something old enough."""
_NAMING_MAX: Final = 50
"""Manifests with a blob of which one has to be old enough."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a member answered. `young`: what was asked for is this, and too young, so that what the tag named before is
    served."""

    member: Member
    served: Served
    young: VirtualRefused | None = None


async def find_manifest(
    mirror: Mirror, actor: Actor, path: RepositoryName, reference: Reference, accept: Accept
) -> Served:
    """The manifest that `reference` names, as `mirror.manifests.find_manifest` finds it, or a member has it.

    Raises what that raises, and VirtualRefused when a rule refuses the name, or the image is too young.
    """
    place = await placed(mirror, actor, path)
    if place is None:
        return await manifests.find_manifest(mirror, actor, path, reference, accept)
    try:
        answer = await answered(mirror, place, reference, accept)
    except VirtualRefused:
        metrics.virtual_answers.labels("refused").inc()
        raise
    except (ManifestUnknown, RepositoryUnknown):
        metrics.virtual_answers.labels("absent").inc()
        raise
    await keep_place(mirror, place, answer.member)
    source = "mirror" if answer.member.is_mirror else "local"
    metrics.virtual_answers.labels("older" if answer.young else source).inc()
    return replace(
        answer.served,
        path=answer.member.path(place.name),
        warning=_warning(answer.young) if answer.young else "",
    )


async def answered(mirror: Mirror, place: Place, reference: Reference, accept: Accept) -> Answer:
    """Which member answers, and what. Raises what `find_manifest` raises."""
    if (refusal := place.refusal()) is not None:
        raise refusal
    for member in place.decision.asked:
        path, house = member.path(place.name), place.house(member)
        try:
            served = await manifests.find_manifest(mirror, house, path, reference, accept)
        except (ManifestUnknown, RepositoryUnknown) as error:
            if place.decision.is_settled or await has_name(mirror, place, member):
                raise _unknown(place, member, reference) from error
            continue
        if not member.is_mirror:
            return Answer(member, served)
        young = await too_young(mirror, place, member, served.found.digest)
        if young is None:
            return Answer(member, served)
        older = await _older(mirror, place, member, reference, accept) if isinstance(reference, TagName) else None
        if older is None:
            raise young
        return Answer(member, older, young)
    raise place.unknown()


async def _older(mirror: Mirror, place: Place, member: Member, tag: TagName, accept: Accept) -> Served | None:
    """The newest of what a tag named before that is old enough, and that the client takes."""
    path = member.path(place.name)
    async with mirror.db.reading() as tx:
        digests = await queries.held_under(tx, path, tag, _HISTORY_MAX)
    for digest in digests[1:]:
        if await too_young(mirror, place, member, digest) is None:
            try:
                found = await pull.find_manifest(
                    mirror.registry, place.house(member), path, Digest.parse(digest), accept
                )
            except ManifestUnknown:
                continue
            return Served(found)
    return None


async def find_blob(
    mirror: Mirror, actor: Actor, path: RepositoryName, digest: Digest, *, with_bytes: bool
) -> FoundBlob:
    """A blob, as `mirror.blobs.find_blob` finds it, or a member has it: of a mirror, one that a manifest names which
    may be served.

    Raises what that raises, and VirtualRefused.
    """
    place = await placed(mirror, actor, path)
    if place is None:
        return await blobs.find_blob(mirror, actor, path, digest, with_bytes=with_bytes)
    if (refusal := place.refusal()) is not None:
        raise refusal
    for member in place.decision.asked:
        if await _may_be_asked(mirror, place, member, digest):
            there = member.path(place.name)
            found = await blobs.find_blob(mirror, place.house(member), there, digest, with_bytes=with_bytes)
            return replace(found, path=there)
    if place.decision.asked:
        raise BlobUnknown(digest=str(digest))
    raise place.unknown()


async def _may_be_asked(mirror: Mirror, place: Place, member: Member, digest: Digest) -> bool:
    """Whether a member is asked for a blob. Raises VirtualRefused when only images that are too young have it."""
    if not member.is_mirror:
        return True
    async with mirror.db.reading() as tx:
        naming = await queries.manifests_naming(tx, member.path(place.name), str(digest), _NAMING_MAX)
    young: EntrepotError | None = None
    for one in naming:
        young = await too_young(mirror, place, member, one)
        if young is None:
            return True
    if young is not None:
        raise young
    return False


def _unknown(place: Place, member: Member, reference: Reference) -> ManifestUnknown:
    said = worded(
        "{path} has no manifest {reference}: the name is that of {member}, and nobody else is asked for it.",
        path=place.path,
        reference=reference,
        member=member.name,
    )
    return ManifestUnknown(said, reference=str(reference), member=member.name)


def _warning(young: VirtualRefused) -> str:
    return f"{young.message} This is what the tag named before."
