"""Tokens: what is believed and what is not, keys that change, refresh tokens."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry
from sqlalchemy import select

from entrepot.access.actor import ANONYMOUS, Actor
from entrepot.access.levels import Level
from entrepot.accounts import jwts
from entrepot.accounts import keys as keys_module
from entrepot.accounts.room import Accounts, open_accounts
from entrepot.accounts.scopes import Scope
from entrepot.accounts.settings import AccountSettings
from entrepot.accounts.tables import refresh_token, signing_key
from entrepot.accounts.tokens import (
    forget_expired,
    issue_refresh_token,
    issue_token,
    read_token,
    refresh,
)
from entrepot.accounts.users import set_enabled
from entrepot.plumbing.sealing import SealBroken, Sealer
from entrepot.values.errors import Unauthenticated
from entrepot.values.names import UserName
from tests.make.looking import rows_in
from tests.make.rooms import ACCOUNT_SETTINGS, Rooms

PULL = Scope("repository", "acme/app", ("pull", "push"))
DAY = 86_400


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers' key ids cost a look in the database at most once a second; here nobody waits for that."""
    monkeypatch.setattr(keys_module, "_LOOK_AGAIN_SECONDS", 0.0)


async def token_of(rooms: Rooms, *scopes: Scope) -> str:
    return (await issue_token(rooms.accounts, rooms.admin, scopes or (PULL,))).token


async def refresh_token_of(rooms: Rooms, actor: Actor) -> str:
    secret = await issue_refresh_token(rooms.accounts, actor)
    assert secret is not None
    return secret


async def is_believed(accounts: Accounts, token: str) -> bool:
    try:
        await read_token(accounts, token)
    except Unauthenticated:
        return False
    return True


def parts(token: str) -> list[dict[str, Any]]:
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def part(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()


async def test_a_token_speaks_for_its_user_as_they_are_now(rooms: Rooms) -> None:
    await rooms.organization("acme")

    actor = await read_token(rooms.accounts, await token_of(rooms))

    assert replace(actor, limits=None) == rooms.admin
    assert actor.limits == {"acme/app": frozenset({"pull", "push"})}
    assert actor.until == rooms.clock.now().timestamp() + rooms.accounts.settings.token_seconds


async def test_a_token_of_nobody_has_no_user(rooms: Rooms) -> None:
    issued = await issue_token(rooms.accounts, ANONYMOUS, [])

    actor = await read_token(rooms.accounts, issued.token)

    assert (actor.is_anonymous, actor.subjects, actor.limits) == (True, ("*",), {})
    closed = replace(rooms.accounts, settings=replace(ACCOUNT_SETTINGS, anonymous_pull=False))
    assert (await read_token(closed, issued.token)).subjects == ()


async def test_a_token_ends_to_the_second(rooms: Rooms) -> None:
    token = await token_of(rooms)
    rooms.clock.advance(seconds=299.9)
    assert await is_believed(rooms.accounts, token)
    rooms.clock.advance(seconds=0.1)
    assert not await is_believed(rooms.accounts, token)


async def test_a_token_from_a_replica_whose_clock_is_far_ahead_is_not_believed_yet(rooms: Rooms) -> None:
    rooms.clock.advance(seconds=60)
    token = await token_of(rooms)
    rooms.clock.advance(seconds=-61)
    assert not await is_believed(rooms.accounts, token)
    rooms.clock.advance(seconds=59)
    assert await is_believed(rooms.accounts, token)


async def test_a_token_ends_with_its_account(rooms: Rooms) -> None:
    ann = await rooms.user("ann")
    token = (await issue_token(rooms.accounts, ann, [PULL])).token
    assert await is_believed(rooms.accounts, token)

    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), False)
    assert not await is_believed(rooms.accounts, token)
    await set_enabled(rooms.accounts, rooms.admin, UserName("ann"), True)
    assert not await is_believed(rooms.accounts, token)


