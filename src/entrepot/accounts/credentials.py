"""Credentials: the `Authorization` header becomes an Actor, by HTTP Basic or a Bearer token.

What was checked once is remembered, so that the pull path pays nothing for it. A remembered actor
carries the credential version it was checked against; who uses it must compare that with the
database in the same read that decides (`registry/queries/pull.py` does), or ask `actor` instead.
"""

import base64
import binascii
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import replace

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.accounts import jwts, personal_tokens
from entrepot.accounts.actors import PASSWORD, is_usable
from entrepot.accounts.house_tokens import read_house_token
from entrepot.accounts.login import sign_in
from entrepot.accounts.queries import people
from entrepot.accounts.room import Accounts
from entrepot.accounts.tokens import read_token
from entrepot.plumbing.caller import caller
from entrepot.values.errors import Unauthenticated

_REMEMBERED_MAX = 20_000
_HEADER_BYTES_MAX = 20_000
_LOOK_AGAIN_SECONDS = 60.0
BEARER = b"Bearer "
_BEARER_OF_A_PERSON = BEARER + personal_tokens.PREFIX.encode()


class Credentials:
    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._nobody = ANONYMOUS if accounts.settings.anonymous_pull else Actor(subjects=())
        self._key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, Actor] = OrderedDict()

    def remembered(self, header: bytes | None, now: float, address: str = "") -> Actor | None:
        """The actor of a header seen before, if its credential lives at `now` (seconds since the epoch).

        A password is remembered for the address it came from: whoever guesses elsewhere has to wait.
        """
        if header is None:
            return self._nobody
        known = self._remembered.get(self._fingerprint(header, address))
        return known if known is not None and known.until > now else None

    async def actor(self, header: bytes | None) -> Actor:
        """Who sends `header`, checked against the database now; nobody when there is none.

        Raises Unauthenticated.
        """
        if header is None:
            return self._nobody
        if len(header) > _HEADER_BYTES_MAX:
            raise Unauthenticated("The Authorization header is too long.")
        address = caller.get().address
        scheme, _, value = (part.strip() for part in header.partition(b" "))
        match scheme.lower():
            case b"basic":
                actor = await self._known(header, address) or await sign_in(self._accounts, *_basic(value))
            case b"bearer" if value.startswith(personal_tokens.PREFIX.encode()):
                actor = await personal_tokens.by_bearer(self._accounts, _ascii(value))
            case b"bearer" if jwts.is_of(_ascii(value), jwts.HOUSE):
                return await read_house_token(self._accounts, _ascii(value))
            case b"bearer":
                actor = await read_token(self._accounts, _ascii(value))
            case _:
                raise Unauthenticated("The Authorization header must be of the form Basic or Bearer.")
        self._remembered[self._fingerprint(header, address)] = self._for_a_while(actor)
        if len(self._remembered) > _REMEMBERED_MAX:
            self._remembered.popitem(last=False)
        return actor

    async def _known(self, header: bytes, address: str) -> Actor | None:
        """Who signed in with this password before, while their account is as it was: it need not be checked again."""
        actor = self.remembered(header, self._accounts.clock.now().timestamp(), address)
        if actor is None or actor.credential != PASSWORD:
            return None
        async with self._accounts.db.reading() as tx:
            row = await people.user_by_id(tx, actor.id)
        if row is None or row.credential_version != actor.credential_version:
            return None
        return actor if is_usable(row, self._accounts.clock.now()) else None

    def _for_a_while(self, actor: Actor) -> Actor:
        """Of credentials with a time of last use, that is noted when they are checked: once a minute is enough."""
        if actor.credential == PASSWORD or actor.limits is not None:
            return actor
        return replace(actor, until=min(actor.until, self._accounts.clock.now().timestamp() + _LOOK_AGAIN_SECONDS))

    def _fingerprint(self, header: bytes, address: str) -> bytes:
        """A keyed digest stands for a secret, so that none lies in memory; a registry token lives minutes anyway."""
        if header.startswith(BEARER):
            if not header.startswith(_BEARER_OF_A_PERSON):
                return header
        else:
            header = b"%b\0%b" % (address.encode(), header)
        return hashlib.blake2b(header, key=self._key, digest_size=16).digest()


def _basic(value: bytes) -> tuple[str, str]:
    try:
        name, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Unauthenticated("The Basic credentials are not base64 of user:password.") from None
    if not colon:
        raise Unauthenticated("The Basic credentials are not base64 of user:password.")
    return name, password


def _ascii(value: bytes) -> str:
    try:
        return value.decode("ascii")
    except UnicodeDecodeError:
        raise Unauthenticated("The token is not valid; log in again.") from None
