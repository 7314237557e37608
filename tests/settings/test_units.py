"""Amounts as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.plumbing.units import parse_bytes, parse_seconds, show_bytes, show_seconds

DURATIONS = {"0": 0, "90": 90, "90s": 90, "15m": 900, "24h": 86_400, "30d": 2_592_000, "1h30m": 5_400, "1d12h": 129_600}
SIZES = {"0": 0, "4096": 4096, "512KiB": 524_288, "4MiB": 4_194_304, "4 mib": 4_194_304, "10GB": 10**10, "1kB": 1000}


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_a_duration_is_read_as_seconds(text: str, seconds: int) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-5s", "1.5h", "5 minutes", "5w", "٣s", "1h ", "1e3"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="duration such as 90s"):
        parse_seconds(text)


@pytest.mark.parametrize(("text", "size"), SIZES.items())
def test_a_size_is_read_as_bytes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "MiB", "-1MiB", "1.5GiB", "4M", "4 mega", "٣MiB"])
def test_what_is_no_size_is_refused_with_the_units(text: str) -> None:
    with pytest.raises(ValueError, match=r"size such as .*units: B, KiB"):
        parse_bytes(text)


@given(st.integers(min_value=0, max_value=1 << 50))
def test_what_is_shown_is_read_back(amount: int) -> None:
    assert parse_seconds(show_seconds(amount)) == amount
    assert parse_bytes(show_bytes(amount)) == amount


def test_the_largest_unit_that_divides_is_shown() -> None:
    assert [show_seconds(seconds) for seconds in (90, 900, 86_400)] == ["90s", "15m", "1d"]
    assert [show_bytes(size) for size in (0, 1, 4 << 20, 1500)] == ["0", "1B", "4MiB", "1500B"]
