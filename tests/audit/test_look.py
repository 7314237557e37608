"""Looking at events: who sees which, what fits, and pages that are the whole, each walking an index."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from sqlalchemy import text

from entrepot.access.actor import ANONYMOUS, Actor, Bound
from entrepot.access.grants import Grant, set_grant
from entrepot.access.levels import Level
from entrepot.accounts.queries import people
from entrepot.audit.look import list_events, list_numbered, read_all, read_on
from entrepot.audit.settings import AuditSettings
from entrepot.audit.wanted import Result, Wanted, cursor_of, parse_cursor
from entrepot.jobs.events import Event, publish
from entrepot.jobs.feed import Position
from entrepot.registry.organizations import delete_organization
from entrepot.values.errors import AccessDenied, OrganizationUnknown, ParameterInvalid, Unauthenticated
from entrepot.values.names import OrganizationName
from tests.make.fresh import fresh_url
from tests.make.plans import asked, scans
from tests.make.rooms import Rooms, open_rooms

ACME, LAB = OrganizationName("acme"), OrganizationName("lab")


@dataclass(frozen=True, slots=True)
class Seen(Event):
    type: ClassVar[str] = "test.seen"

    @property
    def organization(self) -> str:
        return self.subject.partition("/")[0] if "/" in self.subject else ""


@dataclass(frozen=True, slots=True)
class Denied(Seen):
    type: ClassVar[str] = "test.refused"


async def tell(
    rooms: Rooms, *events: Event, actor: str = "system", domain_id: str = "", at: datetime | None = None
) -> None:
    async with rooms.db.writing() as tx:
        await publish(tx, *events, actor=actor, at=at or rooms.clock.now(), domain_id=domain_id)


async def subjects(rooms: Rooms, actor: Actor, **wanted: Any) -> list[str]:
    page = await list_events(rooms.audit, actor, Wanted(**{"type": "test.*"} | wanted))
    return [told.event.subject for told in page.items]


async def other_domain(rooms: Rooms) -> Actor:
    """The administrator of a second domain."""
    async with rooms.db.writing() as tx:
        await people.save_domain(tx, "d2", "second", rooms.clock.now())
    return replace(rooms.admin, id="other", name="other", domain_id="d2", subjects=("*", "user:other", "admins:d2"))


async def test_operators_see_everything_administrators_their_domain_managers_their_organization(rooms: Rooms) -> None:
    other = await other_domain(rooms)
    await rooms.organization("acme")
    mary, rita = await rooms.user("mary"), await rooms.user("rita")
    await rooms.grant("acme", "mary", Level.MANAGE)
    await rooms.grant("acme", "rita", Level.EDIT)
    own = rooms.admin.domain_id
    await tell(rooms, Seen("acme/app"), Seen("lab/app"), domain_id=own)
    await tell(rooms, Seen("nobody's"))
    await tell(rooms, Seen("acme/stolen"), Seen("theirs"), domain_id="d2")

    assert await subjects(rooms, rooms.admin) == ["theirs", "acme/stolen", "nobody's", "lab/app", "acme/app"]
    assert await subjects(rooms, rooms.admin, organization=ACME) == ["acme/stolen", "acme/app"]
    assert await subjects(rooms, other) == ["theirs", "acme/stolen"]
    assert await subjects(rooms, mary, organization=ACME) == ["acme/app"]

    for actor, organization, refused in (
        (ANONYMOUS, None, Unauthenticated),
        (ANONYMOUS, ACME, Unauthenticated),
        (mary, None, AccessDenied),
        (mary, LAB, OrganizationUnknown),
        (rita, None, AccessDenied),
        (rita, ACME, AccessDenied),
        (replace(rooms.admin, limits={}), ACME, AccessDenied),
        (replace(rooms.admin, bounds=(Bound("lab/*", Level.MANAGE),)), None, AccessDenied),
        (replace(rooms.admin, bounds=(Bound("lab/*", Level.MANAGE),)), ACME, OrganizationUnknown),
    ):
        for look in (list_events, read_on):
            with pytest.raises(refused):
                await look(rooms.audit, actor, Wanted(organization=organization))


async def test_managers_do_not_see_what_happened_under_the_name_before(rooms: Rooms) -> None:
    await rooms.organization("acme")
    await tell(rooms, Seen("acme/before"), domain_id=rooms.admin.domain_id)
    await delete_organization(rooms.registry, rooms.admin, ACME)
    rooms.clock.advance(seconds=1)
    await rooms.organization("acme")
    mary = await rooms.user("mary")
    await rooms.grant("acme", "mary", Level.MANAGE)
    await tell(rooms, Seen("acme/after"), domain_id=rooms.admin.domain_id)

    assert await subjects(rooms, mary, organization=ACME) == ["acme/after"]
    assert await subjects(rooms, rooms.admin, organization=ACME) == ["acme/after", "acme/before"]


async def test_what_is_asked_for_fits_in_every_way(rooms: Rooms) -> None:
    ann, begin = await rooms.user("ann"), rooms.clock.now()
    for hour, (one, actor) in enumerate(
        ((Seen("acme/a"), ann.subject), (Denied("acme/a"), "*"), (Seen("acme/b"), "system"), (Denied("c"), ann.subject))
    ):
        await tell(rooms, one, actor=actor, at=begin + timedelta(hours=hour))

    async def found(**wanted: Any) -> list[str]:
        page = await list_events(rooms.audit, rooms.admin, Wanted(**{"type": "test.*"} | wanted))
        return [f"{told.event.type[5:]} {told.event.subject}" for told in page.items]

    everything = ["refused c", "seen acme/b", "refused acme/a", "seen acme/a"]
    assert await found() == everything
    assert await found(type="test.seen") == ["seen acme/b", "seen acme/a"]
    assert await found(type="test.se") == []
    assert (
        await found(without=("test.seen",)) == await found(types=("test.refused",)) == ["refused c", "refused acme/a"]
    )
    assert await found(result=Result.REFUSED) == ["refused c", "refused acme/a"]
    assert await found(result=Result.DONE) == ["seen acme/b", "seen acme/a"]
    assert await found(subject="acme/a") == ["refused acme/a", "seen acme/a"]
    assert await found(subject="acme/a", actor="*") == ["refused acme/a"]
    assert await found(actor="ann") == await found(actor="default/ann") == ["refused c", "seen acme/a"]
    assert await found(actor=ann.subject, organization=ACME) == ["seen acme/a"]
    assert await found(actor="nobody") == await found(actor="second/ann") == []
    assert await found(address="192.0.2.1") == await found(credential="password") == []
    for since, until, expected in ((1, None, everything[:3]), (None, 1, everything[3:]), (1, 3, everything[1:3])):
        span = {
            "since": None if since is None else begin + timedelta(hours=since),
            "until": None if until is None else begin + timedelta(hours=until),
        }
        assert await found(**span) == expected


async def test_an_event_is_told_with_names_while_there_are_any(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    await tell(rooms, Seen("a"), actor=ann.subject, domain_id=ann.domain_id)
    await tell(rooms, Seen("b"), actor="user:gone", domain_id="gone")

    gone, there = (await list_events(rooms.audit, rooms.admin, Wanted(type="test.seen"))).items

    assert (there.actor_name, there.domain_name) == ("ann", "default")
    assert (gone.actor_name, gone.domain_name) == ("", "")


@pytest.mark.parametrize(("looked_at_max", "at_once"), [(2, 500), (3, 2), (5, 1), (100, 7), (100, 500)])
async def test_pages_put_together_are_the_whole_however_little_a_question_may_look_at(
    rooms: Rooms, looked_at_max: int, at_once: int
) -> None:
    audit = replace(rooms.audit, settings=AuditSettings(looked_at_max=looked_at_max, looked_at_once=at_once))
    for number in range(20):
        await tell(rooms, Seen(f"{number:02}") if number % 4 == 0 else Denied(f"{number:02}"))
    every_fourth, backwards = [f"{number:02}" for number in range(0, 20, 4)], list[str]()

    before = None
    while True:
        page = await list_events(audit, rooms.admin, Wanted(type="test.seen"), before, 2)
        assert len(page.items) <= 2
        backwards += [told.event.subject for told in page.items]
        if page.after is None:
            break
        before = parse_cursor(cursor_of(page.after))
    first = await read_on(audit, rooms.admin, Wanted(type="test.seen"), limit=2)
    forwards = [told.event.subject async for told in read_all(audit, rooms.admin, Wanted(type="test.seen"), first)]

    assert backwards == every_fourth[::-1]
    assert forwards == every_fourth


@pytest.mark.parametrize("at_once", [1, 3, 8, 500])
async def test_numbered_pages_are_of_the_newest_events_only_in_whatever_pieces_they_are_looked_at(
    rooms: Rooms, at_once: int
) -> None:
    audit = replace(rooms.audit, settings=AuditSettings(looked_at_max=12, looked_at_once=at_once))
    for number in range(20):
        await tell(rooms, Seen(f"{number:02}") if number % 4 == 0 else Denied(f"{number:02}"))
    newest = [f"{number:02}" for number in (16, 12, 8)]

    for wanted, subjects in ((Wanted(type="test.seen"), newest), (Wanted(), [f"{n:02}" for n in range(19, 7, -1)])):
        for limit in (1, 2, 5, 100):
            pages = [await list_numbered(audit, rooms.admin, wanted, at, limit) for at in range(0, 14, limit)]
            assert {total for _, total in pages} == {len(subjects)}
            assert [told.event.subject for rows, _ in pages for told in rows] == subjects


async def test_whoever_reads_on_goes_on_where_they_were(rooms: Rooms) -> None:
    await tell(rooms, Seen("one"), Seen("two"))
    first = await read_on(rooms.audit, rooms.admin, Wanted(type="test.seen"), limit=1)
    assert [told.event.subject for told in first.items] == ["one"]

    await tell(rooms, Seen("three"))
    rest = await read_on(rooms.audit, rooms.admin, Wanted(type="test.seen"), first.after)

    assert [told.event.subject for told in rest.items] == ["two", "three"]
    assert rest.after is None
    assert (await read_on(rooms.audit, rooms.admin, Wanted(), rest.items[-1].place)).items == []


async def test_who_may_not_look_any_more_hears_nothing_more(rooms: Rooms) -> None:
    await rooms.organization("acme")
    mary = await rooms.user("mary")
    async with rooms.db.writing() as tx:
        await set_grant(tx, Grant(ACME, mary.subject, Level.MANAGE), by="*", at=rooms.clock.now())
    await tell(rooms, *[Seen(f"acme/{number}") for number in range(3)], domain_id=mary.domain_id)
    audit, wanted = replace(rooms.audit, settings=AuditSettings(page_max=1)), Wanted(organization=ACME, type="test.*")
    lines = read_all(audit, mary, wanted, await read_on(audit, mary, wanted, limit=1))
    assert (await anext(lines)).event.subject == "acme/0"

    async with rooms.db.writing() as tx:
        await set_grant(tx, Grant(ACME, mary.subject, Level.EDIT), by="*", at=rooms.clock.now())

    with pytest.raises(AccessDenied):
        await anext(lines)


@pytest.mark.parametrize("marker", ["", "1", "-", "a-b", "1-2-3", "１-1", "9" * 30 + "-1", "1-1\n"])
def test_a_marker_that_no_list_gave_is_refused(marker: str) -> None:
    with pytest.raises(ParameterInvalid):
        parse_cursor(marker)


def test_a_marker_is_a_place() -> None:
    assert parse_cursor(cursor_of(Position(7, 12))) == Position(7, 12)
    assert parse_cursor(None) is None


_ROWS = 20_000
_NUMBERS = (
    "WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < {rows}) "
    "INSERT INTO event (id, type, subject, actor, time, data, domain_id, organization) "
    "SELECT {id}, 'test.' || (n % 50), 'acme/' || (n % 500), 'user:' || (n % 100), {time}, '{{}}', "
    "'d' || (n % 5), 'o' || (n % 50) FROM many"
)


async def fill(rooms: Rooms) -> None:
    is_sqlite = rooms.db.dialect == "sqlite"
    made = _NUMBERS.format(
        rows=_ROWS,
        id="printf('%032x', n)" if is_sqlite else "lpad(to_hex(n), 32, '0')",
        time="datetime('2026-01-01', '+' || n || ' minutes') || '.000000'"
        if is_sqlite
        else "timestamptz '2026-01-01 00:00Z' + n * interval '1 minute'",
    )
    async with rooms.db.writing() as tx:
        await tx.run(text(made))
        await tx.run(text("ANALYZE event" if not is_sqlite else "ANALYZE"))


async def test_every_question_walks_an_index(rooms: Rooms, database: str) -> None:
    await fill(rooms)
    audit = replace(rooms.audit, settings=AuditSettings(looked_at_max=1_000))
    day, other = datetime.fromisoformat("2026-01-09T00:00:00Z"), await other_domain(rooms)
    questions: tuple[tuple[Actor, dict[str, Any]], ...] = (
        (rooms.admin, {}),
        (other, {}),
        (rooms.admin, {"type": "test.7"}),
        (other, {"type": "test.*", "result": Result.REFUSED}),
        (rooms.admin, {"subject": "acme/7"}),
        (other, {"subject": "acme/7", "actor": "user:7", "address": "192.0.2.1"}),
        (rooms.admin, {"actor": "user:7", "type": "grant.set"}),
        (other, {"organization": OrganizationName("o7"), "credential": "password"}),
        (rooms.admin, {"since": day, "until": day + timedelta(days=1)}),
        (other, {"since": day, "type": "test.7"}),
    )

    with asked() as found:
        for actor, wanted in questions:
            for look in (list_events, read_on):
                for place in (None, Position(0, 10_000)):
                    await look(audit, actor, Wanted(**wanted), place)

    assert [scan for scan in scans(database, found) if scan.startswith("event:")] == []


async def test_a_question_ends_where_it_may_look_no_further_though_all_events_came_in_one_transaction(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = fresh_url(request, "postgresql")
    async with open_rooms(tmp_path, url) as rooms:
        await fill(rooms)
        audit = replace(rooms.audit, settings=AuditSettings(looked_at_max=1_000, looked_at_once=250))
        with asked() as found:
            await list_events(audit, rooms.admin, Wanted(type="no.such"))
            await read_on(audit, rooms.admin, Wanted(type="no.such"))

    with psycopg.connect(url) as connection:
        ((pages,),) = connection.execute("SELECT relpages FROM pg_class WHERE relname = 'event'").fetchall()
        plans = [
            plan["Plan"]
            for statement, parameters in found
            for ((plan,),) in connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters)
        ]
    assert max(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans) < pages / 10
