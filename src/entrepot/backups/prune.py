"""Prune: old snapshots go, and then the bytes that no snapshot names any more."""

from collections.abc import Sequence

from entrepot.backups import places
from entrepot.backups.known import Known, in_batches
from entrepot.backups.pieces import read_rows
from entrepot.backups.places import Place
from entrepot.backups.snapshot import KEY, Snapshot
from entrepot.registry.tables import blob


async def prune(place: Place, keep: int) -> tuple[Sequence[str], int]:
    """Keep the `keep` newest snapshots; the names of those that went, and how many bytes.

    A snapshot goes before its bytes, so that one is never half there. Bytes go only after every snapshot that stays was
    read whole: a damaged one raises SnapshotDamaged, and nothing more is removed.
    """
    names = await places.snapshots(place)
    gone, kept = names[:-keep], names[-keep:]
    for name in gone:
        await place.remove(places.path_of(name))
        await place.remove(places.path_of(name, KEY))
    for path in await place.names(places.SNAPSHOTS):
        if path.split("/")[1] not in names:
            await place.remove(path)  # a key, above all, of a snapshot that was never made, or never wholly removed
    wanted, freed = Known(), 0
    try:
        read: set[str] = set()
        for name in kept:
            await _want(place, await places.load(place, name), wanted, read)
        async for batch in in_batches(place.blobs.list()):
            unwanted = [(digest, size) for digest, size in batch if wanted.size(str(digest)) is None]
            await place.blobs.delete([digest for digest, _ in unwanted])
            freed += sum(size for _, size in unwanted)
    finally:
        wanted.close()
    return gone, freed


async def _want(place: Place, snapshot: Snapshot, wanted: Known, read: set[str]) -> None:
    wanted.add((piece.digest, piece.size) for table in snapshot.tables for piece in table.pieces)
    dumped = snapshot.table(blob.name)
    for piece in dumped.pieces:
        if piece.digest not in read:
            read.add(piece.digest)
            rows = await read_rows(place.blobs, dumped, piece)
            wanted.add((digest, size) for digest, size, *_ in rows)
