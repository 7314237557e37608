"""The document of a snapshot, `backup.json`: what it was made of, and every piece that belongs to it.

It holds a checksum of itself, the pieces are named by their digests, and the blobs are those of the dumped table
`blob`. So whoever has the document can tell whether all of it is there, bit by bit.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from entrepot.backups.errors import SnapshotDamaged, SnapshotNewer

FORMAT: Final = 1
DOCUMENT: Final = "backup.json"
KEY: Final = "secret-key"
_KIND: Final = "entrepot backup"
_NAME: Final = "%Y%m%dT%H%M%SZ"
_match_name = re.compile(r"[0-9]{8}T[0-9]{6}Z(?:-[0-9]+)?").fullmatch


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a table: JSON lines, compressed (gzip), under their digest. `size`: as they are stored, in bytes."""

    digest: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class Dumped:
    """A table. `columns`: name and kind (`kinds.py`), in the order of the rows' fields.

    `last_number`: the last number that was given to a row, where the database numbers them; also if that row is gone.
    """

    name: str
    columns: Sequence[tuple[str, str]]
    rows: int
    last_number: int | None
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`migration`: the schema that the dump has. `blobs` and `bytes` of images. `damaged`: blobs that had no bytes, or
    wrong ones, when it was made. `probe`: opens with the right secret key only; `has_key`: that is kept beside it.
    `installation`: its identity; empty in snapshots of the first versions.
    """

    name: str
    made_at: datetime
    version: str
    migration: str
    database: str
    blobs: int
    bytes: int
    has_key: bool
    probe: str
    damaged: Sequence[str]
    tables: Sequence[Dumped]
    installation: str = ""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)

    def table(self, name: str) -> Dumped:
        """Raises SnapshotDamaged if it has none of that name."""
        found = next((table for table in self.tables if table.name == name), None)
        if found is None:
            raise SnapshotDamaged(f"The snapshot {self.name} has no table {name}.")
        return found


def name_at(moment: datetime, taken: Sequence[str]) -> str:
    """The name of a snapshot that is made now: after all that are `taken`, also when the clock was put back since.

    Else the next prune would take it for an old one.
    """
    stamp, number = max([(moment.strftime(_NAME), 0), *(place_of(name) for name in taken if _match_name(name))])
    if not number and stamp not in taken:
        return stamp
    return f"{stamp}-{max(number, 1) + 1}"


def place_of(name: str) -> tuple[str, int]:
    """Where a name stands among others: by its time, then by its number (`20270131T120000Z-2`)."""
    stamp, _, number = name.partition("-")
    return stamp, int(number) if number.isascii() and number.isdigit() else 0


def write(snapshot: Snapshot) -> bytes:
    """The document."""
    fields = {"kind": _KIND, "format": FORMAT, **asdict(snapshot), "made_at": snapshot.made_at.isoformat()}
    return json.dumps({**fields, "checksum": _checksum(fields)}, indent=1).encode()


def read(name: str, document: bytes) -> Snapshot:
    """What a document says. Raises SnapshotDamaged, or SnapshotNewer for a format of the future."""
    try:
        fields = json.loads(document)
        checksum = fields.pop("checksum")
        if fields.pop("kind") != _KIND:
            raise ValueError("another kind of document")
        if fields["format"] > FORMAT:
            raise SnapshotNewer(f"The snapshot {name} was made by entrepot {fields['version']}. Use that version.")
        if checksum != _checksum({"kind": _KIND, **fields}):
            raise ValueError("its checksum is wrong")
        del fields["format"]
        tables = [_table(table) for table in fields.pop("tables")]
        fields["made_at"] = datetime.fromisoformat(fields["made_at"])
        return Snapshot(**{**fields, "name": name}, tables=tables)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotDamaged(f"The document {DOCUMENT} of the snapshot {name} is damaged: {error}.") from error


def _table(fields: dict[str, Any]) -> Dumped:
    columns = [(str(name), str(kind)) for name, kind in fields.pop("columns")]
    pieces = [Piece(**piece) for piece in fields.pop("pieces")]
    return Dumped(**fields, columns=columns, pieces=pieces)


def _checksum(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
