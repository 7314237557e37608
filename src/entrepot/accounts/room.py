"""The accounts room: what its verbs work with."""

from dataclasses import dataclass

from entrepot.accounts.keys import SigningKeys
from entrepot.accounts.passwords import Passwords
from entrepot.accounts.queries.access_keys import signer
from entrepot.accounts.settings import AccountSettings
from entrepot.accounts.trust.directories import Directories
from entrepot.accounts.trust.issuers import Issuers
from entrepot.accounts.uses import Uses
from entrepot.db.database import Database, HotRead
from entrepot.jobs.notes import Notes
from entrepot.plumbing.clock import Clock
from entrepot.plumbing.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Accounts:
    db: Database
    clock: Clock
    settings: AccountSettings
    passwords: Passwords
    keys: SigningKeys
    uses: Uses
    notes: Notes
    """Logins and refusals, for the audit."""
    sealer: Sealer
    issuers: Issuers
    directories: Directories
    signer: HotRead
    """The account of the access key `key`."""

    async def close(self) -> None:
        """Write down what is only in memory."""
        await self.uses.close()
        await self.notes.close()


def open_accounts(
    db: Database, clock: Clock, sealer: Sealer, settings: AccountSettings, notes: Notes | None = None
) -> Accounts:
    return Accounts(
        db,
        clock,
        settings,
        Passwords(settings),
        SigningKeys(db, clock, sealer, settings),
        Uses(db),
        notes or Notes(db, clock),
        sealer,
        Issuers(),
        Directories(settings),
        db.hot(signer()),
    )
