"""The keys that sign tokens: Ed25519, sealed at rest, replaced regularly, shared by all replicas.

The newest key signs. Older ones verify for more than a day longer than they sign, more than any token lives.
A replica that meets an unknown key looks once in the database: another replica may have made it.
"""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

from joserfc.jwk import OKPKey

from entrepot.accounts.queries import signing
from entrepot.accounts.settings import AccountSettings
from entrepot.accounts.tables import signing_key
from entrepot.db.database import Database
from entrepot.db.resealing import Sealed, keep_sealed
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.ids import new_id
from entrepot.plumbing.sealing import Sealer

_PURPOSE = "token signing key"
SEALED = Sealed(signing_key, signing_key.c.id, signing_key.c.sealed_private, lambda _row: _PURPOSE)
_VERIFY_LONGER = timedelta(days=1, hours=1)
_KEYS_MAX = 100
_LOOK_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class SigningKey:
    id: str
    key: OKPKey
    signs_until: float  # seconds since the epoch


class SigningKeys:
    def __init__(self, db: Database, clock: Clock, sealer: Sealer, settings: AccountSettings) -> None:
        self._db = db
        self._clock = clock
        self._sealer = sealer
        self._lifetime = timedelta(seconds=settings.signing_key_seconds)
        self._known: dict[str, SigningKey] = {}
        self._current: SigningKey | None = None
        self._looked = -_LOOK_AGAIN_SECONDS

    async def current(self) -> SigningKey:
        """The key to sign with; made when there is none or the newest has served its time."""
        now = self._clock.now().timestamp()
        if self._current is None or self._current.signs_until <= now:
            await self._load()
        if self._current is None or self._current.signs_until <= now:
            await self._make()
        assert self._current is not None
        return self._current

    async def find(self, key_id: str) -> SigningKey | None:
        """The key that made a token, or None. A stranger's key ids cost at most one look a second."""
        if key_id not in self._known and monotonic() - self._looked >= _LOOK_AGAIN_SECONDS:
            await self._load()
        return self._known.get(key_id)

    async def public(self) -> dict[str, str]:
        """The public keys (PEM), by id, of all that may have signed a token that is still valid."""
        await self.current()
        return {one.id: one.key.as_pem(private=False).decode() for one in self._known.values()}

    async def _load(self) -> None:
        self._looked = monotonic()
        async with self._db.reading() as tx:
            rows = await signing.newest_signing_keys(tx, _KEYS_MAX)
        known = [
            SigningKey(
                row.id,
                OKPKey.import_key(self._sealer.open(row.sealed_private, _PURPOSE)),
                (row.created_at + self._lifetime).timestamp(),
            )
            for row in rows
            if row.created_at + self._lifetime + _VERIFY_LONGER > self._clock.now()
        ]
        self._known = {key.id: key for key in known}
        self._current = known[0] if known else None

    async def _make(self) -> None:
        now = self._clock.now()
        fresh = OKPKey.generate_key("Ed25519")
        async with self._db.writing() as tx:
            await keep_sealed(tx)
            sealed = self._sealer.seal(fresh.as_pem(private=True), _PURPOSE)
            await signing.save_signing_key(tx, new_id(), sealed, fresh.as_pem(private=False), now)
            await signing.forget_signing_keys(tx, now - self._lifetime - _VERIFY_LONGER)
        await self._load()
