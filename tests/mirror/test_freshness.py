"""When an upstream is asked about a tag."""

from datetime import UTC, datetime

import pytest

from entrepot.mirror.freshness import Policy, Standing, Verdict, check, judge, standing
from entrepot.values.errors import ParameterInvalid

POLICY = Policy(fresh_seconds=100, stale_seconds=1_000)


@pytest.mark.parametrize(
    ("asked_at", "ask_after", "now", "verdict"),
    [
        (None, None, 5_000, Verdict.SERVE),
        (4_901, None, 5_000, Verdict.SERVE),
        (4_900, None, 5_000, Verdict.SERVE_AND_ASK),
        (3_901, None, 5_000, Verdict.SERVE_AND_ASK),
        (3_900, None, 5_000, Verdict.ASK_FIRST),
        (900, 5_001, 5_000, Verdict.SERVE_STALE),
        (900, 5_000, 5_000, Verdict.ASK_FIRST),
        (4_901, 9_000, 5_000, Verdict.SERVE),
    ],
)
def test_a_tag_is_asked_about_when_it_is_not_fresh_and_the_upstream_did_not_just_fail(
    asked_at: int | None, ask_after: int | None, now: float, verdict: Verdict
) -> None:
    assert judge(POLICY, asked_at, ask_after, now) is verdict


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("asked_at", "ask_after", "said"),
    [
        (None, None, None),
        (5_000, None, Standing(at(5_000))),
        (5_000, 9_000, Standing(at(5_000))),
        (4_900, None, Standing(at(4_900))),
        (4_900, 5_001, Standing(at(4_900), True, at(5_001))),
        (4_900, 5_000, Standing(at(4_900), True)),
        (0, None, Standing(None)),
    ],
)
def test_a_tag_is_as_old_as_the_last_answer_and_stale_when_the_next_one_did_not_come(
    asked_at: int | None, ask_after: int | None, said: Standing | None
) -> None:
    assert standing(POLICY, asked_at, ask_after, 5_000) == said


@pytest.mark.parametrize(
    "policy",
    [
        Policy(fresh_seconds=-1),
        Policy(stale_seconds=10**9),
        Policy(absent_seconds=-1),
        Policy(fetches_max=0),
        Policy(limit_bytes=-1),
    ],
)
def test_a_policy_out_of_bounds_is_refused(policy: Policy) -> None:
    with pytest.raises(ParameterInvalid):
        check(policy)


def test_a_policy_may_ask_with_every_pull() -> None:
    assert check(Policy(fresh_seconds=0, stale_seconds=0)) == Policy(fresh_seconds=0, stale_seconds=0)
