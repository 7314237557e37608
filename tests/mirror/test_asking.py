"""What one process asks of upstreams: how fast, what it counts, what it hears of how much it still may."""

from datetime import timedelta

import pytest

from entrepot.mirror.asking import Asking, Heard, Pace, Tally
from entrepot.mirror.books import Books
from entrepot.mirror.jobs import forget_old_days
from entrepot.mirror.queries import books as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import source_of
from entrepot.mirror.upstreams import Change, Upstream, change_mirror, create_mirror, delete_mirror
from entrepot.mirror.usage import Day, Usage, show_usage
from entrepot.plumbing.clock import FakeClock
from entrepot.registry.accounting import Accountant
from entrepot.remote.allowance import Allowance
from entrepot.remote.watching import Kind
from entrepot.values.errors import DatabaseBusy, MirrorUnknown, RemoteUnreachable
from entrepot.values.names import OrganizationName
from tests.make.cast import Cast

HUB = OrganizationName("hub")
DOCKER = "https://registry-1.docker.io"
LEFT = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"}
NOTHING_LEFT = {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"}


class Line:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waited: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)


def asking(clock: FakeClock, per_minute: int = 0, line: Line | None = None) -> Asking:
    line = line or Line()
    return Asking(Heard(DOCKER), Tally(), Pace(per_minute, line), clock, 20.0, 300.0, line.sleep)


async def test_no_more_is_asked_in_any_minute_than_was_said() -> None:
    line = Line()
    one = asking(FakeClock(), 3, line)
    for at in (0, 10, 20):
        line.now = at
        await one.before(Kind.BLOB)
    assert line.waited == []

    line.now = 50
    await one.before(Kind.BLOB)
    await one.before(Kind.BLOB)
    assert line.waited == [10, 20]  # the fourth at 60, the fifth at 70
    with pytest.raises(RemoteUnreachable) as refused:
        await one.before(Kind.BLOB)

    assert refused.value.retry_after == 30
    line.now = 60
    await one.before(Kind.BLOB)
    assert line.waited == [10, 20, 20]


async def test_without_a_pace_nobody_waits() -> None:
    line = Line()
    one = asking(FakeClock(), 0, line)
    for _ in range(1_000):
        await one.before(Kind.MANIFEST_GET)
    assert line.waited == []


def test_an_address_is_left_alone_when_nothing_remains_and_until_it_says_otherwise() -> None:
    clock = FakeClock()
    one = asking(clock)
    one.heard(Kind.MANIFEST_HEAD, 200, LEFT)
    assert (one.heard_of.allowance, one.heard_of.again_at) == (Allowance(100, 76, 21_600), None)

    one.heard(Kind.MANIFEST_GET, 200, NOTHING_LEFT)
    assert one.heard_of.is_silent(clock.now())
    clock.advance(seconds=299)
    assert one.heard_of.is_silent(clock.now())
    clock.advance(seconds=1)
    assert not one.heard_of.is_silent(clock.now())

    one.heard(Kind.BLOB, 429, {"retry-after": "60"})
    assert one.heard_of.again_at == clock.now() + timedelta(seconds=60)
    one.heard(Kind.TOKEN, 200, {})
    one.heard(Kind.BLOB, 0, {})
    one.heard(Kind.BLOB, 307, {})
    one.heard(Kind.MANIFEST_GET, 401, {})
    one.heard(Kind.MANIFEST_GET, 503, {})
    assert one.heard_of.is_silent(clock.now())
    one.heard(Kind.MANIFEST_GET, 200, {})
    assert not one.heard_of.is_silent(clock.now())
    assert (one.tally.requests[Kind.BLOB], one.tally.limited) == (3, 1)


@pytest.fixture
async def mirror(cast: Cast) -> Mirror:
    await create_mirror(cast.rooms.mirror, cast["admin"], HUB, Upstream(("https://docker.io", "https://other.example")))
    return cast.rooms.mirror


async def number_of(mirror: Mirror) -> int:
    source = await source_of(mirror, HUB)
    assert source is not None
    return source.organization_id


async def usage(mirror: Mirror, cast: Cast) -> Usage:
    return await show_usage(mirror, cast["admin"], HUB)


async def test_what_was_asked_and_fetched_is_known_by_day(mirror: Mirror, cast: Cast) -> None:
    number = await number_of(mirror)
    books = Books(mirror)
    tally = books.tally(number)
    tally.requests.update({Kind.MANIFEST_HEAD: 5, Kind.MANIFEST_GET: 2, Kind.BLOB: 3, Kind.TOKEN: 1, Kind.OTHER: 1})
    tally.fetched, tally.fetched_bytes, tally.limited = 3, 300, 1
    await books.keep()
    await books.keep()
    tally.requests[Kind.BLOB] += 1
    await books.keep()
    cast.rooms.clock.advance(seconds=86_400)
    tally.requests[Kind.TOKEN] += 1
    await books.keep()

    found = (await usage(mirror, cast)).days

    today = cast.rooms.clock.now().date()
    assert found[-2] == Day(today - timedelta(days=1), 0, 0, 3, 300, 5, 2, 4, 1, 1, 1)
    assert found[-1] == Day(today, tokens=1)
    assert (len(found), found[0]) == (30, Day(today - timedelta(days=29)))


