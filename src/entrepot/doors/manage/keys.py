"""Access keys (AK and SK): made, listed, shown, disabled, deleted. The contract leaves them to an identity service."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel

from entrepot.accounts import access_keys
from entrepot.accounts.access_keys import AccessKey
from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Flag, Word, WordParameter
from entrepot.plumbing.clock import rfc3339
from entrepot.values.names import UserName

TheKey = Annotated[str, Path(description="An access key (AK).")]


class CreateKey(Body):
    description: Word = ""


class ChangeKey(Body):
    is_enabled: Flag | None = None
    description: Word | None = None


class Key(BaseModel):
    access_key: str
    user_name: str
    description: str
    is_enabled: bool
    created_at: str
    last_used_at: str | None


class NewKey(Key):
    """`secret_key` is told this once."""

    secret_key: str


class Keys(BaseModel):
    keys: list[Key]


async def create_key(call: TheCall, body: CreateKey | None = None) -> NewKey:
    """Create an access key for yourself. Its secret is in this answer and nowhere else."""
    made = await access_keys.create_key(call.accounts, call.actor, body.description if body else "")
    return NewKey(**_key(made.key).model_dump(), secret_key=made.secret)


async def list_keys(call: TheCall, user: WordParameter = None) -> Keys:
    """Your access keys; with `user` those of another user of the domain, for administrators."""
    name = None if user is None else UserName.parse(user)
    return Keys(keys=[_key(one) for one in await access_keys.list_keys(call.accounts, call.actor, name)])


async def show_key(call: TheCall, access_key: TheKey) -> Key:
    """One access key of yours; of anybody in the domain for administrators."""
    return _key(await access_keys.show_key(call.accounts, call.actor, access_key))


async def update_key(call: TheCall, access_key: TheKey, body: ChangeKey) -> Key:
    """Disable, enable or describe an access key; what is left out stays."""
    return _key(await access_keys.change_key(call.accounts, call.actor, access_key, body.is_enabled, body.description))


async def delete_key(call: TheCall, access_key: TheKey) -> None:
    """Delete an access key. What was signed in with it ends at once."""
    await access_keys.delete_key(call.accounts, call.actor, access_key)


def _key(one: AccessKey) -> Key:
    return Key(
        access_key=one.id,
        user_name=one.user_name,
        description=one.description,
        is_enabled=one.is_enabled,
        created_at=rfc3339(one.created_at),
        last_used_at=rfc3339(one.last_used_at) if one.last_used_at else None,
    )
