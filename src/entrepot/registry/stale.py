"""Uploads that nobody finishes, and parts that no upload names any more: forgotten in the background."""

from entrepot.registry.queries import uploads
from entrepot.registry.room import Registry

_BATCH = 100


async def forget_stale_uploads(registry: Registry) -> int:
    """Remove every upload past its time; their number. Safe to run twice, and beside itself."""
    forgotten = 0
    while True:
        async with registry.db.writing() as tx:
            expired = await uploads.expired_uploads(tx, registry.clock.now(), _BATCH)
            keys = [part.key for upload_id in expired for part in await uploads.parts_of(tx, upload_id)]
            for upload_id in expired:
                await uploads.delete_upload(tx, upload_id)
        await registry.blobs.discard_parts(keys)
        forgotten += len(expired)
        if len(expired) < _BATCH:
            break
    return forgotten


async def count_uploads(registry: Registry) -> int:
    """Uploads begun and not yet ended."""
    async with registry.db.reading() as tx:
        return await uploads.open_uploads(tx)


async def sweep_parts(registry: Registry) -> int:
    """Remove parts that no upload names and that are older than an upload may idle; their number.

    They are what a crash left between storing bytes and recording them.
    """
    swept, batch = 0, list[str]()

    async def drop() -> int:
        async with registry.db.reading() as tx:
            needed = await uploads.known_part_keys(tx, batch)
        litter = [key for key in batch if key not in needed]
        await registry.blobs.discard_parts(litter)
        batch.clear()
        return len(litter)

    async for key in registry.blobs.list_parts(registry.settings.upload_idle_seconds):
        batch.append(key)
        if len(batch) >= _BATCH:
            swept += await drop()
    return swept + (await drop() if batch else 0)
