"""SQL that keeps the moment of a repository's last change."""

from datetime import datetime

from sqlalchemy import select, update

from entrepot.db.transaction import Writer
from entrepot.registry.tables import repository


async def set_changed(tx: Writer, repository_id: int, at: datetime) -> None:
    """Let the repository have changed at `at`, unless it is known to have changed later.

    Many push to one repository at once, and none of them waits for another: a row that somebody else
    is just changing is skipped, because they set about the same time. Callers do this late in their
    transaction, so that who is skipped for will hardly fail any more.
    """
    free = (
        select(repository.c.id)
        .where(repository.c.id == repository_id)
        .with_for_update(key_share=True, skip_locked=True)  # nothing on SQLite, which has one writer
        .scalar_subquery()
    )
    await tx.run(update(repository).where(repository.c.id == free, repository.c.updated_at < at).values(updated_at=at))