async def test_what_was_sent_of_mirrors_is_known_by_day_also_where_no_tag_is(mirror: Mirror, cast: Cast) -> None:
    counts = mirror.registry.counts
    accountant = Accountant(mirror.registry)
    for path, size in (("hub/nginx", 100), ("hub/nginx", 100), ("hub/redis", 50), ("acme/app", 1_000)):
        counts.sent(path, "sha256:any", size)
    counts.sent("hub/nginx", "sha256:any", 0)
    await accountant.keep()
    await accountant.keep()
    tally = Tally(fetched=1, fetched_bytes=100)
    books = Books(mirror)
    books.tally(await number_of(mirror)).add(tally)
    await books.keep()

    total = (await usage(mirror, cast)).total

    assert (total.served, total.served_bytes, total.fetched_bytes) == (3, 250, 100)
    assert (total.hits, total.saved_bytes) == (2, 150)


async def test_what_could_not_be_written_down_is_counted_again(
    mirror: Mirror, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    books, accountant = Books(mirror), Accountant(mirror.registry)
    books.tally(await number_of(mirror)).requests[Kind.BLOB] += 2
    mirror.registry.counts.sent("hub/nginx", "sha256:any", 100)

    async def busy(*_: object) -> None:
        raise DatabaseBusy

    with monkeypatch.context() as patched:
        patched.setattr(queries, "add_day", busy)
        patched.setattr("entrepot.registry.queries.accounting.mirrors_among", busy)
        await books.keep()
        await accountant.keep()
    assert (await usage(mirror, cast)).total.requests == 0
    await books.keep()
    await accountant.keep()

    total = (await usage(mirror, cast)).total
    assert (total.requests, total.served, total.served_bytes) == (2, 1, 100)


async def test_what_one_process_hears_all_know(mirror: Mirror, cast: Cast) -> None:
    clock, number = cast.rooms.clock, await number_of(mirror)
    here, there = Books(mirror), Books(mirror)
    heard, elsewhere = here.open_address(number, DOCKER), there.open_address(number, DOCKER)
    heard.take(Allowance(100, 0, 21_600, 600), clock.now())
    await here.keep()
    await there.keep()
    assert elsewhere.is_silent(clock.now())

    clock.advance(seconds=1)
    elsewhere.take(Allowance(100, 5, 21_600), clock.now())
    await there.keep()
    heard.is_kept = False  # what is older does not win
    await here.keep()

    assert (heard.allowance.remaining, heard.is_silent(clock.now())) == (5, False)
    [first, second] = (await usage(mirror, cast)).addresses
    assert (first.address, first.remaining, first.limit, first.again_at) == (DOCKER, 5, 100, None)
    assert (second.address, second.remaining) == ("https://other.example", None)


async def test_an_upstream_is_held_back_when_none_of_its_addresses_allows_more(mirror: Mirror, cast: Cast) -> None:
    source = await source_of(mirror, HUB)
    assert source is not None
    first, second = source.remotes
    source.heard[0].take(Allowance(remaining=0, wait_seconds=60), cast.rooms.clock.now())
    assert (source.is_held_back, list(source.in_order())) == (False, [second, first])
    source.heard[1].take(Allowance(wait_seconds=30), cast.rooms.clock.now())
    assert source.is_held_back

    cast.rooms.clock.advance(seconds=30)
    assert not source.is_held_back


async def test_after_a_change_somebody_else_may_ask(mirror: Mirror, cast: Cast) -> None:
    books, number = Books(mirror), await number_of(mirror)
    books.open_address(number, DOCKER).take(Allowance(100, 0, 21_600, 600), cast.rooms.clock.now())
    await books.keep()
    assert (await usage(mirror, cast)).addresses[0].again_at is not None

    await change_mirror(mirror, cast["admin"], HUB, Change(username="we", password="secret"))

    assert (await usage(mirror, cast)).addresses[0].heard_at is None
    source = await source_of(mirror, HUB)
    assert source is not None
    assert not source.is_held_back


async def test_a_mirror_that_is_given_up_leaves_no_books(mirror: Mirror, cast: Cast) -> None:
    books, number = Books(mirror), await number_of(mirror)
    books.tally(number).requests[Kind.BLOB] += 1
    books.open_address(number, DOCKER).take(Allowance(100, 1), cast.rooms.clock.now())
    await books.keep()
    await delete_mirror(mirror, cast["admin"], HUB)
    books.tally(number).requests[Kind.BLOB] += 1
    books.open_address(number, DOCKER).take(Allowance(100, 1), cast.rooms.clock.now())
    await books.keep()

    async with mirror.db.reading() as tx:
        assert await queries.days_of(tx, number, tx.now.date()) == []
        assert await queries.allowances(tx) == []
    with pytest.raises(MirrorUnknown):
        await usage(mirror, cast)


async def test_days_of_long_ago_are_forgotten(mirror: Mirror, cast: Cast) -> None:
    books, number = Books(mirror), await number_of(mirror)
    for _ in range(3):
        books.tally(number).requests[Kind.BLOB] += 1
        await books.keep()
        cast.rooms.clock.advance(seconds=86_400)

    cast.rooms.clock.advance(seconds=(mirror.registry.settings.accounting_days - 2) * 86_400)
    assert await forget_old_days(mirror) == 1

    async with mirror.db.reading() as tx:
        assert len(await queries.days_of(tx, number, tx.now.date() - timedelta(days=1_000))) == 2
