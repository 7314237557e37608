"""Who calls: the ways to sign in to the management API (contract §15), in one table.

Each looks whether a request uses it, and answers None when not; the first that answers decides, and what
it refuses no other accepts. Everything here needs somebody, and a registry token is not enough.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.types import Receive, Scope

from entrepot.access.actor import Actor
from entrepot.accounts import management_tokens
from entrepot.accounts.docker_logins import is_docker_login
from entrepot.accounts.sessions import read_session
from entrepot.accounts.signature import ALGORITHM, RawRequest, decoded_path
from entrepot.accounts.signed_requests import by_signature
from entrepot.doors.http import cookies
from entrepot.doors.manage.paths import has_encoded_slash, raw_path, routed_path
from entrepot.doors.manage.rooms import ManageRooms
from entrepot.doors.manage.routes import find, find_slashed
from entrepot.values.errors import ParameterInvalid, Unauthenticated


class Asked:
    """A request that somebody makes; its body is read when it is first needed."""

    def __init__(self, request: Request, read: Callable[[Request], Awaitable[bytes]]) -> None:
        self._request = request
        self._read = read
        self._body: bytes | None = None

    @property
    def scope(self) -> Scope:
        return self._request.scope

    @property
    def receive(self) -> Receive:
        return self._request.receive

    @property
    def held(self) -> bytes | None:
        """The body, if anybody needed it so far."""
        return self._body

    async def body(self) -> bytes:
        if self._body is None:
            self._body = await self._read(self._request)
        return self._body

    @property
    def cookies(self) -> Mapping[str, str]:
        return self._request.cookies

    def header(self, name: str) -> str | None:
        return self._request.headers.get(name)


Way = Callable[[ManageRooms, Asked], Awaitable[Actor | None]]


async def sign_in(rooms: ManageRooms, asked: Asked) -> Actor:
    """Who sends the request. Raises Unauthenticated."""
    for way in _WAYS:
        actor = await way(rooms, asked)
        if actor is not None:
            return actor
    raise Unauthenticated("The management API needs a user name and password, or a signed request.")


async def _signed(rooms: ManageRooms, asked: Asked) -> Actor | None:
    """A request signed with an access key."""
    if not (asked.header("authorization") or "").startswith(f"{ALGORITHM} "):
        return None
    scope = asked.scope
    _check_one_reading(scope)
    body = await asked.body()
    return await by_signature(
        rooms.accounts, RawRequest(scope["method"], raw_path(scope), scope["query_string"], scope["headers"], body)
    )


def _check_one_reading(scope: Scope) -> None:
    """Pass a signed path that can mean only what it says: the signature takes `%2F` for `/`.

    Else whoever forwards the request could delete the repository `app/tags/x` with what was signed for the
    tag `x` of `app`. A name that reads as another call is written with `$`, which no other sign stands for.
    """
    path, method = raw_path(scope), scope["method"]
    if not has_encoded_slash(path):
        return
    if find(routed_path(scope)).get(method) is not find_slashed(method, decoded_path(path)):
        raise ParameterInvalid("This signed path could be read in two ways; write $ for the / in a repository's name.")


async def _by_token(rooms: ManageRooms, asked: Asked) -> Actor | None:
    """A management token, as clients of the service send it."""
    token = asked.header("x-auth-token")
    return None if token is None else await management_tokens.read(rooms.accounts, token)


async def _shown(rooms: ManageRooms, asked: Asked) -> Actor | None:
    """HTTP Basic or a Bearer token."""
    header = asked.header("authorization")
    if header is None:
        return None
    actor = await rooms.credentials.actor(header.encode("latin-1"))
    if actor.limits is not None or actor.is_house:
        raise Unauthenticated("A registry token does not reach the management API; sign in with a password.")
    if is_docker_login(actor):
        raise Unauthenticated("A docker login does not reach the management API; sign in with a password or a key.")
    return None if actor.is_anonymous else actor


async def _in_session(rooms: ManageRooms, asked: Asked) -> Actor | None:
    """The cookie of a session, beside which what changes something needs the session's token."""
    secret = cookies.secret_of(asked.cookies)
    if secret is None:
        return None
    actor = await read_session(rooms.accounts, secret)
    cookies.check_genuine(asked.scope, rooms.registry_host, secret)
    return actor


_WAYS: Final[tuple[Way, ...]] = (_signed, _by_token, _shown, _in_session)
