"""Asked: runs that operators ask for, collections and verifications, found by their ids and by pages."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, Table

from entrepot.accounts.users import names_of
from entrepot.db.transaction import Reader
from entrepot.jobs.notes import SYSTEM
from entrepot.upkeep.queries import runs
from entrepot.values.errors import ParameterInvalid, quoted, worded

_ID_CHARS: Final = 32
_USER: Final = "user:"


async def find_run(tx: Reader, table: Table, run_id: str) -> Row[Any] | None:
    """The run; None also for what is no id."""
    return await runs.run_by_id(tx, table, run_id) if len(run_id) <= _ID_CHARS else None


async def page_of_runs(tx: Reader, table: Table, after: str, limit: int) -> tuple[Sequence[Row[Any]], str]:
    """Runs, the newest first, those after the marker `after`; where to go on, empty at the end.

    Raises ParameterInvalid for a marker that no list gave.
    """
    place = await find_run(tx, table, after) if after else None
    if after and place is None:
        raise no_marker(after)
    rows = await runs.runs_before(tx, table, place, limit + 1)
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else ""


def no_marker(after: str) -> ParameterInvalid:
    """The error for a marker that no list gave."""
    return ParameterInvalid(worded("This is no marker that a list gave: {after}.", after=quoted(after)), kind="marker")


async def askers_of(tx: Reader, rows: Sequence[Row[Any]]) -> Mapping[str, str]:
    """Who asked for each of the runs, by the run's id; empty when that account is gone, `system` when it was due."""
    names = await names_of(tx, sorted({row.requested_by.removeprefix(_USER) for row in rows}))
    return {
        row.id: SYSTEM if row.requested_by == SYSTEM else names.get(row.requested_by.removeprefix(_USER), "")
        for row in rows
    }
