"""When rules of synchronisation work."""

from datetime import UTC, datetime

import pytest

from entrepot.mirror.times import When
from entrepot.values.errors import ParameterInvalid


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+00:00").astimezone(UTC)


NIGHT = ("22:00-06:00",)


@pytest.mark.parametrize(
    ("now", "opening", "closing"),
    [
        ("10T21:59", "10T22:00", None),
        ("10T22:00", "10T22:00", "11T06:00"),
        ("11T05:59", "11T05:59", "11T06:00"),
        ("11T06:00", "11T22:00", None),
    ],
)
def test_a_window_may_reach_over_midnight(now: str, opening: str, closing: str | None) -> None:
    when = When.parse(None, None, NIGHT)

    assert when.opening(at(now)) == at(opening)
    assert when.closing(at(now)) == (None if closing is None else at(closing))


def test_of_several_windows_the_next_one_counts_and_of_open_ones_the_last_to_close() -> None:
    when = When.parse(None, None, ("12:00-13:00", "12:30-14:00", "22:00-23:00"))

    assert when.opening(at("10T11:00")) == at("10T12:00")
    assert when.closing(at("10T12:45")) == at("10T14:00")
    assert when.opening(at("10T14:00")) == at("10T22:00")


def test_without_windows_it_may_always_work() -> None:
    when = When.parse(3_600, None, ())

    assert when.opening(at("10T03:00")) == at("10T03:00")
    assert when.closing(at("10T03:00")) is None


@pytest.mark.parametrize(
    ("every", "time", "windows", "now", "due"),
    [
        (3_600, None, (), "10T03:00", "10T04:00"),
        (3_600, None, NIGHT, "11T05:30", "11T22:00"),
        (None, "02:30", (), "10T02:30", "11T02:30"),
        (None, "02:30", NIGHT, "10T02:29", "10T02:30"),
        (None, None, NIGHT, "10T02:29", None),
    ],
)
def test_when_it_is_due_again(
    every: int | None, time: str | None, windows: tuple[str, ...], now: str, due: str | None
) -> None:
    assert When.parse(every, time, windows).next_due(at(now)) == (None if due is None else at(due))


def test_a_new_rule_begins_at_once_or_when_its_window_opens_or_at_its_time_of_day() -> None:
    now = at("10T12:00")

    assert When.parse(None, None, ()).first_due(now) == now
    assert When.parse(3_600, None, NIGHT).first_due(now) == at("10T22:00")
    assert When.parse(None, "12:00", ()).first_due(now) == now
    assert When.parse(None, "11:59", ()).first_due(now) == at("11T11:59")


@pytest.mark.parametrize(
    ("every", "time", "windows", "field"),
    [
        (60, "02:30", (), "at"),
        (1, None, (), "every_seconds"),
        (32 * 86_400, None, (), "every_seconds"),
        (None, "24:00", (), "at"),
        (None, "2:30", (), "at"),
        (None, "12:00", NIGHT, "at"),
        (None, None, ("22:00",), "windows"),
        (None, None, ("22:00-22:00",), "windows"),
        (None, None, ("22:00-6:00",), "windows"),
        (None, None, ("22:00-06:00",) * 11, "windows"),
    ],
)
def test_what_is_no_time_is_refused_at_its_field(
    every: int | None, time: str | None, windows: tuple[str, ...], field: str
) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        When.parse(every, time, windows)

    assert refused.value.detail["field"] == field


def test_what_was_written_is_read_back() -> None:
    when = When.parse(None, "23:05", NIGHT)

    assert (when.time_of_day, [str(one) for one in when.windows]) == ("23:05", ["22:00-06:00"])
