"""Removing: a tag that was copied goes with what it was copied from, if it still names what was copied."""

from entrepot.access.actor import Actor
from entrepot.mirror.copying import check_account
from entrepot.mirror.own_shelf import OwnShelf
from entrepot.mirror.reasons import Existed, Place, TagBack
from entrepot.registry.remove import delete_tag
from entrepot.registry.room import Registry
from entrepot.remote.manifests import delete_manifest, digest_of
from entrepot.remote.session import Remote, pull_scope, push_scope
from entrepot.values.digest import Digest
from entrepot.values.errors import RepositoryUnknown, worded
from entrepot.values.names import RepositoryName, TagName


async def remove_there(own: OwnShelf, tag: TagName, copied: Digest, remote: Remote, place: Place) -> None:
    """Delete a tag of ours that is gone from a region. One that is gone there, too, is fine.

    Raises TagBack when it is a tag of ours again, Existed when it names something else there, AccountRefused,
    RemoteRefused, RemoteUnreachable, and what the shelf raises.
    """
    await check_account(remote)
    if await own.digest(tag) is not None:
        raise TagBack
    there = await digest_of(remote, place.name, tag, push_scope(place.name))
    if there not in (None, copied):
        raise Existed(
            worded(
                "{name}:{tag} is another image at {region} by now ({there}), and was left alone.",
                name=place.name,
                tag=tag,
                region=place.region,
                there=there,
            )
        )
    if there is not None:
        await delete_manifest(remote, place.name, tag)


async def remove_here(
    registry: Registry, house: Actor, path: RepositoryName, tag: TagName, copied: Digest, remote: Remote, place: Place
) -> None:
    """Delete a tag here that is gone at the region it came from. One that is gone here, too, is fine.

    Raises TagBack when the region has it again, Existed when it names something else here, AccountRefused,
    RemoteRefused, RemoteUnreachable, and what the registry's verbs raise, as TagImmutable.
    """
    await check_account(remote)
    if await digest_of(remote, place.name, tag, pull_scope(place.name)) is not None:
        raise TagBack
    try:
        here = await OwnShelf(registry, house, path).digest(tag)
    except RepositoryUnknown:
        return
    if here not in (None, copied):
        raise Existed(
            worded(
                "{name}:{tag} is another image here by now ({here}), and was left alone.",
                name=path,
                tag=tag,
                here=here,
            )
        )
    if here is not None:
        await delete_tag(registry, house, path, tag)
