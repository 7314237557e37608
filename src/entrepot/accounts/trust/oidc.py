"""Single sign-on: the authorization code flow of OpenID Connect, with PKCE, state and nonce.

    browser → begin_login      where to go, and a sealed note for the browser to keep
    browser → provider         signs in there, comes back with a code
    browser → finish_login     code and note fit together: the code becomes an ID token, that an actor
    give_token                 what they sign in with elsewhere, for half a day

The note (a cookie) holds what the answer must fit to, sealed, so that any replica can go on and nobody
can write one. It lives minutes, belongs to one browser, and a code is good once: the provider sees to that.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from entrepot.access.actor import Actor
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.noted import note_login
from entrepot.accounts.personal_tokens import create_token, delete_token
from entrepot.accounts.queries import people
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.room import Accounts
from entrepot.accounts.trust.assertions import Unaccepted, peek, verify
from entrepot.accounts.trust.claims import Claims, values_of
from entrepot.accounts.trust.issuers import Discovered, Issuer
from entrepot.accounts.trust.people import Vouched, enter
from entrepot.accounts.trust.providers import Provider, provider_of, secret_of
from entrepot.accounts.trust.refusals import WhyNot
from entrepot.accounts.trust.settings import OIDC, OidcSettings
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.outbound import OutboundFailed, fetch_json
from entrepot.plumbing.sealing import SealBroken
from entrepot.values.errors import (
    EntrepotError,
    IdentityProviderUnknown,
    ParameterInvalid,
    TokenUnknown,
    Unauthenticated,
    quoted,
    worded,
)
from entrepot.values.names import TokenName

NOTE_SECONDS: Final = 600
_PURPOSE = "oidc login"
_TOKEN = TokenName("browser")
_TOKEN_LIFETIME = timedelta(hours=12)
_NOTE_CHARS_MAX = 4_096
_PATH_CHARS_MAX = 512
_CODE_CHARS_MAX = 4_096
_PROVIDERS_MAX = 100
_UNFIT = worded("This sign-in did not begin in this browser, or took too long; begin again.")

_log = get_logger()


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what it keeps until it is back."""

    url: str
    note: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Who came back, and the local path they wanted to get to."""

    actor: Actor
    path: str


@dataclass(frozen=True, slots=True)
class Given:
    """A user name and a password to go with it until a time."""

    login: str
    secret: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider sent the browser back with. `issuer` is empty when it does not say (RFC 9207)."""

    state: str = ""
    code: str = ""
    error: str = ""
    issuer: str = ""


async def list_ways(accounts: Accounts, domain_name: str) -> list[str]:
    """The names of providers by which people of a domain may sign in with their browser; for everybody to see."""
    async with accounts.db.reading() as tx:
        rows = await queries.enabled_providers(tx, domain_name, OIDC, _PROVIDERS_MAX)
    return [row.name for row in rows]


async def begin_login(accounts: Accounts, name: str, callback: str, path: str) -> Begun:
    """Send somebody to the provider; they come back to `callback` and end at the local `path`.

    Raises IdentityProviderUnknown, ParameterInvalid for a path that is not local, or OutboundFailed.
    """
    check_local(path)
    provider, settings = await _provider(accounts, name)
    said = await accounts.issuers.discover(Issuer(settings.issuer, settings.peer))
    if not said.authorization_endpoint or not said.token_endpoint:
        raise OutboundFailed(worded("{issuer} does not say where people sign in.", issuer=quoted(settings.issuer)))
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    asked = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": callback,
        "scope": " ".join(settings.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": _challenge(verifier),
        "code_challenge_method": "S256",
    }
    note = {
        "provider": provider.id,
        "state": state,
        "nonce": nonce,
        "verifier": verifier,
        "path": path,
        "until": accounts.clock.now().timestamp() + NOTE_SECONDS,
    }
    joint = "&" if "?" in said.authorization_endpoint else "?"
    return Begun(f"{said.authorization_endpoint}{joint}{urlencode(asked)}", _sealed(accounts, note))


async def finish_login(accounts: Accounts, name: str, callback: str, note: str, answer: Answer) -> Finished:
    """Who came back from the provider. Provider and log know more about a refusal than is said here.

    Raises IdentityProviderUnknown, Unauthenticated or OutboundFailed.
    """
    provider, settings = await _provider(accounts, name)
    try:
        kept = _opened(accounts, note)
        if kept.get("provider") != provider.id or not compare_digest(str(kept["state"]), answer.state):
            raise Unauthenticated(_UNFIT, why=WhyNot.UNFIT)
        if answer.issuer not in ("", settings.issuer):
            raise Unauthenticated(_UNFIT, why=WhyNot.UNFIT)
        if answer.error or not 0 < len(answer.code) <= _CODE_CHARS_MAX:
            said = quoted(answer.error or "no code")
            raise Unauthenticated(worded("The provider did not sign you in ({said}).", said=said), why=WhyNot.DENIED)
        claims = await _redeem(accounts, provider, settings, answer.code, callback, kept)
        groups = values_of(claims, settings.groups_claim)
        vouched = Vouched(claims["sub"], claims, settings.name_claim, groups)
        actor = await enter(accounts, provider, vouched)
    except EntrepotError as error:
        metrics.provider_logins.labels(OIDC, "refused").inc()
        _log.info("a sign-in by a provider is refused", provider=name, reason=error.message)
        raise
    metrics.provider_logins.labels(OIDC, "done").inc()
    note_login(accounts, actor)
    return Finished(actor, str(kept["path"]))


