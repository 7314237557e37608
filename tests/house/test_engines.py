"""What the table of missing engines says is true: it names calls there are, of rooms that nothing runs yet."""

from entrepot.app import SCHEDULE, SUBSCRIPTIONS
from entrepot.doors.manage.engines import MISSING
from entrepot.doors.manage.routes import ROUTES
from entrepot.jobs.reactions import AnyJob, AnyReaction

# How the reactions or jobs begin that are the engine, or look after what it did, for each group of calls.
ENGINES = {"triggers": "triggers.", "retentions": "upkeep.retain", "sync": "mirror.forget_copies"}


def test_the_table_names_calls_that_there_are() -> None:
    assert set(MISSING) <= {route.name for route in ROUTES}


def test_calls_are_in_the_table_as_long_as_no_engine_runs_what_they_are_about() -> None:
    running: list[AnyJob | AnyReaction] = [
        *SCHEDULE,
        *(reaction for reactions in SUBSCRIPTIONS.values() for reaction in reactions),
    ]
    for group, name in ENGINES.items():
        has_engine = any(one.name.startswith(name) for one in running)
        is_said_to_miss = any(route.name in MISSING for route in ROUTES if route.group == group)
        assert has_engine != is_said_to_miss, group
