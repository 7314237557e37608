"""What the table of missing engines says is true: it names calls there are, of rooms that nothing runs yet."""

from entrepot.app import SCHEDULE, SUBSCRIPTIONS
from entrepot.doors.manage.engines import MISSING
from entrepot.doors.manage.routes import ROUTES
from entrepot.jobs.reactions import AnyJob, AnyReaction

# The room whose reactions or jobs are the engine, for each group of calls.
ROOMS = {"triggers": "entrepot.triggers", "retentions": "entrepot.upkeep", "sync": "entrepot.mirror"}


def test_the_table_names_calls_that_there_are() -> None:
    assert set(MISSING) <= {route.name for route in ROUTES}


def test_calls_are_in_the_table_as_long_as_no_engine_runs_what_they_are_about() -> None:
    running: list[AnyJob | AnyReaction] = [
        *SCHEDULE,
        *(reaction for reactions in SUBSCRIPTIONS.values() for reaction in reactions),
    ]
    modules = {one.room.__module__ for one in running}

    for group, room in ROOMS.items():
        has_engine = any(module.startswith(f"{room}.") for module in modules)
        is_said_to_miss = any(route.name in MISSING for route in ROUTES if route.group == group)
        assert has_engine != is_said_to_miss, group
