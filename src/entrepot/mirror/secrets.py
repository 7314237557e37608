"""What of an upstream is sealed: who we are there, and the way to it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.resealing import Sealed
from entrepot.mirror.tables import upstream
from entrepot.plumbing.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Secrets:
    """`authority`: who signs the upstream's certificate (PEM); empty: those the system knows. `proxy`: its address,
    with user and password if it wants them; empty: none.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    authority: str = ""
    proxy: str = field(default="", repr=False)


def seal(sealer: Sealer, organization_id: int, secrets: Secrets) -> bytes:
    """Call `keep_sealed` in the same transaction before."""
    return sealer.seal(json.dumps(asdict(secrets)).encode(), _purpose(organization_id))


def unseal(sealer: Sealer, row: Row[Any]) -> Secrets:
    """Raises SealBroken."""
    return Secrets(**json.loads(sealer.open(row.sealed, _purpose(row.organization_id))))


def _purpose(organization_id: int) -> str:
    return f"upstream:{organization_id}"


SEALED: Final = Sealed(
    upstream, upstream.c.organization_id, upstream.c.sealed, lambda row: _purpose(row.organization_id)
)
