"""What answers say of how much may still be asked."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from entrepot.remote.allowance import Allowance, parse_allowance

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
UNSAID = 300.0


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (200, {}, None),
        (200, {"retry-after": "10"}, None),
        (404, {"content-length": "0"}, None),
        (200, {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"}, Allowance(100, 76, 21_600)),
        (200, {"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600"}, Allowance(100, 0, 21_600, 300)),
        (429, {"ratelimit-limit": "100;w=60", "ratelimit-remaining": "0;w=60"}, Allowance(100, 0, 60, 60)),
        (429, {}, Allowance(wait_seconds=300)),
        (429, {"retry-after": "45"}, Allowance(wait_seconds=45)),
        (429, {"retry-after": str(AT + 90)}, Allowance(wait_seconds=90)),
        (429, {"retry-after": "Mon, 30 Nov 2026 08:02:00 GMT"}, Allowance(wait_seconds=120)),
        (429, {"retry-after": "Mon, 30 Nov 2026 07:02:00 GMT"}, Allowance(wait_seconds=0)),
        (429, {"retry-after": "soon"}, Allowance(wait_seconds=300)),
        (429, {"retry-after": "99999999"}, Allowance(wait_seconds=86_400)),
        (
            200,
            {"ratelimit-limit": "10, 10;w=1, 1000;w=3600", "ratelimit-remaining": "9", "ratelimit-reset": "1"},
            Allowance(10, 9, 3_600),
        ),
        (
            200,
            {"ratelimit-limit": "100", "ratelimit-remaining": "0", "ratelimit-reset": "30"},
            Allowance(100, 0, None, 30),
        ),
        (
            429,
            {"ratelimit-remaining": "0", "ratelimit-reset": "30", "retry-after": "40"},
            Allowance(None, 0, None, 40),
        ),
        (
            200,
            {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(AT + 15)},
            Allowance(60, 0, None, 15),
        ),
        (200, {"ratelimit": "limit=100, remaining=50, reset=5"}, Allowance(100, 50)),
        (200, {"ratelimit": "limit=100, remaining=0, reset=5"}, Allowance(100, 0, None, 5)),
        (
            200,
            {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
            Allowance(100, 50, 60),
        ),
        (200, {"ratelimit": '"burst";r=3;t=1, "day";r=0;t=600'}, Allowance(None, 0, None, 600)),
        (200, {"ratelimit-remaining": "many"}, None),
        (200, {"ratelimit-remaining": "-1"}, None),
    ],
)
def test_an_answer_says_what_may_still_be_asked_and_how_long_nothing(
    status: int, headers: dict[str, str], said: Allowance | None
) -> None:
    assert parse_allowance(status, headers, NOW, UNSAID) == said


@given(
    some.integers(100, 599),
    some.dictionaries(
        some.sampled_from(["ratelimit", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"]),
        some.text(max_size=200),
    ),
)
def test_no_answer_is_believed_for_longer_than_a_day(status: int, headers: dict[str, str]) -> None:
    found = parse_allowance(status, headers, NOW, UNSAID)
    assert found is None or found.wait_seconds is None or 0 <= found.wait_seconds <= 86_400
