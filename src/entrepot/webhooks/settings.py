"""What the webhooks room is told; `app.py` makes it from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.plumbing.mailing import MailServer
from entrepot.plumbing.networks import Network


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """`source`: this service's address, as payloads name it. `near`: private networks that may be reached.

    `retry_seconds`: how long a delivery is tried before its webhook pauses. `lanes_at_once`: requests that one target
    is asked at the same time; `at_once`: all of them together.
    """

    source: str = "http://127.0.0.1:5000"
    near: Sequence[Network] = ()
    seconds_max: float = 10.0
    retry_seconds: float = 3 * 86_400
    history_seconds: float = 30 * 86_400
    rotation_seconds: float = 86_400
    mail: MailServer | None = None
    webhooks_max: int = 100
    lanes_at_once: int = 4
    at_once: int = 32
    batch: int = 500
    busy_poll_seconds: float = 0.05
    idle_poll_seconds: float = 1.0
