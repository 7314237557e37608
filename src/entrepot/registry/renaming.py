"""Rename: a repository gets another name in its organization, with all it holds, its permissions and its history.

The old name is free then, and nothing stands there in its place: who pulls by it finds nothing. Robots and patterns
that name it name nothing any more.
"""

from entrepot.access.actor import Actor
from entrepot.access.check import require
from entrepot.access.grants import move_scope
from entrepot.access.levels import Action
from entrepot.jobs.events import publish
from entrepot.registry import reach
from entrepot.registry.events import RepositoryRenamed
from entrepot.registry.queries import names
from entrepot.registry.room import Registry
from entrepot.values.errors import ParameterInvalid, RepositoryExists
from entrepot.values.names import RepositoryName


async def rename_repository(registry: Registry, actor: Actor, path: RepositoryName, new: RepositoryName) -> None:
    """Let the repository at `path` be at `new`, in the same organization.

    Uploads that are open under the old name end there. Raises Unauthenticated, AccessDenied, RepositoryUnknown,
    RepositoryExists, or ParameterInvalid for another organization.
    """
    if new.organization != path.organization:
        raise ParameterInvalid(
            "A repository keeps its organization when it is renamed; copy its images to move them.", field="name"
        )
    async with registry.db.writing() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_DELETE, path)
        await require(tx, actor, Action.REPOSITORY_CREATE, path.organization)
        for one in sorted({path, new}):  # in one order, so that two renames never wait for each other
            await reach.lock_content(tx, one, shared=False)
        row = await reach.existing(tx, actor, Action.REPOSITORY_DELETE, path)
        if new == path:
            return
        if await names.repository_by_path(tx, new) is not None:
            raise RepositoryExists(f"A repository named {new} exists already.")
        now = registry.clock.now()
        await names.rename_repository(tx, row.id, path, new, now)
        await move_scope(tx, path, new)
        renamed = RepositoryRenamed(new, {"path": str(path)})
        await publish(tx, renamed, actor=actor.subject, at=now, domain_id=row.domain_id)
