"""Sessions: how people stay signed in with a browser. A cookie holds the secret; here lies only its hash.

One ends when nobody used it for a while, after its whole time, with a new password of its user, and when
somebody ends it. What is changed with a cookie also needs the session's CSRF token: it is made from the secret, so
that no other session has the same, and no page of another site can know it.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_admin, require_person
from entrepot.accounts import rules
from entrepot.accounts.actors import actor_of, is_usable
from entrepot.accounts.events import SessionBegun, SessionEnded
from entrepot.accounts.personal_tokens import require_sign_in
from entrepot.accounts.queries import people, sessions
from entrepot.accounts.room import Accounts
from entrepot.accounts.secrets import hash_of
from entrepot.accounts.tables import session
from entrepot.accounts.users import find_user
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.plumbing.caller import caller
from entrepot.plumbing.ids import new_id, new_secret
from entrepot.values.errors import SessionUnknown, Unauthenticated
from entrepot.values.names import UserName

CREDENTIAL: Final = "session:"
_AGENT_CHARS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Session:
    id: str
    user_name: str
    address: str
    agent: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session and what its browser keeps: a secret, and a token for calls that change something."""

    session: Session
    secret: str = field(repr=False)
    csrf_token: str = field(repr=False)


async def begin_session(accounts: Accounts, actor: Actor, agent: str = "") -> Begun:
    """Keep a person signed in who has just signed in. Of very many sessions the oldest ends.

    Raises Unauthenticated, or AccessDenied for robots and for whoever signed in with a token.
    """
    require_sign_in(actor)
    session_id, secret, address = new_id(), new_secret(), caller.get().address
    agent = "".join(one for one in agent[:_AGENT_CHARS_MAX] if one.isprintable())

    async with accounts.db.writing() as tx:
        await tx.lock(f"sessions:{actor.id}")
        row = await people.user_by_id(tx, actor.id)
        now = accounts.clock.now()
        if row is None or not is_usable(row, now) or row.credential_version != actor.credential_version:
            raise Unauthenticated
        for old in (await sessions.sessions_of_user(tx, actor.id))[rules.SESSIONS_MAX - 1 :]:
            await _end(tx, accounts, actor, old)
        expires_at = now + timedelta(seconds=accounts.settings.session_seconds)
        begun = Session(session_id, actor.name, address, agent, now, now, expires_at)
        await sessions.save_session(
            tx, session_id, actor.id, hash_of(secret), row.login_version, address, agent, now, expires_at
        )
        # Who signs in now was nobody a moment ago: whose domain it is, the request does not say.
        begin = SessionBegun(actor.name, session_id)
        await publish(tx, begin, actor=actor.subject, at=now, domain_id=actor.domain_id, though_closed=True)

    return Begun(begun, secret, csrf_token(secret))


async def read_session(accounts: Accounts, secret: str, is_use: bool = True) -> Actor:
    """Whose session this is. Raises Unauthenticated when it has ended.

    `is_use`: somebody uses it now; a page that only stays open does not.
    """
    now = accounts.clock.now()
    idle_since = now - timedelta(seconds=accounts.settings.session_idle_seconds)
    async with accounts.db.looking() as tx:
        row = await sessions.account_of_session(tx, hash_of(secret), now, idle_since)
    if row is None or not is_usable(row, now):
        raise Unauthenticated("The session has ended; sign in again.")
    if is_use:
        accounts.uses.note(session, row.session_id, now)
    actor = actor_of(row, f"{CREDENTIAL}{row.session_id}")
    return replace(actor, until=min(actor.until, row.session_expires_at.timestamp()))


def csrf_token(secret: str) -> str:
    """What a page of ours sends beside the cookie when it changes something."""
    return hmac.new(secret.encode(errors="surrogatepass"), b"csrf", hashlib.sha256).hexdigest()


def is_csrf_token(token: str, secret: str) -> bool:
    """Whether `token` is that of the session with this secret."""
    return hmac.compare_digest(token.encode(errors="surrogatepass"), csrf_token(secret).encode())


async def list_sessions(accounts: Accounts, actor: Actor, user_name: UserName | None = None) -> Sequence[Session]:
    """The actor's sessions, newest first; those of another user of the domain for its administrators.

    Raises Unauthenticated, AccessDenied or UserUnknown.
    """
    async with accounts.db.reading() as tx:
        rows = await sessions.sessions_of_user(tx, await _whose(tx, actor, user_name))
    now = accounts.clock.now()
    idle_since = now - timedelta(seconds=accounts.settings.session_idle_seconds)
    return [_session(row) for row in rows if row.expires_at > now and row.last_used_at > idle_since]


async def end_session(accounts: Accounts, actor: Actor, session_id: str) -> None:
    """End a session of the actor's, or of a user of their domain for administrators, at once.

    Raises Unauthenticated, AccessDenied or SessionUnknown.
    """
    require_person(actor)
    async with accounts.db.writing() as tx:
        row = await sessions.session_by_id(tx, session_id)
        if row is None or not (row.user_id == actor.id or (actor.is_admin and row.domain_id == actor.domain_id)):
            raise SessionUnknown("There is no such session of yours.")
        await _end(tx, accounts, actor, row)


async def end_sessions(
    accounts: Accounts, actor: Actor, user_name: UserName | None = None, with_current: bool = True
) -> int:
    """End all sessions of the actor, or for administrators of a user of their domain; their number.

    `with_current`: also the one at hand. Raises Unauthenticated, AccessDenied or UserUnknown.
    """
    async with accounts.db.writing() as tx:
        rows = await sessions.sessions_of_user(tx, await _whose(tx, actor, user_name))
        ending = [row for row in rows if with_current or not is_current(actor, row.id)]
        for row in ending:
            await _end(tx, accounts, actor, row)
        return len(ending)


def is_current(actor: Actor, session_id: str) -> bool:
    """Whether the actor is signed in by this session."""
    return actor.credential == f"{CREDENTIAL}{session_id}"


async def forget_ended(accounts: Accounts) -> int:
    """Remove sessions whose time is over; their number."""
    now = accounts.clock.now()
    idle_since = now - timedelta(seconds=accounts.settings.session_idle_seconds)
    async with accounts.db.writing() as tx:
        return await sessions.forget_sessions(tx, now, idle_since)


async def _end(tx: Writer, accounts: Accounts, actor: Actor, row: Row[Any]) -> None:
    await sessions.delete_session(tx, row.id)
    ended = SessionEnded(row.user_name, row.id)
    await publish(tx, ended, actor=actor.subject, at=accounts.clock.now(), though_closed=True)


async def _whose(tx: Reader, actor: Actor, user_name: UserName | None) -> str:
    require_person(actor)
    if user_name is None or user_name == actor.name:
        return actor.id
    require_admin(actor)
    return (await find_user(tx, actor, user_name)).id


def _session(row: Row[Any]) -> Session:
    return Session(row.id, row.user_name, row.address, row.agent, row.created_at, row.last_used_at, row.expires_at)
