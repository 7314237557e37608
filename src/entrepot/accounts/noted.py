"""Logins, noted for the audit: who came in, and who did not."""

from dataclasses import dataclass, replace
from typing import ClassVar

from entrepot.access.actor import EVERYONE, Actor
from entrepot.accounts.actors import account_by_login
from entrepot.accounts.room import Accounts
from entrepot.jobs.notes import Noted
from entrepot.plumbing import metrics
from entrepot.plumbing.caller import caller


@dataclass(frozen=True, slots=True)
class LoginSucceeded(Noted):
    """Told once an hour for each account, credential and address: clients may sign in with every request."""

    type: ClassVar[str] = "login.succeeded"
    quiet_seconds: ClassVar[float] = 3_600.0
    is_counted: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class LoginRefused(Noted):
    """A name with what was not its password; perhaps nobody has that name."""

    type: ClassVar[str] = "login.refused"
    quiet_seconds: ClassVar[float] = 60.0


def note_login(accounts: Accounts, actor: Actor) -> None:
    """Somebody signed in, with whatever credential."""
    by = replace(caller.get(), credential=actor.credential, domain_id=actor.domain_id)
    accounts.notes.note(LoginSucceeded(actor.name), actor.subject, actor.domain_id, by)


async def note_refused_login(accounts: Accounts, name: str) -> None:
    """Somebody did not get in as `name`. Administrators see it of accounts of their domain, operators of all names."""
    metrics.logins_refused.inc()
    async with accounts.db.reading() as tx:
        meant = await account_by_login(tx, name)
    accounts.notes.note(LoginRefused(name), EVERYONE, meant.domain_id if meant else "")
