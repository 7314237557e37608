"""What of an upstream or a region is sealed: who we are there, and the way to it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.resealing import Sealed
from entrepot.mirror.tables import sync_region, upstream
from entrepot.mirror.upstream_rules import check_proxy
from entrepot.plumbing.outbound import tls_context
from entrepot.plumbing.sealing import Sealer
from entrepot.values.errors import ParameterInvalid, worded

_USER_CHARS_MAX: Final = 255
_PASSWORD_CHARS_MAX: Final = 8_192
_AUTHORITY_CHARS_MAX: Final = 65_536


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


def checked(secrets: Secrets) -> Secrets:
    """Of an upstream. Raises ParameterInvalid."""
    limits = {"username": _USER_CHARS_MAX, "password": _PASSWORD_CHARS_MAX, "authority": _AUTHORITY_CHARS_MAX}
    for name, limit in limits.items():
        if len(getattr(secrets, name)) > limit:
            raise ParameterInvalid(worded("{name} has at most {limit} characters.", name=name, limit=limit), field=name)
    if ":" in secrets.username or not secrets.username.isprintable():
        raise ParameterInvalid("A username for an upstream is text without a colon.", field="username")
    if secrets.password and not secrets.username:
        raise ParameterInvalid("A password for an upstream needs a username.", field="username")
    if secrets.authority:
        tls_context(secrets.authority)
    if secrets.proxy:
        check_proxy(secrets.proxy)
    return secrets


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
