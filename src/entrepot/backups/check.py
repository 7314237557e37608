"""Check: whether a snapshot is whole. Every piece of the dump is read; every blob is there with its size, or with its
digest when it is looked at deeply.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from entrepot.backups import places
from entrepot.backups.copying import is_whole
from entrepot.backups.errors import SnapshotDamaged
from entrepot.backups.known import known_in
from entrepot.backups.pieces import read_rows, rows_in
from entrepot.backups.places import Place
from entrepot.backups.progress import Phase, Progress
from entrepot.backups.snapshot import KEY, Snapshot
from entrepot.registry.tables import blob
from entrepot.values.digest import Digest

PROBLEMS_MAX: Final = 1_000


@dataclass(slots=True)
class Checked:
    """`problems`: sentences, the first thousand. What the installation itself did not have is none of them."""

    snapshot: Snapshot
    blobs: int = 0
    bytes: int = 0
    problems: list[str] = field(default_factory=list)

    def find(self, problem: str) -> None:
        if len(self.problems) < PROBLEMS_MAX:
            self.problems.append(problem)


async def check(place: Place, name: str | None, is_deep: bool, progress: Progress) -> Checked:
    """Check a snapshot, the newest when none is named. Raises SnapshotUnknown, SnapshotDamaged (for its document),
    SnapshotNewer, and what the store raises.
    """
    snapshot = await places.load(place, name)
    checked = Checked(snapshot)
    progress.begin(Phase.FACTS, snapshot.rows)
    await _check_tables(place, snapshot, checked, progress)
    if snapshot.has_key and await place.read(places.path_of(snapshot.name, KEY)) is None:
        checked.find("The secret key is missing.")
    progress.begin(Phase.CHECK, snapshot.bytes)
    known = await known_in(place.blobs)
    try:
        async for digest, size in blobs_of(place, snapshot):
            checked.blobs, checked.bytes = checked.blobs + 1, checked.bytes + size
            await _check_blob(place, digest, (size, known.size(str(digest))), is_deep, checked, progress)
    except SnapshotDamaged:
        assert checked.problems, "it was found with the tables"
    finally:
        known.close()
    return checked


async def _check_tables(place: Place, snapshot: Snapshot, checked: Checked, progress: Progress) -> None:
    for table in snapshot.tables:
        for piece in table.pieces:
            try:
                await read_rows(place.blobs, table, piece)
            except SnapshotDamaged as error:
                checked.find(error.message)
            progress.add(piece.rows)


async def _check_blob(
    place: Place, digest: Digest, sizes: tuple[int, int | None], is_deep: bool, checked: Checked, progress: Progress
) -> None:
    size, found = sizes
    if found is None:
        checked.find(f"The blob {digest} is missing.")
    elif found != size:
        checked.find(f"The blob {digest} has {found} bytes; it should have {size}.")
    elif is_deep and not await is_whole(place.blobs, digest, progress.add):
        checked.find(f"The blob {digest} is damaged.")
    if not is_deep:
        progress.add(size)


async def blobs_of(place: Place, snapshot: Snapshot) -> AsyncIterator[tuple[Digest, int]]:
    """The blobs that a snapshot has, and their sizes. Raises SnapshotDamaged."""
    damaged = set(snapshot.damaged)
    async for digest, size, *_ in rows_in(place.blobs, snapshot.table(blob.name)):
        if digest not in damaged:
            yield Digest.parse(digest), size
