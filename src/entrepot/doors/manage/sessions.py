"""Sessions of browsers: begun with a name and a password, kept by a cookie, listed, ended."""

from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel

from entrepot.accounts import sessions
from entrepot.accounts.login import sign_in
from entrepot.accounts.sessions import CREDENTIAL
from entrepot.doors.http import cookies
from entrepot.doors.manage.call import Call, TheCall
from entrepot.doors.manage.fields import Body, Text, Word, WordParameter
from entrepot.doors.manage.paging import parse_flag
from entrepot.plumbing.clock import rfc3339
from entrepot.values.names import UserName


class BeginSession(Body):
    """`name` is `USER`, or `DOMAIN/USER`."""

    name: Word
    password: Text


class Session(BaseModel):
    id: str
    user_name: str
    address: str
    agent: str
    created_at: str
    last_used_at: str
    expires_at: str
    is_current: bool = False


class NewSession(Session):
    """`csrf_token` goes into the header `X-CSRF-Token` of every call that changes something."""

    csrf_token: str


class Sessions(BaseModel):
    sessions: list[Session]


async def begin_session(call: TheCall, request: Request, response: Response, body: BeginSession) -> NewSession:
    """Sign in with a browser. The answer sets a cookie, which pages cannot read."""
    cookies.check_origin(request.scope, call.host)
    actor = await sign_in(call.accounts, body.name, body.password)
    begun = await sessions.begin_session(call.accounts, actor, request.headers.get("user-agent", ""))
    cookies.set_cookie(response, begun.secret, call.accounts.settings.session_seconds, call.is_secure)
    return NewSession(**_row(call, begun.session).model_dump(), csrf_token=begun.csrf_token)


async def list_sessions(call: TheCall, user: WordParameter = None) -> Sessions:
    """Your sessions, newest first; with `user` those of another user of the domain, for administrators."""
    found = await sessions.list_sessions(call.accounts, call.actor, _name(user))
    return Sessions(sessions=[_row(call, one) for one in found])


async def end_session(
    call: TheCall,
    session: Annotated[str, Path(description="A session's id, or `current` for the one at hand.")],
    response: Response,
) -> None:
    """End a session, which is signing out. Administrators may end those of their users."""
    current = call.actor.credential.removeprefix(CREDENTIAL)
    is_current = session in ("current", current)
    await sessions.end_session(call.accounts, call.actor, current if is_current else session)
    if is_current:
        cookies.clear_cookie(response, call.is_secure)


async def end_sessions(
    call: TheCall,
    user: WordParameter = None,
    others: Annotated[str | None, Query(description="`true`: all but the one at hand.")] = None,
) -> None:
    """End all your sessions; with `user` those of another user of the domain, for administrators."""
    with_current = not parse_flag("others", others)
    await sessions.end_sessions(call.accounts, call.actor, _name(user), with_current)


def _name(user: str | None) -> UserName | None:
    return None if user is None else UserName.parse(user)


def _row(call: Call, one: sessions.Session) -> Session:
    return Session(
        id=one.id,
        user_name=one.user_name,
        address=one.address,
        agent=one.agent,
        created_at=rfc3339(one.created_at),
        last_used_at=rfc3339(one.last_used_at),
        expires_at=rfc3339(one.expires_at),
        is_current=sessions.is_current(call.actor, one.id),
    )