async def test_forged_tokens_are_not_believed(rooms: Rooms) -> None:
    token = await token_of(rooms)
    header, claims = parts(token)
    _, payload, signature = token.split(".")
    async with rooms.db.reading() as tx:
        public: bytes = await tx.value(select(signing_key.c.public))
    stranger = OKPKey.generate_key("Ed25519")
    any_algorithm = JWSRegistry(algorithms=["Ed25519", "EdDSA"])

    def hs256(secret: bytes, head: dict[str, Any]) -> str:
        signed = f"{part({**head, 'alg': 'HS256'})}.{payload}"
        mac = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    forged = {
        "no signature": f"{part({**header, 'alg': 'none'})}.{payload}.",
        "no signature, said Ed25519": f"{part(header)}.{payload}.",
        "the public key as a secret": hs256(public, header),
        "its raw bytes as a secret": hs256(public.splitlines()[1], header),
        "a stranger's key under our id": jwt.encode(header, claims, stranger, registry=any_algorithm),
        "a stranger's key, shown along": jwt.encode(
            {**header, "jwk": stranger.as_dict(private=False)}, claims, stranger, registry=any_algorithm
        ),
        "an unknown key": jwt.encode({**header, "kid": "other"}, claims, stranger, registry=any_algorithm),
        "no key id": f"{part({'alg': 'Ed25519'})}.{payload}.{signature}",
        "a changed claim": f"{token.split('.')[0]}.{part({**claims, 'exp': claims['exp'] + 9_999})}.{signature}",
        "a changed header": f"{part({**header, 'typ': 'JWT'})}.{payload}.{signature}",
        "a list for a header": f"{part(['alg'])}.{payload}.{signature}",
        "a text for a header": f"{part('alg')}.{payload}.{signature}",
        "two parts": f"{part(header)}.{payload}",
        "four parts": f"{token}.x",
        "empty": "",
        "a NUL": f"{part({**header, 'kid': chr(0)})}.{payload}.{signature}",
        "too long": token + "x" * jwts.TOKEN_CHARS_MAX,
        "not ASCII": token + "é",
    }

    assert await is_believed(rooms.accounts, token)
    for how, wrong in forged.items():
        assert (how, await is_believed(rooms.accounts, wrong)) == (how, False)


async def test_a_token_for_another_service_is_not_believed(rooms: Rooms) -> None:
    token = await token_of(rooms)
    header, claims = parts(token)
    ours = (await rooms.accounts.keys.current()).key
    registry = JWSRegistry(algorithms=["Ed25519"])
    for wrong in ({"aud": "another"}, {"aud": ["entrepot", "another"]}, {"iss": "another"}, {"iss": None}):
        assert not await is_believed(rooms.accounts, jwt.encode(header, {**claims, **wrong}, ours, registry=registry))
    assert await is_believed(rooms.accounts, jwt.encode(header, claims, ours, registry=registry))


async def test_a_token_carries_what_the_account_may_do_of_what_was_asked(rooms: Rooms) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/app")
    ann = await rooms.user("ann")
    await rooms.grant("acme/app", "ann", Level.EDIT)
    asked = (
        Scope("repository", "acme/app", ("pull", "push", "delete")),
        Scope("repository", "acme/other", ("pull",)),
        Scope("repository", "acme/app", ("pull",)),  # once more, for another challenge
        Scope("registry", "catalog", ("*",)),
        Scope("magic", "wand", ("*",)),
    )

    actor = await read_token(rooms.accounts, (await issue_token(rooms.accounts, ann, asked)).token)

    assert actor.limits == {"acme/app": frozenset({"pull", "push"}), "registry:catalog": frozenset({"*"})}


async def test_a_token_is_not_exchanged_for_another(rooms: Rooms) -> None:
    actor = await read_token(rooms.accounts, await token_of(rooms))

    with pytest.raises(Unauthenticated):
        await issue_token(rooms.accounts, actor, [PULL])
    with pytest.raises(Unauthenticated):
        await issue_refresh_token(rooms.accounts, actor)


