from datetime import datetime, timedelta
from typing import Any

import pytest

from entrepot.app import SCHEDULE, SUBSCRIPTIONS
from entrepot.jobs.schedule import Schedule, every, next_due


@pytest.mark.parametrize(
    ("schedule", "cron"),
    [
        (every(seconds=1), "*/1 * * * * *"),
        (every(seconds=20), "*/20 * * * * *"),
        (every(minutes=5), "0 */5 * * * *"),
        (every(hours=1), "0 7 */1 * * *"),
        (every(hours=6), "0 7 */6 * * *"),
        (every(days=1), "0 17 3 * * *"),
    ],
)
def test_a_pace_is_written_as_cron(schedule: Schedule, cron: str) -> None:
    assert schedule == Schedule(cron)


@pytest.mark.parametrize(
    "given", [{}, {"minutes": 7}, {"hours": 5}, {"days": 2}, {"hours": 1, "minutes": 1}, {"seconds": -1}]
)
def test_a_pace_that_would_be_uneven_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="every"):
        every(**given)


def test_jobs_and_reactions_have_names_of_their_own() -> None:
    names = [job.name for job in SCHEDULE]
    reactions = {reaction for reactions in SUBSCRIPTIONS.values() for reaction in reactions}
    names += [reaction.name for reaction in reactions]

    assert len(names) == len(set(names))
    assert all(job.at_start for job in (SCHEDULE[one] for one in SCHEDULE if one.name.startswith("registry.")))


@pytest.mark.parametrize(
    ("due", "now", "then"),
    [
        (every(seconds=20), "12:00:59", "12:01:00"),
        (every(minutes=10), "12:00:00", "12:10:00"),
        (every(minutes=10), "12:55:30", "13:00:00"),
        (every(hours=1), "12:06:59", "12:07:00"),
        (every(hours=1), "12:07:00", "13:07:00"),
        (every(hours=8), "17:00:00", "00:07:00"),
        (every(days=1), "03:16:59", "03:17:00"),
        (every(days=1), "03:17:00", "03:17:00"),
    ],
)
def test_it_is_known_when_a_job_is_due_next(due: Schedule, now: str, then: str) -> None:
    at = datetime.fromisoformat(f"2026-12-31T{now}+00:00")
    found = next_due(due.cron, at)
    assert f"{found:%H:%M:%S}" == then and at < found <= at + timedelta(days=1)
