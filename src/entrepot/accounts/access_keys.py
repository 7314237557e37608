"""Access keys: a pair of AK and SK with which programs sign requests as their user (contract §15.1).

The secret is shown once. It is needed here to verify signatures, so it is kept, sealed. A key that is
disabled or deleted stops working at once: every signature is checked against the database, and what was
signed in with the key ends with it.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_admin, require_person
from entrepot.accounts.events import KeyChanged, KeyCreated, KeyDeleted
from entrepot.accounts.personal_tokens import require_sign_in
from entrepot.accounts.queries import access_keys, people
from entrepot.accounts.room import Accounts
from entrepot.accounts.tables import access_key
from entrepot.accounts.users import find_user
from entrepot.db.resealing import Sealed, keep_sealed
from entrepot.db.transaction import Reader
from entrepot.jobs.events import publish
from entrepot.values.errors import KeyUnknown, ParameterInvalid, TooMany, worded
from entrepot.values.names import UserName

CREDENTIAL: Final = "key:"

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ID_CHARS: Final = 20
_SECRET_CHARS: Final = 40
_DESCRIPTION_CHARS_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class AccessKey:
    id: str
    user_name: str
    description: str
    is_enabled: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key and its secret, which is told this once."""

    key: AccessKey
    secret: str = field(repr=False)


async def create_key(accounts: Accounts, actor: Actor, description: str = "") -> NewKey:
    """A new access key for the actor. Raises Unauthenticated, AccessDenied, ParameterInvalid or TooMany."""
    require_sign_in(actor)
    _check_description(description)
    key_id, secret = _random(_ID_CHARS), _random(_SECRET_CHARS)

    async with accounts.db.writing() as tx:
        await keep_sealed(tx)
        sealed = accounts.sealer.seal(secret.encode(), purpose_of(key_id))
        await tx.lock(f"keys:{actor.id}")
        if await access_keys.count_keys(tx, actor.id) >= accounts.settings.keys_max:
            raise TooMany(
                worded(
                    "A user has at most {keys_max} access keys; delete one first.", keys_max=accounts.settings.keys_max
                ),
                limit=accounts.settings.keys_max,
            )
        now = accounts.clock.now()
        await access_keys.save_key(tx, key_id, actor.id, sealed, description, now)
        await publish(tx, KeyCreated(key_id, actor.id), actor=actor.subject, at=now)

    return NewKey(AccessKey(key_id, actor.name, description, True, now, None), secret)


async def list_keys(accounts: Accounts, actor: Actor, user_name: UserName | None = None) -> Sequence[AccessKey]:
    """The actor's keys, oldest first; those of another user of the domain for its administrators.

    Raises Unauthenticated, AccessDenied or UserUnknown.
    """
    require_person(actor)
    if user_name is not None and user_name != actor.name:
        require_admin(actor)
    async with accounts.db.reading() as tx:
        owner = actor.id if user_name is None else (await find_user(tx, actor, user_name)).id
        return [_key(row) for row in await access_keys.keys_of_user(tx, owner)]


async def list_keys_of_all(
    accounts: Accounts, actor: Actor, offset: int, limit: int
) -> tuple[Sequence[AccessKey], int]:
    """A page of the keys of everybody in the actor's domain, oldest first, and how many there are on all pages.

    For administrators. Raises Unauthenticated or AccessDenied.
    """
    require_person(actor)
    require_admin(actor)
    async with accounts.db.reading() as tx:
        rows, total = await access_keys.keys_of_domain(tx, actor.domain_id, offset, limit)
        return [_key(row) for row in rows], total


async def show_key(accounts: Accounts, actor: Actor, key_id: str) -> AccessKey:
    """One key of the actor's, or of their domain for administrators.

    Raises Unauthenticated, AccessDenied or KeyUnknown.
    """
    require_person(actor)
    async with accounts.db.reading() as tx:
        return _key(await _reachable(tx, actor, key_id))


async def change_key(
    accounts: Accounts, actor: Actor, key_id: str, is_enabled: bool | None = None, description: str | None = None
) -> AccessKey:
    """Disable, enable or describe a key; what is None stays. A disabled one works no longer, from now on.

    Raises Unauthenticated, AccessDenied, KeyUnknown or ParameterInvalid.
    """
    require_person(actor)
    _check_description(description or "")
    async with accounts.db.writing() as tx:
        row = await _reachable(tx, actor, key_id)
        before: dict[str, Any] = {"is_enabled": row.is_enabled, "description": row.description}
        after: dict[str, Any] = {
            "is_enabled": row.is_enabled if is_enabled is None else is_enabled,
            "description": row.description if description is None else description,
        }
        if after != before:
            await access_keys.change_key(tx, key_id, **after)
            if row.is_enabled and not after["is_enabled"]:
                await people.end_credentials(tx, row.user_id)
            was = {name: value for name, value in before.items() if value != after[name]}
            changed = KeyChanged(key_id, row.user_id, **after, before=was)
            await publish(tx, changed, actor=actor.subject, at=accounts.clock.now())
        return _key(await _reachable(tx, actor, key_id))


async def delete_key(accounts: Accounts, actor: Actor, key_id: str) -> None:
    """Delete a key, and end what was signed in with it. Raises Unauthenticated, AccessDenied or KeyUnknown."""
    require_person(actor)
    async with accounts.db.writing() as tx:
        row = await _reachable(tx, actor, key_id)
        await access_keys.delete_key(tx, key_id)
        await people.end_credentials(tx, row.user_id)
        await publish(tx, KeyDeleted(key_id, row.user_id), actor=actor.subject, at=accounts.clock.now())


def purpose_of(key_id: str) -> str:
    """What a key's secret is sealed for: it opens in no other key's row."""
    return f"access key {key_id}"


SEALED: Final = Sealed(access_key, access_key.c.id, access_key.c.sealed_secret, lambda row: purpose_of(row.id))


async def _reachable(tx: Reader, actor: Actor, key_id: str) -> Row[Any]:
    """The key, if the actor may see it; other people's do not exist for them."""
    row = await access_keys.key_by_id(tx, key_id)
    if row is None or not (row.user_id == actor.id or (actor.is_admin and row.domain_id == actor.domain_id)):
        raise KeyUnknown(worded("There is no access key {key_id} of yours.", key_id=key_id))
    return row


def _check_description(description: str) -> None:
    if len(description) > _DESCRIPTION_CHARS_MAX:
        raise ParameterInvalid(
            worded(
                "A description has at most {description_chars_max} characters.",
                description_chars_max=_DESCRIPTION_CHARS_MAX,
            )
        )


def _random(chars: int) -> str:
    """Five bits a character, and nothing that a shell, a file or a person could misread."""
    return "".join(secrets.choice(_LETTERS) for _ in range(chars))


def _key(row: Row[Any]) -> AccessKey:
    return AccessKey(row.id, row.user_name, row.description, row.is_enabled, row.created_at, row.last_used_at)
