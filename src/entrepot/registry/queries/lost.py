"""SQL about blobs whose bytes were found missing or wrong: nobody relies on them until they come again."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, literal_column, select

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import blob, blob_finding

UNLINKED = "unlinked"
"""The one kind of finding that says nothing of the bytes."""

_OF_BYTES = blob_finding.c.kind != literal_column(f"'{UNLINKED}'")  # no parameter: hot reads have their own alone
_MENDED = (
    delete(blob_finding)
    .where(blob_finding.c.digest == bindparam("of"), _OF_BYTES)
    .returning(blob_finding.c.kind, blob_finding.c.found_at)
)


def is_lost(digest: ColumnElement[Any]) -> ColumnElement[bool]:
    """A condition: the bytes of the blob were found missing or wrong."""
    return select(blob_finding.c.digest).where(blob_finding.c.digest == digest, _OF_BYTES).exists()


async def count(tx: Reader, most: int) -> int:
    """How many blobs something was found of, `most` counted."""
    found = select(blob_finding.c.digest).limit(most).subquery()
    return int(await tx.value(select(func.count()).select_from(found)))


async def mend(tx: Writer, digest: str) -> str | None:
    """The bytes are there again, verified: what was found of them, None as a rule. The transaction holds the blob."""
    gone = await tx.row(_MENDED, {"of": digest})
    return None if gone is None else str(gone.kind)


async def set_apart(tx: Reader, digests: Collection[str]) -> set[str]:
    """Those of the digests whose bytes are wrong, and are kept for people to look at."""
    wrong = select(blob_finding.c.digest).where(among(blob_finding.c.digest, digests), _OF_BYTES)
    return {row.digest for row in await tx.rows(wrong)}


async def forget_gone(tx: Writer, digests: Collection[str]) -> list[Row[Any]]:
    """Forget what was found of digests that are no blobs any more: digest, kind."""
    is_blob = select(blob.c.digest).where(blob.c.digest == blob_finding.c.digest).exists()
    gone = among(blob_finding.c.digest, digests), _OF_BYTES, ~is_blob
    found = list(await tx.rows(select(blob_finding.c.digest, blob_finding.c.kind).where(*gone)))
    if found:
        await tx.run(delete(blob_finding).where(*gone))
    return found
