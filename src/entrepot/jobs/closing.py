"""Closing: for some time no fact is added, in the whole installation or in one organization. Pulls go on.

Whatever changes something publishes it (`events.py`), and that is refused in the same transaction: so it holds for
every verb on every door, from the next transaction on, in every process. What may happen all the same says so with
`though_closed`: signing in, what the audit notes, what operators do to the work of workers, and opening again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.database import Database
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs import queries
from entrepot.plumbing import metrics
from entrepot.values.errors import DatabaseBusy, EntrepotError, InMaintenance, ParameterInvalid, ReadOnly, worded

INSTALLATION: Final = ""
"""The scope of what closes everything; others are organizations."""
MESSAGE_CHARS_MAX: Final = 500
GATE: Final = "closed"
_RETRY_SECONDS: Final = 60.0
_SETTLE_SECONDS_MAX: Final = 90.0
"""Longer than a transaction may idle (`db/postgres.py`)."""
_LOOK_SECONDS: Final = 0.05


class Mode(StrEnum):
    """`maintenance` is soon over: clients are told to try again. `read-only` lasts: they are refused."""

    MAINTENANCE = "maintenance"
    READ_ONLY = "read-only"


@dataclass(frozen=True, slots=True)
class Closed:
    """`scope`: an organization, or INSTALLATION. `message`: what whoever closed it tells people, or nothing."""

    scope: str
    mode: Mode
    message: str
    by: str
    since: datetime

    def refusal(self) -> EntrepotError:
        """What is said to who would change something."""
        words = {"organization": self.scope, "message": self.message}
        if self.mode is Mode.MAINTENANCE:
            said = worded("This installation is in maintenance: it changes nothing for now, and pulls go on.")
            if self.message:
                said = worded("This installation is in maintenance, and pulls go on: {message}", **words)
            return InMaintenance(said, retry_after=_RETRY_SECONDS)
        if self.scope == INSTALLATION:
            said = worded("This installation is read-only for now.")
            if self.message:
                said = worded("This installation is read-only for now: {message}", **words)
        else:
            said = worded("The organization {organization} is read-only.", **words)
            if self.message:
                said = worded("The organization {organization} is read-only: {message}", **words)
        return ReadOnly(said, organization=self.scope)


async def closed_for(tx: Reader, organization: str = INSTALLATION) -> Sequence[Closed]:
    """What is closed: the installation first, then the organization when one is named; empty when all is open."""
    return [_closed(row) for row in await queries.closed_for(tx, INSTALLATION, organization)]


async def check_open(tx: Reader, organization: str = INSTALLATION) -> None:
    """Pass when facts may be added, to an organization when one is named. Raises InMaintenance or ReadOnly."""
    for one in await closed_for(tx, organization):
        metrics.gates_refused.labels(GATE).inc()
        raise one.refusal()


async def is_open(db: Database) -> bool:
    """Whether the installation is: what is due by the clock, and what follows from events, waits until it is."""
    async with db.reading() as tx:
        return not await closed_for(tx)


async def closed_organizations(tx: Reader) -> set[str]:
    """The organizations that are read-only: jobs leave alone what is in them."""
    return {row.scope for row in await queries.all_closed(tx) if row.scope != INSTALLATION}


async def close(tx: Writer, scope: str, mode: Mode, message: str, by: str, at: datetime) -> Closed | None:
    """Close a scope, or close it otherwise; how it was closed before, None if it was open. Raises ParameterInvalid."""
    if len(message) > MESSAGE_CHARS_MAX or "\0" in message:
        raise ParameterInvalid(
            worded("A message has at most {limit} characters of text.", limit=MESSAGE_CHARS_MAX), field="message"
        )
    before = await open_again(tx, scope)
    since = at if before is None else before.since
    await queries.save_closed(tx, scope, mode, message, by, since)
    return before


async def wait_until_settled(db: Database) -> None:
    """After closing: wait until what began before has ended, since that may still add facts. Raises DatabaseBusy.

    On SQLite it has: closing was a transaction that writes, and waited for the one before it.
    """
    if db.dialect == "sqlite":
        return
    async with db.reading() as tx:
        moment = await queries.moment_of_postgres(tx)
    for _ in range(round(_SETTLE_SECONDS_MAX / _LOOK_SECONDS)):
        async with db.reading() as tx:
            if not await queries.transactions_since(tx, moment):
                return
        await asyncio.sleep(_LOOK_SECONDS)  # the database tells nobody when a transaction ends
    raise DatabaseBusy("Transactions that began earlier do not end in the database. Try again.")


async def open_again(tx: Writer, scope: str) -> Closed | None:
    """Open a scope; how it was closed, None when it was open already."""
    await tx.lock(f"closing:{scope}")
    row = next((one for one in await queries.all_closed(tx) if one.scope == scope), None)
    await queries.delete_closed(tx, scope)
    return None if row is None else _closed(row)


def _closed(row: Row[Any]) -> Closed:
    return Closed(row.scope, Mode(row.mode), row.message, row.closed_by, row.since)
