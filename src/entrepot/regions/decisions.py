"""Decisions: whether somebody may pull a repository, told to an edge, signed, and good for seconds.

So a right that is taken away ends at every edge as soon as its decision has; and an edge that is cut off goes on by
what it was told, for as long as it is told.
"""

from typing import Any, Final

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.accounts import jwts
from entrepot.accounts.jwts import Kind
from entrepot.regions.reports import edge_of
from entrepot.regions.room import Regions
from entrepot.registry import reach
from entrepot.values.digest import Digest
from entrepot.values.names import RepositoryName

DECISION: Final = Kind("decision+jwt", "/edges")
SENT_ON: Final = Kind("blob+jwt", "/edges")
"""What a client shows that was sent on to an edge for one blob."""


async def decide(regions: Regions, secret: str, actor: Actor, path: RepositoryName) -> str:
    """A decision for the edge that shows `secret`: the actor may pull what is called `path`.

    Raises what a pull raises that is refused: Unauthenticated, AccessDenied or RepositoryUnknown.
    """
    async with regions.db.reading() as tx:
        row = await edge_of(tx, secret)
        await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
    claims: dict[str, Any] = {
        "sub": actor.id,
        "edge": row.id,
        "path": path,
        "offline": regions.settings.offline_seconds,
    }
    return await jwts.sign(regions.accounts, DECISION, claims, regions.settings.decision_seconds)


async def permit_blob(regions: Regions, edge_id: str, path: str, digest: Digest | str) -> str:
    """What lets whoever shows it have one blob from one edge, for as long as `url_seconds`."""
    claims = {"edge": edge_id, "path": path, "digest": str(digest)}
    return await jwts.sign(regions.accounts, SENT_ON, claims, regions.settings.url_seconds)