# --- keys ---


def replica(rooms: Rooms, settings: AccountSettings = ACCOUNT_SETTINGS, key: bytes = bytes(32)) -> Accounts:
    """Another process over the same database."""
    return open_accounts(rooms.db, rooms.clock, Sealer(key), settings)


async def test_replicas_believe_each_others_tokens(rooms: Rooms) -> None:
    other = replica(rooms)
    token = await token_of(rooms)
    assert await is_believed(other, token)
    assert (await other.keys.current()).id == (await rooms.accounts.keys.current()).id

    rooms.clock.advance(seconds=ACCOUNT_SETTINGS.signing_key_seconds)  # now the other one makes the next key
    newer = (await issue_token(other, rooms.admin, [])).token
    assert parts(newer)[0]["kid"] != parts(token)[0]["kid"]
    assert await is_believed(rooms.accounts, newer)


async def test_a_key_that_no_longer_signs_still_verifies(rooms: Rooms) -> None:
    rooms.clock.advance(seconds=1)
    await rooms.accounts.keys.current()
    rooms.clock.advance(seconds=ACCOUNT_SETTINGS.signing_key_seconds - 1)
    old = await token_of(rooms)
    rooms.clock.advance(seconds=1)

    new = await token_of(rooms)

    assert parts(old)[0]["kid"] != parts(new)[0]["kid"]
    for accounts in (rooms.accounts, replica(rooms)):
        assert await is_believed(accounts, old)
        assert await is_believed(accounts, new)


async def test_keys_that_verify_nothing_any_more_are_forgotten(rooms: Rooms) -> None:
    for _ in range(3):
        await rooms.accounts.keys.current()
        rooms.clock.advance(seconds=ACCOUNT_SETTINGS.signing_key_seconds + DAY + 3_601)

    await rooms.accounts.keys.current()

    assert await rows_in(rooms.db, signing_key) == 1


async def test_a_private_key_lies_sealed_in_the_database(rooms: Rooms) -> None:
    await rooms.accounts.keys.current()
    async with rooms.db.reading() as tx:
        row = await tx.row(select(signing_key))
    assert row is not None
    assert b"PRIVATE" not in row.sealed_private and b"PUBLIC" in row.public
    with pytest.raises(SealBroken):
        await replica(rooms, key=b"x" * 32).keys.current()


# --- refresh tokens ---


async def test_a_refresh_token_is_its_user_until_it_expires(rooms: Rooms) -> None:
    secret = await refresh_token_of(rooms, rooms.admin)
    rooms.clock.advance(seconds=ACCOUNT_SETTINGS.refresh_token_seconds - 1)
    assert await refresh(rooms.accounts, secret) == rooms.admin
    assert await forget_expired(rooms.accounts) == 0

    rooms.clock.advance(seconds=1)

    with pytest.raises(Unauthenticated):
        await refresh(rooms.accounts, secret)
    assert await forget_expired(rooms.accounts) == 1
    assert await rows_in(rooms.db, refresh_token) == 0


async def test_only_the_hash_of_a_refresh_token_is_kept(rooms: Rooms) -> None:
    secret = await refresh_token_of(rooms, rooms.admin)
    async with rooms.db.reading() as tx:
        row = await tx.row(select(refresh_token))

    assert secret not in repr(row)
    for wrong in ("", "x", secret + "x", secret[:-1], hashlib.sha256(secret.encode()).hexdigest(), "\0", "é"):
        with pytest.raises(Unauthenticated):
            await refresh(rooms.accounts, wrong)


async def test_nobody_gets_no_refresh_token(rooms: Rooms) -> None:
    with pytest.raises(Unauthenticated):
        await issue_refresh_token(rooms.accounts, replace(rooms.admin, id="gone"))
