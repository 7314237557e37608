"""Facts that others may hear of, written in the commit that makes them true.

Every event is one frozen dataclass of the room it belongs to; in the feed it is a CloudEvent 1.0
(type, subject, time, data) with a number. Reactions read the feed, so none can miss a fact and
each may see one twice.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from entrepot.db.transaction import Writer
from entrepot.jobs import queries
from entrepot.plumbing.ids import new_id

CLOUDEVENTS_TYPE_PREFIX = "io.entrepot."


@dataclass(frozen=True, slots=True)
class Event:
    """A fact. Subclasses name their `type` and carry JSON-able fields; `subject` is what it is about."""

    type: ClassVar[str]
    subject: str


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


async def publish(tx: Writer, *events: Event, actor: str, at: datetime) -> None:
    """Put `events` into the feed; they exist exactly when `tx` commits. `actor`: a subject such as `user:…`."""
    rows = [
        {
            "id": new_id(),
            "type": happened.type,
            "subject": happened.subject,
            "actor": actor,
            "time": at,
            "data": {key: value for key, value in asdict(happened).items() if key != "subject"},
        }
        for happened in events
    ]
    await queries.insert_events(tx, rows)
