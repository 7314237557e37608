"""Docker logins for a time (contract §11, §16)."""

import base64
from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import BaseModel

from entrepot.accounts.docker_logins import BEARER, DockerLogin, create_login
from entrepot.doors.manage.call import Call, TheCall
from entrepot.doors.manage.fields import WordParameter
from entrepot.plumbing.clock import rfc3339
from entrepot.values.errors import ParameterInvalid

_DIGITS_MAX: Final = 9


class Auth(BaseModel):
    """`auth`: base64 of `user:password`, as in a docker configuration."""

    auth: str


class Auths(BaseModel):
    """By the host of the registry."""

    auths: dict[str, Auth]


async def create_secret(
    call: TheCall,
    response: Response,
    projectname: WordParameter = None,
    duration_seconds: Annotated[str | None, Query(description="From 900 to 86400.")] = None,
) -> Auths:
    """A docker login for a time, with your rights. The whole command is in the header `X-Swr-Dockerlogin`."""
    seconds = None if duration_seconds is None else _seconds(duration_seconds)
    return _answer(call, response, await create_login(call.accounts, call.actor, projectname or "", seconds))


async def create_authorization_token(call: TheCall, response: Response) -> Auths:
    """The same, as a user that is not named after a project."""
    return _answer(call, response, await create_login(call.accounts, call.actor, BEARER))


def _answer(call: Call, response: Response, made: DockerLogin) -> Auths:
    response.headers["X-Swr-Dockerlogin"] = f"docker login -u {made.user} -p {made.password} {call.host}"
    assert made.expires_at is not None
    response.headers["X-Swr-Expireat"] = rfc3339(made.expires_at)
    response.headers["Cache-Control"] = "no-store"
    pair = base64.b64encode(f"{made.user}:{made.password}".encode()).decode()
    return Auths(auths={call.host: Auth(auth=pair)})


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX:
        raise ParameterInvalid("duration_seconds is a number.", kind="query")
    return int(text)
