"""Owning: whether a mirror's upstream has a repository at all, though not the tag that is asked for.

A name belongs to the first member that has it: another one must not add to its tags.
"""

from entrepot.mirror.manifests import HIDDEN
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import source_of
from entrepot.mirror.virtual.placing import Place
from entrepot.mirror.virtual.rules import Member
from entrepot.remote.lists import list_tags
from entrepot.remote.session import Remote
from entrepot.values.errors import RemoteRefused


async def has_name(mirror: Mirror, place: Place, member: Member) -> bool:
    """Whether the member has a repository of the name. Raises RemoteUnreachable, or RemoteRefused when it does not
    say."""
    if member.holds or not member.is_mirror:
        return member.holds
    path = member.path(place.name)
    key, now = ("has", path), mirror.clock.now().timestamp()
    known: bool | None = mirror.running.recall(key, now)
    if known is not None:
        return known
    source = await source_of(mirror, member.name)
    if source is None:
        return False
    name = source.name_there(path)

    async def ask(remote: Remote) -> bool:
        async for _ in list_tags(remote, name):
            return True
        return False  # some registries know every name

    try:
        found = await mirror.running.together(key, lambda: source.ask(ask))
    except RemoteRefused as error:
        if error.status not in HIDDEN:
            raise
        found = False
    mirror.running.keep(key, found, now + source.policy.absent_seconds)
    return found
