"""Facts that others may hear of, written in the commit that makes them true.

Every event is one frozen dataclass of the room it belongs to; in the feed it is a CloudEvent 1.0
(type, subject, time, data) with a number. Reactions read the feed, so none can miss a fact and
each may see one twice.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from entrepot.db.transaction import Writer
from entrepot.jobs import queries
from entrepot.jobs.closing import check_open
from entrepot.plumbing.caller import Caller, caller
from entrepot.plumbing.ids import new_id_in_time

CLOUDEVENTS_TYPE_PREFIX = "io.entrepot."

LATE_SECONDS_MAX = 7_200
"""No event is written longer than this after its time: who looks for times knows where to stop."""


@dataclass(frozen=True, slots=True)
class Event:
    """A fact. Subclasses name their `type` and carry JSON-able fields; `subject` is what it is about.

    What tells of a change has a field `before`: those of its fields that were different, as they were.
    """

    type: ClassVar[str]
    subject: str

    @property
    def organization(self) -> str:
        """The organization whose managers may see the event; empty when it is not about one."""
        return ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the feed holds it. `seq` numbers it; the feed's order is (`xid`, `seq`), see `feed.py`."""

    seq: int
    id: str
    type: str
    subject: str
    actor: str
    time: datetime
    data: dict[str, Any]
    xid: int = 0
    domain_id: str = ""
    organization: str = ""
    address: str = ""
    credential: str = ""


async def publish(
    tx: Writer,
    *events: Event,
    actor: str,
    at: datetime,
    domain_id: str | None = None,
    by: Caller | None = None,
    though_closed: bool = False,
) -> None:
    """Put `events` into the feed; they exist exactly when `tx` commits. `actor`: a subject such as `user:…`.

    `domain_id` says whose administrators may see them; None: those of the caller's domain. `by` is whose
    request it was, when that is not the one at hand. `though_closed`: also while nothing is changed (`closing.py`).

    Raises InMaintenance or ReadOnly while the installation, or the organization that it is about, is closed.
    """
    if not though_closed:
        for organization in {happened.organization for happened in events}:
            await check_open(tx, organization)
    await queries.insert_events(tx, rows_of(events, actor, at, domain_id, by))


def rows_of(
    events: Sequence[Event], actor: str, at: datetime, domain_id: str | None = None, by: Caller | None = None
) -> list[dict[str, Any]]:
    """What `publish` writes into the table of events."""
    by = by or caller.get()
    return [
        {
            "id": new_id_in_time(),
            "type": happened.type,
            "subject": happened.subject,
            "actor": actor,
            "time": at,
            "data": {key: value for key, value in asdict(happened).items() if key != "subject"},
            "domain_id": by.domain_id if domain_id is None else domain_id,
            "organization": happened.organization,
            "address": by.address,
            "credential": by.credential,
        }
        for happened in events
    ]
