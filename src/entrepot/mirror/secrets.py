"""What of an upstream or a region is sealed: who we are there, and the way to it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.resealing import Sealed
from entrepot.mirror.tables import sync_region, upstream
from entrepot.plumbing.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Secrets:
    """`authority`: who signs the other's certificate (PEM); empty: those the system knows. `proxy`: its address,
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


def seal_region(sealer: Sealer, name: str, secrets: Secrets) -> bytes:
    """Call `keep_sealed` in the same transaction before."""
    return sealer.seal(json.dumps(asdict(secrets)).encode(), _purpose_of_region(name))


def unseal_region(sealer: Sealer, name: str, sealed: bytes | None) -> Secrets:
    """Raises SealBroken."""
    return Secrets() if sealed is None else Secrets(**json.loads(sealer.open(sealed, _purpose_of_region(name))))


def _purpose(organization_id: int) -> str:
    return f"upstream:{organization_id}"


def _purpose_of_region(name: str) -> str:
    return f"region:{name}"


SEALED: Final = Sealed(
    upstream, upstream.c.organization_id, upstream.c.sealed, lambda row: _purpose(row.organization_id)
)
SEALED_OF_REGIONS: Final = Sealed(
    sync_region, sync_region.c.name, sync_region.c.sealed, lambda row: _purpose_of_region(row.name)
)
