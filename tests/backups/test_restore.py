"""What is restored is what was there, in either database from either, at this version's schema; damage is told."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, insert, make_url, select, text

from entrepot.app import SEALED
from entrepot.backups import loading, places
from entrepot.backups.check import check
from entrepot.backups.dump import dump_table
from entrepot.backups.errors import SnapshotDamaged, SnapshotNewer, SnapshotUnknown
from entrepot.backups.loading import Without, without_sealed
from entrepot.backups.make import LEFT_OUT, Made
from entrepot.backups.pieces import PieceWriter
from entrepot.backups.places import FolderPlace, Place
from entrepot.backups.progress import Silent
from entrepot.backups.restore import restore_blobs
from entrepot.backups.snapshot import Dumped, Snapshot, read, write
from entrepot.blobs.layout import blob_key
from entrepot.blobs.memory import MemoryStore
from entrepot.db.opening import open_database
from entrepot.jobs.tables import event
from entrepot.migrations import SchemaNewer, SchemaPresent, all_tables, created, newest_revision, upgrade
from entrepot.mirror.regions import Account, create_region
from entrepot.values.digest import Digest
from entrepot.values.names import RegionName
from tests.backups.conftest import back_up
from tests.live.postgres import Postgres
from tests.make.cast import Cast

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database in which nothing is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'restored.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.new_database()


async def rows_of(url: str) -> dict[str, list[Any]]:
    """Every row that a dump holds, by table, in order."""
    db = open_database(url)
    try:
        async with db.reading() as tx:
            return {
                table.name: [tuple(row) for row in await tx.rows(select(table).order_by(*table.primary_key))]
                for table in all_tables().sorted_tables
                if table not in LEFT_OUT
            }
    finally:
        await db.close()


async def load(url: str, place: Place, snapshot: Snapshot, without: Without | None = None) -> None:
    numbered = {
        table.name: table.autoincrement_column.name
        for table in all_tables().sorted_tables
        if table.autoincrement_column is not None
    }
    with created(url, snapshot.migration) as connection:
        await loading.load(connection, snapshot, place.blobs, numbered, without or Without(), lambda _count: None)


def execute(url: str, statement: Any) -> Any:
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    with engine.begin() as connection:
        result = connection.execute(statement)
        value = result.scalar() if result.returns_rows else None
    engine.dispose()
    return value


async def test_every_row_is_restored_as_it_was(cast: Cast, place: Place, target: str) -> None:
    before = await rows_of(cast.rooms.operations.place.database)
    made = await back_up(cast.rooms, place)
    await load(target, place, made.snapshot)

    after = await rows_of(target)
    assert after == before
    assert sum(map(bool, after.values())) > 20, "most tables have rows"
    assert made.snapshot.rows == sum(map(len, after.values()))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_without_the_key_all_is_restored_but_what_it_sealed(cast: Cast, place: Place, target: str) -> None:
    await cast.rooms.accounts.keys.current()
    before = await rows_of(cast.rooms.operations.place.database)
    account = Account("we", "a long enough password")
    await create_region(cast.rooms.mirror, cast.rooms.admin, RegionName("sealed-1"), "https://north.example", account)
    made = await back_up(cast.rooms, place)
    sealed = ("signing_key", "access_key", "webhook", "upstream")
    assert all(before[name] for name in sealed)

    without = without_sealed([one.column for one in SEALED], all_tables().sorted_tables)
    await load(target, place, made.snapshot, without)

    region = all_tables().tables["sync_region"]
    assert execute(target, select(func.count(region.c.sealed))) == 0
    assert execute(target, select(func.count()).where(region.c.name == "sealed-1")) == 1
    execute(target, region.delete().where(region.c.name == "sealed-1"))
    execute(target, event.delete().where(event.c.subject == "sealed-1"))
    after = await rows_of(target)
    gone = {name for name, rows in before.items() if rows and not after[name]}
    assert set(sealed) <= gone <= {*sealed, "webhook_delivery", "webhook_lane", "docker_login"}
    assert {name: rows for name, rows in after.items() if name not in gone} == {
        name: rows for name, rows in before.items() if name not in gone
    }


@pytest.mark.parametrize(("database", "target"), [("sqlite", "postgresql"), ("postgresql", "sqlite")], indirect=True)
async def test_no_number_of_a_row_is_given_again(cast: Cast, place: Place, target: str) -> None:
    """Also when the newest event was forgotten: who follows the feed remembers its number."""
    url = cast.rooms.operations.place.database
    last = execute(url, select(func.max(event.c.seq)))
    execute(url, event.delete())
    made = await back_up(cast.rooms, place)
    await load(target, place, made.snapshot)

    fields = {"id": "e", "type": "t", "subject": "s", "actor": "a", "time": AT, "data": {}}
    execute(target, insert(event).values(fields))
    repository = all_tables().tables["repository"]
    highest = execute(target, select(func.max(repository.c.id)))
    tag = all_tables().tables["tag"]
    new = {"repository_id": highest, "name": "x", "digest": "d", "valid_from": AT, "pushed_at": AT, "pushed_by": "p"}
    execute(target, insert(tag).values(new))

    assert execute(target, select(func.max(event.c.seq))) == last + 1
    assert execute(target, select(func.count()).select_from(tag)) == 3


async def test_a_dump_of_an_older_version_is_migrated(place: Place, target: str) -> None:
    writer = PieceWriter(place.blobs)
    await writer.add(b'["d1","old","2026-01-01T00:00:00+00:00"]\n')
    await writer.flush()
    columns = [("id", "text"), ("name", "text"), ("created_at", "time")]
    domain = Dumped("domain", columns, 1, None, writer.pieces)
    snapshot = Snapshot("s", AT, "0.0.1", "0024", "sqlite", 0, 0, False, "", [], [domain])

    await load(target, place, snapshot)
    assert execute(target, text("SELECT version_num FROM alembic_version")) == "0024"
    upgrade(target)

    assert execute(target, text("SELECT version_num FROM alembic_version")) == newest_revision()
    assert (await rows_of(target))["domain"] == [("d1", "old", AT)]


async def test_a_schema_of_the_future_and_a_database_in_use_are_refused(target: str) -> None:
    with pytest.raises(SchemaNewer), created(target, "9999"):
        pytest.fail("it began")
    upgrade(target)
    with pytest.raises(SchemaPresent), created(target, newest_revision()):
        pytest.fail("it began")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_breaks_off_leaves_no_table(place: Place, cast: Cast, target: str) -> None:
    made = await back_up(cast.rooms, place)
    damaged = replace(made.snapshot.table("tag"), pieces=[replace(made.snapshot.table("tag").pieces[0], rows=99)])
    tables = [damaged if table.name == "tag" else table for table in made.snapshot.tables]
    with pytest.raises(SnapshotDamaged, match="tag"):
        await load(target, place, replace(made.snapshot, tables=tables))

    await load(target, place, made.snapshot)
    assert (await rows_of(target))["tag"]


async def test_large_tables_are_dumped_in_pieces_that_stay_when_rows_come_and_go(
    rooms: Any, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = all_tables().tables["blob"]
    monkeypatch.setattr("entrepot.backups.pieces._BYTES_MIN", 20_000)
    monkeypatch.setattr("entrepot.backups.pieces._CUT_MASK", 0x7F)
    numbers = range(12_000)

    async def dump() -> Dumped:
        async with rooms.db.reading() as tx:
            return await dump_table(tx, rooms.db.dialect, blob, place.blobs, lambda _count: None)

    rows = [{"digest": str(Digest.of(str(one).encode())), "size": one, "stored_at": AT} for one in numbers]
    async with rooms.db.writing() as tx:
        await tx.run(insert(blob), rows[:-100])
    first = await dump()
    async with rooms.db.writing() as tx:
        await tx.run(blob.delete().where(blob.c.digest == rows[0]["digest"]))
        await tx.run(insert(blob), rows[-3:])
    second = await dump()

    assert (first.rows, second.rows) == (11_900, 11_902)
    new = {piece.digest for piece in second.pieces} - {piece.digest for piece in first.pieces}
    assert len(first.pieces) > 20
    assert len(new) <= 8, "four rows changed"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_blobs_are_restored_and_those_that_are_there_verified(cast: Cast, place: Place) -> None:
    made = await back_up(cast.rooms, place)
    store, good, bad = MemoryStore(), cast.image.blobs[0], cast.image.blobs[1]
    store._blobs[good.digest] = good.content
    store._blobs[bad.digest] = bytes(len(bad.content))

    copied = await restore_blobs(place, made.snapshot, store, 2, Silent())

    assert copied.blobs == 3
    for blob in (*cast.image.blobs, *cast.open_image.blobs):
        assert store._blobs[blob.digest] == blob.content


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


Damage = Callable[[Path, Made, Cast], object]
DAMAGES: dict[str, tuple[Damage, bool, str]] = {
    "a flipped bit of a blob": (
        lambda folder, _made, cast: flip(folder / blob_key(cast.image.blobs[0].digest)),
        True,
        "is damaged",
    ),
    "a blob cut short": (
        lambda folder, _made, cast: (folder / blob_key(cast.image.blobs[0].digest)).write_bytes(b"x"),
        False,
        "has 1 bytes",
    ),
    "a blob that is missing": (
        lambda folder, _made, cast: (folder / blob_key(cast.image.blobs[0].digest)).unlink(),
        False,
        "is missing",
    ),
    "a flipped bit of the facts": (
        lambda folder, made, _cast: flip(folder / blob_key(Digest.parse(made.snapshot.table("tag").pieces[0].digest))),
        False,
        "table tag is missing or damaged",
    ),
    "blobs that nobody can name": (
        lambda folder, made, _cast: (
            folder / blob_key(Digest.parse(made.snapshot.table("blob").pieces[0].digest))
        ).unlink(),
        False,
        "table blob is missing or damaged",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_damage_is_found(cast: Cast, place: FolderPlace, tmp_path: Path, name: str) -> None:
    made = await back_up(cast.rooms, place)
    damage, only_deep, said = DAMAGES[name]
    damage(tmp_path / "place", made, cast)

    shallow = (await check(place, None, False, Silent())).problems
    deep = (await check(place, None, True, Silent())).problems

    assert [said in problem for problem in deep] == [True]
    assert shallow == ([] if only_deep else deep)
    if "table tag" not in said:
        with pytest.raises(SnapshotDamaged):
            await restore_blobs(place, made.snapshot, MemoryStore(), 2, Silent())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_document_is_believed_only_when_its_checksum_fits(cast: Cast, place: Place) -> None:
    made = await back_up(cast.rooms, place)
    document = write(made.snapshot)
    fields = json.loads(document)

    assert read(made.snapshot.name, document) == made.snapshot
    for wrong in (document.replace(b'"0.', b'"1.').replace(b"1.2.3", b"1.2.4"), document[:-9], b"[]", b"{}"):
        with pytest.raises(SnapshotDamaged):
            read("x", wrong)
    with pytest.raises(SnapshotNewer, match=r"1\.2\.3"):
        read("x", json.dumps({**fields, "format": 2}).encode())
    with pytest.raises(SnapshotUnknown, match=made.snapshot.name):
        await places.load(place, "20000101T000000Z")