async def give_token(accounts: Accounts, actor: Actor) -> Given:
    """A personal token for whoever came back: docker, and the command line, ask for a password. It ends the one before.

    Raises TooMany.
    """
    try:
        await delete_token(accounts, actor, _TOKEN)
    except TokenUnknown:
        pass  # the first one
    until = accounts.clock.now() + _TOKEN_LIFETIME
    made = await create_token(accounts, actor, _TOKEN, expires_at=until)
    async with accounts.db.reading() as tx:
        domain = (await people.names_of_domains(tx, [actor.domain_id]))[actor.domain_id]
    login = actor.name if domain == FIRST_DOMAIN else f"{domain}/{actor.name}"
    return Given(login, made.secret, until)


def check_local(path: str) -> None:
    """Pass for a path of this server; whatever a browser could take for another one is refused.

    Raises ParameterInvalid.
    """
    is_plain = path.isascii() and path.isprintable() and len(path) <= _PATH_CHARS_MAX
    if not is_plain or not path.startswith("/") or path.startswith("//") or "\\" in path:
        raise ParameterInvalid(
            worded("After signing in one gets to a path of this server, not to {path}.", path=quoted(path))
        )


async def _redeem(
    accounts: Accounts, provider: Provider, settings: OidcSettings, code: str, callback: str, kept: dict[str, Any]
) -> Claims:
    """The claims of the ID token that the code is good for (OpenID Connect Core §3.1.3)."""
    issuer = Issuer(settings.issuer, settings.peer)
    said = await accounts.issuers.discover(issuer)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "client_id": settings.client_id,
        "code_verifier": str(kept["verifier"]),
    }
    auth = _authentication(said, settings.client_id, secret_of(accounts, provider), form)
    answered = await fetch_json(said.token_endpoint, settings.peer, form, auth)
    token = answered.get("id_token")
    unverified = peek(token) if isinstance(token, str) else None
    if not isinstance(token, str) or unverified is None:
        raise OutboundFailed(
            worded("{issuer} answers no ID token that can be checked.", issuer=quoted(settings.issuer))
        )
    key = await accounts.issuers.key(issuer, unverified.key_id)
    try:
        if key is None:
            raise Unaccepted("it is signed with a key that the issuer does not show")
        claims = verify(token, key, settings.issuer, settings.client_id, accounts.clock.now())
        _check_id_token(claims, settings.client_id, str(kept["nonce"]))
    except Unaccepted as why:
        _log.warning("an ID token is not accepted", provider=provider.name, reason=str(why))
        raise Unauthenticated(
            "What the provider says about you cannot be believed; its log and ours say why.", why=WhyNot.UNBELIEVED
        ) from why
    return claims


def _check_id_token(claims: Claims, client_id: str, nonce: str) -> None:
    """What is said of ID tokens beyond other assertions (OpenID Connect Core §3.1.3.7). Raises Unaccepted."""
    if not compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise Unaccepted("it answers another sign-in (nonce)")
    heard = claims.get("aud")
    if claims.get("azp", client_id) != client_id or (
        isinstance(heard, list) and len(heard) > 1 and "azp" not in claims
    ):
        raise Unaccepted("it was made for another client (azp)")


def _authentication(said: Discovered, client_id: str, secret: str, form: dict[str, str]) -> tuple[str, str] | None:
    """How this client shows its secret (RFC 6749 §2.3.1), in a header or in `form`; not at all without one."""
    if not secret:
        return None
    if "client_secret_basic" in said.token_auth_methods or "client_secret_post" not in said.token_auth_methods:
        return quote_plus(client_id), quote_plus(secret)
    form["client_secret"] = secret
    return None


async def _provider(accounts: Accounts, name: str) -> tuple[Provider, OidcSettings]:
    async with accounts.db.reading() as tx:
        row = await queries.provider_by_name(tx, name) if "\0" not in name else None
    if row is not None and row.is_enabled and row.kind == OIDC:
        provider = provider_of(row)
        assert isinstance(provider.settings, OidcSettings)
        return provider, provider.settings
    raise IdentityProviderUnknown(worded("Nobody signs in here by {name}.", name=quoted(name)))


def wanted_path(accounts: Accounts, note: str) -> str:
    """Where the sign-in that a note belongs to was to lead; `/` when it says nothing that is to be believed."""
    try:
        return str(_opened(accounts, note)["path"])
    except Unauthenticated:
        return "/"


def _sealed(accounts: Accounts, note: dict[str, Any]) -> str:
    sealed = accounts.sealer.seal(json.dumps(note).encode(), _PURPOSE)
    return base64.urlsafe_b64encode(sealed).decode()


def _opened(accounts: Accounts, note: str) -> dict[str, Any]:
    """Raises Unauthenticated."""
    if len(note) > _NOTE_CHARS_MAX:
        raise Unauthenticated(_UNFIT, why=WhyNot.UNFIT)
    try:
        kept: dict[str, Any] = json.loads(accounts.sealer.open(base64.urlsafe_b64decode(note), _PURPOSE))
    except (ValueError, SealBroken) as error:
        raise Unauthenticated(_UNFIT, why=WhyNot.UNFIT) from error
    if kept["until"] <= accounts.clock.now().timestamp():
        raise Unauthenticated(_UNFIT, why=WhyNot.UNFIT)
    return kept


def _challenge(verifier: str) -> str:
    """RFC 7636 §4.2."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
