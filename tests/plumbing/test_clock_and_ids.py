"""Time and identifiers."""

from datetime import UTC, datetime, timedelta, timezone

from entrepot.plumbing.clock import FakeClock, SystemClock, rfc3339
from entrepot.plumbing.ids import RequestIds, new_id, new_secret


def test_the_systems_time_is_in_utc() -> None:
    before = datetime.now(UTC)
    now = SystemClock().now()
    assert now.utcoffset() == timedelta(0)
    assert before <= now <= datetime.now(UTC)


def test_a_fake_clock_moves_when_it_is_told_to() -> None:
    clock = FakeClock()
    start = clock.now()
    assert clock.now() == start
    clock.advance(minutes=1, seconds=-30)
    assert clock.now() - start == timedelta(seconds=30)


def test_times_are_written_in_utc_with_all_their_digits() -> None:
    east = datetime(2026, 1, 2, 3, 4, 5, 60, timezone(timedelta(hours=5, minutes=30)))
    assert rfc3339(east) == "2026-01-01T21:34:05.000060Z"
    assert rfc3339(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000Z"


def test_identifiers_are_long_and_never_the_same() -> None:
    ids = {new_id() for _ in range(1_000)} | {new_secret() for _ in range(1_000)}
    assert len(ids) == 2_000
    assert all(len(one) == 32 for one in ids)
    assert all(one.replace("-", "").replace("_", "").isalnum() for one in ids)


def test_request_ids_differ_within_a_process_and_between_processes() -> None:
    one, other = RequestIds(), RequestIds()
    made = [one.next() for _ in range(100)] + [other.next() for _ in range(100)]
    assert len(set(made)) == 200
    assert {len(text) for text in made} == {22}
