"""What of a webhook is sealed: its address, its secrets, and the header it signs in with."""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import SplitResult, urlunsplit

from sqlalchemy import Row

from entrepot.db.resealing import Sealed
from entrepot.plumbing.sealing import Sealer
from entrepot.webhooks.tables import webhook

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  # as the Standard Webhooks specification writes symmetric secrets
_SECRET_BYTES: Final = 32
MASK: Final = "…"


@dataclass(frozen=True, slots=True)
class Secrets:
    """`old_secret` signs, too, until `old_until` (RFC 3339; empty: there is none)."""

    url: str = ""
    secret: str = field(default="", repr=False)
    old_secret: str = field(default="", repr=False)
    old_until: str = ""
    authorization: str = field(default="", repr=False)
    recipients: Sequence[str] = ()

    def valid(self, now: datetime) -> list[str]:
        """The secrets that sign now, the newest first."""
        has_old = bool(self.old_secret) and now < datetime.fromisoformat(self.old_until)
        return [one for one in (self.secret, self.old_secret if has_old else "") if one]

    def rotated(self, fresh: str, until: datetime) -> "Secrets":
        return replace(self, secret=fresh, old_secret=self.secret, old_until=until.isoformat())


def new_signing_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def seal(sealer: Sealer, webhook_id: str, secrets: Secrets) -> bytes:
    """Call `keep_sealed` in the same transaction before."""
    return sealer.seal(json.dumps(asdict(secrets)).encode(), _purpose(webhook_id))


def unseal(sealer: Sealer, row: Row[Any]) -> Secrets:
    """Raises SealBroken."""
    opened = json.loads(sealer.open(row.sealed, _purpose(row.id)))
    return Secrets(**{**opened, "recipients": tuple(opened["recipients"])})


def shown_url(parts: SplitResult, hides_path: bool = False) -> str:
    """An address without what may be a secret in it: what a query says, and the path where that is said."""
    path = f"/{MASK}" if hides_path and parts.path.strip("/") else parts.path
    query = "&".join(f"{part.partition('=')[0]}={MASK}" for part in parts.query.split("&")) if parts.query else ""
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _purpose(webhook_id: str) -> str:
    return f"webhook:{webhook_id}"


SEALED: Final = Sealed(webhook, webhook.c.id, webhook.c.sealed, lambda row: _purpose(row.id))
