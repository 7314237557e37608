from typing import Any

import pytest

from entrepot.app import SCHEDULE, SUBSCRIPTIONS
from entrepot.jobs.schedule import Schedule, every


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
