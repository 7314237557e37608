"""Reviews of manifests: what lost its last tag, index or subject goes, and what hangs on it alone goes with it.

A manifest that was never named by anything is never queued, and so never reviewed.
"""

from collections.abc import Collection
from itertools import groupby

from entrepot.db.transaction import Writer
from entrepot.jobs.closing import closed_organizations
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing import metrics
from entrepot.registry import charging, reach
from entrepot.registry.companions import drop_companions
from entrepot.registry.events import ManifestDeleted
from entrepot.registry.queries import content, names
from entrepot.upkeep.pacing import SMALL
from entrepot.upkeep.queries import reviews
from entrepot.upkeep.round import Round


async def review_manifests(round_: Round) -> None:
    """Review every manifest that was dropped before the round's grace time, and what is dropped by that."""
    before, last = round_.dropped_before, None
    while True:
        async with round_.upkeep.db.reading() as tx:
            due = await reviews.due_manifests(tx, before, last, SMALL)
            closed = await closed_organizations(tx)
            # What is closed is not changed: it stays in the queue until it is open again.
            keys = [(row.repository_id, row.digest) for row in due if row.path.partition("/")[0] not in closed]
            paths = await reviews.unneeded_paths(tx, keys, before) if keys else []
        gone = 0
        if keys:
            async with round_.pacer.batch() as tx:
                gone = await _review(tx, round_, keys, paths)
            metrics.gc_reviews.labels("manifest").inc(len(keys))
        if due:
            # What hung on these has waited as long as they have: it stands before them in the queue.
            last = None if gone else due[-1]
        elif last is None or len(due) < SMALL:
            return


async def _review(tx: Writer, round_: Round, keys: Collection[tuple[int, str]], paths: Collection[str]) -> int:
    before = round_.dropped_before
    going = []
    if paths:
        await reach.lock_contents(tx, paths)
        going = [row for row in await reviews.unneeded_manifests(tx, keys, before) if row.path in paths]
    await reviews.settle_manifests(tx, keys, before)
    await content.delete_manifests(tx, [row.id for row in going], before)
    now = round_.upkeep.clock.now()
    for row in going:
        deleted = ManifestDeleted(row.path, row.digest, [])
        await publish(tx, deleted, actor=SYSTEM, at=now, domain_id=row.domain_id, though_closed=True)
    gone = {path: [row.digest for row in rows] for path, rows in groupby(going, lambda row: row.path)}
    for path, digests in gone.items():
        if repository := await names.repository_by_path(tx, path):
            beside = await drop_companions(tx, repository, digests, SYSTEM, now, before)
            await charging.take(tx, repository, tags=-beside)
    await round_.count(tx, manifests_reviewed=len(keys), manifests_deleted=len(going))
    return len(going)
