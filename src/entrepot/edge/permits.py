"""Permits: who may pull what from this edge, as the center said a moment ago.

A registry token is looked at here, by the keys of the center: whose it is, and for which repositories. Whether that
account may still pull is the center's decision, which holds for seconds. While the center is away, decisions go on
holding, for as long as they say.
"""

import hashlib
import json
import secrets
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from time import monotonic, time
from typing import Any, Final

from joserfc.jwk import OKPKey

from entrepot.accounts import jwts
from entrepot.accounts.credentials import BEARER
from entrepot.accounts.jwts import Kind
from entrepot.accounts.scopes import scope_name
from entrepot.edge.center import Center
from entrepot.edge.identity import Identity
from entrepot.mirror.running import Running
from entrepot.plumbing import metrics
from entrepot.regions.decisions import DECISION, SENT_ON
from entrepot.values.errors import (
    AccessDenied,
    Elsewhere,
    RemoteUnreachable,
    RepositoryUnknown,
    Unauthenticated,
    worded,
)

OURS: Final = Kind("edge+jwt", "/edge")
"""Tokens that an edge gives out by itself while the center is away."""
_SECONDS: Final = 10.0
_SECONDS_AGAIN: Final = 4.0
"""So long an answer may take, and so long where the last one will do when there is none."""
_OF_ACCOUNT: Final = ("sub", "ver", "via", "bounds")
_KNOWN_MAX: Final = 100_000
_OFFLINE_SECONDS_MAX: Final = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Held:
    """A decision: it holds until `until`, and `offline_until` while the center is away (monotonic seconds)."""

    until: float
    offline_until: float


@dataclass(slots=True)
class Heard:
    """What the edge last heard of the center. `ahead`: how many seconds its clock is ahead of ours."""

    identity: Identity
    offline_seconds: float = 3_600.0
    ahead: float = 0.0

    def now(self) -> float:
        """The time by the center's clock, seconds since the epoch."""
        return time() + self.ahead


