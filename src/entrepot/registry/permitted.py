"""Who may do what with one repository, and because of what: everything that was given and counts for it."""

from collections.abc import Sequence

from entrepot.access.actor import Actor
from entrepot.access.grants import grants_for
from entrepot.access.levels import Action
from entrepot.registry import reach, rules
from entrepot.registry.explaining import Because, named
from entrepot.registry.room import Registry
from entrepot.values.names import RepositoryName


async def list_permissions(
    registry: Registry, actor: Actor, path: RepositoryName, marker: str, limit: int
) -> tuple[Sequence[Because], str | None]:
    """What users, groups, robots, other domains, administrators and everybody were given that counts for a repository.

    On it, its organization, or a pattern it fits; by scope, those after `marker`, and the marker of the next page,
    None at the end. Also what is past its end. Raises Unauthenticated, AccessDenied or RepositoryUnknown.
    """
    scope, _, subject = marker.partition(" ")
    async with registry.db.reading() as tx:
        await reach.existing(tx, actor, Action.REPOSITORY_GRANT, path)
        items, has_more = rules.page(await grants_for(tx, path, (scope, subject), limit + 1), limit)
        found = await named(tx, items)
    return found, f"{items[-1].scope} {items[-1].subject}" if has_more else None
