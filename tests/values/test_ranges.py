import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.errors import RangeUnsatisfiable, Refused, UploadInvalid
from entrepot.values.ranges import parse_content_range, parse_range

HUGE = "9" * 10_000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=500-1499", (500, 1500)),
        ("bytes=500-", (500, 2048)),
        ("bytes=-500", (1548, 2048)),
        ("bytes=2000-5000", (2000, 2048)),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 2048)),
        ("bytes=-5000", (0, 2048)),
        (f"bytes=0-{HUGE}", (0, 2048)),
        (f"bytes=-{HUGE}", (0, 2048)),
        (f"bytes={'0' * 10_000}5-6", (5, 7)),
        ("Bytes = 1-2", (1, 3)),
        ("bytes=, 1-2 ,", (1, 3)),
        (None, None),
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=,", None),
        ("bytes=a-b", None),
        ("bytes=1-2-3", None),
        ("bytes=--5", None),
        ("bytes=+1-2", None),
        ("bytes=1 - 2", None),
        ("bytes=١-٢", None),
        ("items=0-5", None),
        ("bytes=0-1,4-5", None),
        ("bytes=9000-,0-1", None),
    ],
)
def test_a_range_of_2048_bytes_is_cut_or_ignored(header, expected):
    assert parse_range(header, 2048) == expected


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=2048-", 2048), ("bytes=5000-10000", 2048), ("bytes=500-0", 2048), ("bytes=9000-8000", 2048)]
    + [("bytes=-0", 2048), (f"bytes={HUGE}-", 2048)]
    + [("bytes=0-", 0), ("bytes=0-0", 0), ("bytes=-0", 0)],
)
def test_a_range_outside_the_content_is_unsatisfiable(header, size):
    with pytest.raises(RangeUnsatisfiable) as caught:
        parse_range(header, size)
    assert caught.value.size == size


def test_the_end_of_an_empty_content_is_the_whole_of_it():
    assert parse_range("bytes=-5", 0) is None


@given(st.none() | st.integers(0, 40), st.none() | st.integers(0, 40), st.integers(0, 30))
def test_ranges_agree_with_a_naive_model(first, last, size):
    content = list(range(size))
    if first is not None:
        wanted = [position for position in content if position >= first and (last is None or position <= last)]
    else:
        wanted = content[-last:] if last else []
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    try:
        found = parse_range(header, size)
    except RangeUnsatisfiable:
        assert wanted == []
        return
    if found is None:
        assert first is None and (last is None or size == 0)
    else:
        assert content[slice(*found)] == wanted != []


@given(st.text() | st.text(alphabet="bytes=-0123 ,", max_size=20).map("bytes=".__add__), st.integers(0, 1 << 62))
def test_any_header_gives_a_range_inside_the_content_or_is_refused(header, size):
    try:
        found = parse_range(header, size)
    except RangeUnsatisfiable:
        return
    assert found is None or 0 <= found[0] < found[1] <= size


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("0-0", (0, 0)),
        ("0-1023", (0, 1023)),
        ("bytes 10-19/20", (10, 19)),
        ("bytes 10-19/*", (10, 19)),
        ("BYTES 10-19", (10, 19)),
        ("bytes=10-19", (10, 19)),
        (" 10-19 ", (10, 19)),
        ("007-8", (7, 8)),
    ],
)
def test_a_content_range_names_first_and_last_byte(header, expected):
    assert parse_content_range(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "-",
        "0-",
        "-5",
        "5-4",
        "a-b",
        "bytes */20",
        "bytes 0-20/20",
        "items 0-5",
        "0-5,6-7",
        "0-٥",
        "0-5\n",
        f"0-{HUGE}",
    ],
)
def test_a_bad_content_range_is_refused(header):
    with pytest.raises(UploadInvalid):
        parse_content_range(header)


@given(st.text())
def test_any_content_range_is_read_or_refused(header):
    try:
        first, last = parse_content_range(header)
    except Refused:
        return
    assert 0 <= first <= last


@given(st.integers(0, 1 << 62), st.integers(0, (1 << 62) - 1))
def test_a_content_range_survives_a_round_trip(first, length):
    assert parse_content_range(f"{first}-{first + length}") == (first, first + length)