class Permits:
    def __init__(self, center: Center, heard: Heard, running: Running) -> None:
        self._center = center
        self._heard = heard
        self._running = running
        self._key = secrets.token_bytes(32)
        self._own = OKPKey.generate_key("Ed25519")
        self._own_id = f"edge:{heard.identity.id}"
        self._known: OrderedDict[Hashable, Held] = OrderedDict()
        self._accounts: OrderedDict[bytes, tuple[dict[str, Any], float]] = OrderedDict()
        self._shown: OrderedDict[bytes, float] = OrderedDict()
        self._keys: dict[str, OKPKey] = {}

    async def check(self, header: bytes | None, path: str, client: str) -> None:
        """Pass when whoever shows `header` may pull the repository.

        Raises Unauthenticated, AccessDenied or RepositoryUnknown, and RemoteUnreachable when the center cannot be asked
        and has said nothing before.
        """
        who = await self._who(header, path)
        held = self._known.get((who, path))
        if held is not None and monotonic() < held.until:
            metrics.edge_decisions.labels("held").inc()
            return
        if held is not None and self._center.is_silent and monotonic() < held.offline_until:
            metrics.edge_decisions.labels("offline").inc()
            return
        seconds = _SECONDS if held is None else _SECONDS_AGAIN
        try:
            await self._running.together(("permit", who, path), lambda: self._ask(header, who, path, client, seconds))
        except Elsewhere:
            if held is None or monotonic() >= held.offline_until:
                metrics.edge_decisions.labels("unknown").inc()
                raise
            metrics.edge_decisions.labels("offline").inc()
        except (Unauthenticated, AccessDenied, RepositoryUnknown):
            self._known.pop((who, path), None)
            metrics.edge_decisions.labels("refused").inc()
            raise
        else:
            metrics.edge_decisions.labels("asked").inc()

    async def check_shown(self, header: bytes) -> None:
        """Pass for whoever somebody is: a token that is good, or what the center knows, or knew a while ago.

        Raises Unauthenticated, and RemoteUnreachable when the center cannot be asked about somebody new.
        """
        if header.startswith(BEARER):
            token = header[len(BEARER) :].decode("latin-1")
            for kind in (jwts.REGISTRY, OURS):
                if jwts.is_of(token, kind):
                    await self._read(kind, token)
                    return
        shown = hashlib.blake2b(header, key=self._key, digest_size=16).digest()
        until = self._shown.get(shown, 0.0)
        try:
            reply = await self._center.ask(
                "GET", "/v2/", {"authorization": header.decode("latin-1")}, seconds=self._center.seconds
            )
            if reply.status >= 500:
                raise RemoteUnreachable("The center cannot say who this is.")
        except RemoteUnreachable:
            if monotonic() >= until:
                raise
            return
        if reply.status >= 400:
            self._shown.pop(shown, None)
            raise Unauthenticated
        self._shown[shown] = monotonic() + self._heard.offline_seconds
        if len(self._shown) > _KNOWN_MAX:
            self._shown.popitem(last=False)

    async def check_sent_on(self, permit: str, path: str, digest: str) -> None:
        """Pass when the center sent the client on to this edge for this blob, a moment ago. Raises Unauthenticated."""
        said = await self._read(SENT_ON, permit)
        if (said.get("edge"), said.get("path"), said.get("digest")) != (self._heard.identity.id, path, digest):
            raise Unauthenticated("This address is not for this blob at this edge; ask the registry again.")
        metrics.edge_decisions.labels("sent on").inc()

    async def remember(self, user: str, password: str, token: str) -> None:
        """The center gave this token for this password: so it is known whose it is, should the center be away."""
        try:
            said = await self._read(jwts.REGISTRY, token)
        except Unauthenticated:  # of a center that was set up anew: it is asked again
            return
        account: dict[str, Any] = {name: said[name] for name in _OF_ACCOUNT if name in said}
        self._accounts[self._fingerprint(user, password)] = account, monotonic() + self._heard.offline_seconds
        if len(self._accounts) > _KNOWN_MAX:
            self._accounts.popitem(last=False)

    async def give(self, user: str | None, password: str, names: list[str], seconds: int) -> str:
        """A token of our own, while the center is away, for repositories that its bearer could pull before.

        Raises Unauthenticated for a password that was not seen lately.
        """
        account: dict[str, Any] = {"sub": "", "ver": None}
        if user is not None:
            known, until = self._accounts.get(self._fingerprint(user, password), ({}, 0.0))
            if monotonic() >= until:
                raise Unauthenticated("The center is away, and this password was not used here lately.")
            account = known
        who = _account_key(account)
        kept = [name for name in names if self._holds_offline(who, name)]
        access = [{"type": "repository", "name": name, "actions": ["pull"]} for name in kept]
        claims = {**account, "access": access}
        now = int(self._heard.now())
        return jwts.sign_with(self._own, self._own_id, self._heard.identity.service, now, OURS, claims, seconds)

    def _holds_offline(self, who: Hashable, path: str) -> bool:
        held = self._known.get((who, path))
        return held is not None and monotonic() < held.offline_until

    async def _ask(self, header: bytes | None, who: Hashable, path: str, client: str, seconds: float) -> None:
        asked_at = monotonic()
        shown = None if header is None else header.decode("latin-1")
        question = {"authorization": shown, "path": path, "client": client}
        answer = await self._center.call("decide", question, self._heard.identity.secret, seconds)
        try:
            said = await self._read(DECISION, str(answer.get("decision")))
        except Unauthenticated as error:
            raise RemoteUnreachable("The center's decision is not signed by the center.") from error
        if (said.get("edge"), said.get("path")) != (self._heard.identity.id, path):
            raise RemoteUnreachable("The center's decision is about something else.")
        offline = min(float(said["offline"]), _OFFLINE_SECONDS_MAX)
        # Counted from before it was asked: what the center took away since then ends no later than it says.
        self._known[who, path] = Held(asked_at + float(said["exp"] - said["iat"]), asked_at + offline)
        self._known.move_to_end((who, path))
        if len(self._known) > _KNOWN_MAX:
            self._known.popitem(last=False)

    async def _who(self, header: bytes | None, path: str) -> Hashable:
        """Who shows `header`: their account, as a token says, else what they show. Raises Unauthenticated."""
        if header is None:
            return _account_key({"sub": "", "ver": None})
        if header.startswith(BEARER):
            token = header[len(BEARER) :].decode("latin-1")
            for kind in (jwts.REGISTRY, OURS):
                if jwts.is_of(token, kind):
                    said = await self._read(kind, token)
                    _check_scope(said, path)
                    return _account_key(said)
        return hashlib.blake2b(header, key=self._key, digest_size=16).digest()

    async def _read(self, kind: Kind, token: str) -> dict[str, Any]:
        return await jwts.read(self._find, self._heard.identity.service, self._heard.now(), kind, token)

    async def _find(self, key_id: str) -> OKPKey | None:
        if key_id == self._own_id:
            return self._own
        pem = self._heard.identity.keys.get(key_id)
        if pem is None:
            return None
        if key_id not in self._keys:
            self._keys[key_id] = OKPKey.import_key(pem)
        return self._keys[key_id]

    def _fingerprint(self, user: str, password: str) -> bytes:
        """A keyed digest stands for a password, so that none lies in memory."""
        return hashlib.blake2b(f"{user}\0{password}".encode(), key=self._key, digest_size=16).digest()


def _account_key(said: dict[str, Any]) -> Hashable:
    """What decisions are about: the account, in the state and with the bounds that the token was given for."""
    return said["sub"], said["ver"], said.get("via", ""), json.dumps(said.get("bounds"))


def _check_scope(said: dict[str, Any], path: str) -> None:
    """Pass when a token carries pulls of the repository. Raises Unauthenticated."""
    for entry in said["access"]:
        if scope_name(entry["type"], entry["name"]) == path and "pull" in entry["actions"]:
            return
    raise Unauthenticated(worded("The token does not carry pull for {name}.", name=path), insufficient_scope=True)
