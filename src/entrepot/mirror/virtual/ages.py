"""How old an image of a mirror is, and whether that is old enough.

What counts is when its digest was first known here, in any mirror, or what its configuration says if that is later.
A digest is noted when it is asked about: so it does not grow younger when a mirror forgets it and fetches it again.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from entrepot.mirror import blobs
from entrepot.mirror.room import Mirror
from entrepot.mirror.virtual import queries
from entrepot.mirror.virtual.placing import Place, refused
from entrepot.mirror.virtual.rules import Age, Member, to_second
from entrepot.registry import pull
from entrepot.values.errors import ManifestInvalid, VirtualRefused, worded
from entrepot.values.image_config import CONFIGS, ImageConfig
from entrepot.values.manifest import Manifest

_KEPT_SECONDS: Final = 86_400.0
_SECOND: Final = timedelta(seconds=1)


async def age_of(mirror: Mirror, place: Place, member: Member, digest: str) -> Age:
    """The age of a manifest that the mirror holds under the name of `place`.

    Raises what fetching its configuration raises, if that is not here.
    """
    now = mirror.clock.now().timestamp()
    known: Age | None = mirror.running.recall(("age", digest), now)
    if known is None:
        known = Age(await _first_known(mirror, digest), await _created(mirror, place, member, digest))
        mirror.running.keep(("age", digest), known, now + _KEPT_SECONDS)
    return known


async def too_young(mirror: Mirror, place: Place, member: Member, digest: str) -> VirtualRefused | None:
    """Why a manifest that the mirror holds is not served yet; None: it may be."""
    if not place.quarantine_seconds:
        return None
    now = mirror.clock.now()
    age = Age(await _first_known(mirror, digest))  # most that are too young need no look at their configuration
    if age.free_at(place.quarantine_seconds) <= now:
        age = await age_of(mirror, place, member, digest)
    free_at = age.free_at(place.quarantine_seconds)
    return None if free_at <= now else _in_quarantine(place, member, digest, age, free_at)


def _in_quarantine(place: Place, member: Member, digest: str, age: Age, free_at: datetime) -> VirtualRefused:
    since, until = to_second(age.counts_from), to_second(free_at + _SECOND)  # not a moment early
    said = worded(
        "{digest} is in the quarantine of {virtual}: it has been known since {since}, and is served from {until} on.",
        digest=digest,
        virtual=place.virtual,
        since=since,
        until=until,
    )
    return refused(place.path, said, "quarantine", digest=digest, since=since, until=until, member=member.name)


async def _first_known(mirror: Mirror, digest: str) -> datetime:
    """Since when the digest is known here; it is noted from now on."""
    async with mirror.db.reading() as tx:
        noted, held = await queries.first_known(tx, digest)
        now = tx.now
    seen_at = min(one for one in (noted, held, now) if one is not None)
    if noted is None:
        async with mirror.db.writing() as tx:
            await queries.note_seen(tx, digest, seen_at)
    return seen_at


async def _created(mirror: Mirror, place: Place, member: Member, digest: str) -> datetime | None:
    """What the configuration of an image says; None of what has none: an index, a chart, a signature."""
    path = member.path(place.name)
    async with mirror.db.reading() as tx:
        row = await queries.manifest_at(tx, path, digest)
    if row is None:
        return None
    config = Manifest.parse(row.body, row.media_type, mirror.registry.settings.manifest).config
    if config is None or config.media_type not in CONFIGS or config.size > mirror.registry.settings.config_bytes_max:
        return None
    found = await blobs.find_blob(mirror, place.house(member), path, config.digest, with_bytes=True)
    read = found.fetch.read if found.fetch is not None else partial(pull.open_blob, mirror.registry, config.digest)
    body = await _whole(read(0, found.size))
    try:
        return ImageConfig.parse(body).created_at
    except ManifestInvalid:
        return None


async def _whole(chunks: AsyncGenerator[bytes, None]) -> bytes:
    async with aclosing(chunks) as given:
        return b"".join([chunk async for chunk in given])
