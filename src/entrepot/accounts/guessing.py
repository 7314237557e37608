"""Guessing: after wrong passwords an account, and an address, has to wait, each time twice as long, up to a lock.

The state is in the database, so all replicas count together. Names that nobody has are counted like accounts,
so that waiting tells nothing. A wait is judged after the password was checked: it takes as long either way, and of
many guesses sent at once none slips through while the others are being checked.

Nobody can lock others out for ever: where somebody signed in lately, only a count of their own for that address
keeps them waiting, not what strangers do elsewhere, nor what others do at the same address; a refused try during
a wait does not make it longer; tokens, keys and sessions are not asked here at all; an administrator ends a wait
(`users.unlock_user`).
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import EVERYONE, Actor
from entrepot.accounts.actors import account_by_login
from entrepot.accounts.guessing_events import LoginBlocked
from entrepot.accounts.queries import guesses
from entrepot.accounts.room import Accounts
from entrepot.accounts.settings import AccountSettings
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.plumbing.caller import caller
from entrepot.plumbing.networks import whereabouts
from entrepot.values.errors import TooManyLogins, worded

_PLACE_DAYS: Final = 30
_PLACE_SEEN_AGAIN: Final = timedelta(days=1)
_PLACES_MAX: Final = 20
_ROWS_MAX: Final = 50_000
_DOUBLINGS_MAX: Final = 40


def seconds_to_wait(failures: int, tries: int, longest: int) -> int:
    """After so many wrong passwords in a row, with so many free: 0, then 1, 2, 4, … up to the longest."""
    if failures < tries:
        return 0
    return int(min(2 ** min(failures - tries, _DOUBLINGS_MAX), longest))


async def let_in(accounts: Accounts, login: str, actor: Actor) -> None:
    """For a right password: pass unless a wait is on; what was counted for the account is forgotten.

    Raises TooManyLogins.
    """
    place = _place()
    async with accounts.db.reading() as tx:
        keys = await _keys(tx, await account_by_login(tx, login), login, place)
        found = await guesses.failures_of(tx, keys)
        _require_no_wait(found, tx.now)
        seen = await guesses.seen_at(tx, actor.id, place)
        is_fresh = seen is not None and seen > tx.now - _PLACE_SEEN_AGAIN
    if is_fresh and keys[0] not in {row.key for row in found}:
        return
    async with accounts.db.writing() as tx:
        await guesses.forget_failures(tx, keys[:1])
        await guesses.save_place(tx, actor.id, place, tx.now, _PLACES_MAX)


async def count_wrong(accounts: Accounts, login: str) -> None:
    """For a wrong password: count it for the account, or the name that nobody has, and for the address.

    During a wait nothing is counted. Raises TooManyLogins.
    """
    settings, place = accounts.settings, _place()
    async with accounts.db.reading() as tx:
        account = await account_by_login(tx, login)
        keys = await _keys(tx, account, login, place)
        _require_no_wait(await guesses.failures_of(tx, keys), tx.now)
    async with accounts.db.writing() as tx:
        for key, tries in zip(keys, (settings.login_tries_account, settings.login_tries_address), strict=False):
            failures = await guesses.count_failure(tx, key, tx.now, _stale(settings, tx.now))
            wait = seconds_to_wait(failures, tries, settings.login_wait_seconds_max)
            if wait:
                await guesses.save_wait(tx, key, tx.now + timedelta(seconds=wait))
            if wait == settings.login_wait_seconds_max:
                await _tell(tx, key != keys[0], account, place, failures, wait)
            if failures == 1:
                await guesses.make_room(tx, _ROWS_MAX)


async def unlock(tx: Writer, user_id: str) -> None:
    """Forget what was counted for an account, from wherever: its waits end."""
    await guesses.forget_account(tx, _account_key(user_id))


async def waits_until(tx: Reader, user_id: str) -> datetime | None:
    """Until when an account has to wait somewhere; None when it need not."""
    ends = await guesses.wait_of(tx, _account_key(user_id))
    return ends if ends is not None and ends > tx.now else None


async def forget_stale(accounts: Accounts) -> int:
    """Forget wrong passwords of long ago, and places nobody came back to; the number of rows."""
    async with accounts.db.writing() as tx:
        forgotten = await guesses.forget_older(tx, _stale(accounts.settings, tx.now))
        return forgotten + await guesses.forget_places(tx, tx.now - timedelta(days=_PLACE_DAYS))


def _place() -> str:
    return whereabouts(caller.get().address)[:64]


def _stale(settings: AccountSettings, now: datetime) -> datetime:
    return now - timedelta(seconds=settings.login_forget_seconds)


async def _keys(tx: Reader, account: Row[Any] | None, login: str, place: str) -> list[str]:
    """What a try counts for: the account and the address; or, where the account is known, it alone at this place."""
    of_address = f"address:{place}"
    if account is None:
        digest = hashlib.sha256(login.encode(errors="surrogatepass")).hexdigest()
        return [_account_key(digest[:32]), of_address]
    if await guesses.seen_at(tx, account.id, place) is not None:
        return [f"{_account_key(account.id)}@{place}"]
    return [_account_key(account.id), of_address]


def _account_key(identity: str) -> str:
    return f"account:{identity}"


def _require_no_wait(found: Sequence[Row[Any]], now: datetime) -> None:
    ends = max((row.wait_until for row in found if row.wait_until is not None), default=now)
    if ends > now:
        seconds = ceil((ends - now).total_seconds())
        raise TooManyLogins(
            worded(
                "Too many wrong passwords; try again in {seconds} s. Tokens and keys work meanwhile.",
                seconds=seconds,
            ),
            retry_after=seconds,
        )


async def _tell(tx: Writer, is_address: bool, account: Row[Any] | None, place: str, failures: int, wait: int) -> None:
    """Longest waits are told: of addresses to operators, of accounts to their administrators; of no other names."""
    if is_address:
        event = LoginBlocked(place, "address", failures, wait)
    elif account is not None:
        event = LoginBlocked(account.name, "account", failures, wait)
    else:
        return
    domain_id = "" if is_address or account is None else account.domain_id
    await publish(tx, event, actor=EVERYONE, at=tx.now, domain_id=domain_id, though_closed=True)
