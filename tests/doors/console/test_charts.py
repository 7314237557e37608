"""Charts: heights stand in the proportion of their values, and nothing lies outside the picture."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from entrepot.doors.console.charts import HEIGHT, WIDTH, bars_by_day, pairs_by_day

FIRST = date(2026, 11, 1)


@given(st.lists(st.integers(0, 2**62), max_size=60))
def test_every_bar_lies_within_the_picture_and_stands_on_the_axis(values: list[int]):
    days = [(FIRST + timedelta(days=number), value) for number, value in enumerate(values)]
    chart = bars_by_day(days, str, str)
    assert len(chart.bars) == len(values)
    for bar, value in zip(chart.bars, values, strict=True):
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.1
        assert bar.y >= 0 and abs(bar.y + bar.height - chart.floor) <= 0.11
        assert (bar.height > 0) == (value > 0)
    assert chart.height == HEIGHT


def test_half_as_much_is_half_as_high_and_every_bar_says_what_it_stands_for():
    chart = bars_by_day([(FIRST, 50), (FIRST + timedelta(days=1), 100)], "{} B".format, str)
    assert chart.bars[0].height * 2 == chart.bars[1].height
    assert [bar.said for bar in chart.bars] == ["2026-11-01: 50 B", "2026-11-02: 100 B"]
    assert (chart.most, chart.total, chart.first, chart.last) == ("100 B", "150 B", "2026-11-01", "2026-11-02")


def test_without_values_there_is_an_empty_picture():
    assert bars_by_day([], str, str).bars == []


def test_two_values_of_a_day_stand_beside_each_other_in_one_proportion():
    days = [(FIRST, 100, 50), (FIRST + timedelta(days=1), 0, 25)]
    chart = pairs_by_day(days, ("out", "in"), "{} B".format, str)
    assert [(bar.is_second, bar.height) for bar in chart.bars] == [
        (False, chart.bars[0].height),
        (True, chart.bars[0].height / 2),
        (False, 0),
        (True, round(chart.bars[0].height / 4, 1)),
    ]
    assert chart.bars[0].x + chart.bars[0].width <= chart.bars[1].x + 0.11
    assert (chart.bars[1].said, chart.names) == ("2026-11-01: in 50 B", ["out: 100 B", "in: 75 B"])
