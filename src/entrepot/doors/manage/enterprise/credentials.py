"""Docker logins: for a time, and lasting ones, which are those of access keys (contract §16).

A long-term credential is an access key that was made without telling its secret: it signs nothing, and is listed,
disabled and deleted like every other key of its user. `token_id` is the key.
"""

from typing import Annotated

from fastapi import Path, Response
from pydantic import BaseModel, Field

from entrepot.accounts import access_keys
from entrepot.accounts.access_keys import AccessKey
from entrepot.accounts.docker_logins import DockerLogin, create_lasting_login, create_login, key_user
from entrepot.doors.manage.call import Call
from entrepot.doors.manage.enterprise.call import INSTANCE_ID, LIMIT_MAX, InInstance, parse_page
from entrepot.doors.manage.fields import Body, Empty, Flag, Word, WordParameter
from entrepot.doors.manage.paging import parse_flag
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none

TheCredential = Annotated[Word, Path(description="The `token_id` of a long-term credential.")]


class CreateLongTermCredential(Body):
    name: Annotated[Word, Field(min_length=1)]


class ChangeLongTermCredential(Body):
    enable: Flag


class Credential(BaseModel):
    """`user_id` and `auth_token` are user and password of `docker login`. The password is told this once."""

    token_id: str
    user_id: str
    auth_token: str
    created_at: str
    expire_date: str | None = None


class LongTermCredential(BaseModel):
    """`user_id` is the user of `docker login`, `user_profile` whose rights it has. It has no end."""

    token_id: str
    name: str
    user_id: str
    user_profile: str
    enable: bool
    instance_id: str
    created_at: str


class LongTermCredentials(BaseModel):
    auth_tokens: list[LongTermCredential]
    total: int


async def create_instance_temp_credential(call: InInstance, response: Response) -> Credential:
    """A docker login for a time, with your rights, as long as the setting `docker_login_seconds` says."""
    return _told(response, await create_login(call.accounts, call.actor))


async def create_instance_lt_credential(
    call: InInstance, response: Response, body: CreateLongTermCredential
) -> Credential:
    """A docker login with your rights that works until it is disabled or deleted: that of a new access key."""
    return _told(response, await create_lasting_login(call.accounts, call.actor, body.name))


async def list_instance_lt_credentials(
    call: InInstance, offset: WordParameter = None, limit: WordParameter = None, self_only: WordParameter = None
) -> LongTermCredentials:
    """Your access keys, each of which has a docker login; with `self_only=false`, for administrators, everybody's."""
    window = parse_page(limit, offset, LIMIT_MAX)
    if parse_flag("self_only", self_only) is False:
        found, total = await access_keys.list_keys_of_all(call.accounts, call.actor, window.offset, window.limit)
    else:
        own = await access_keys.list_keys(call.accounts, call.actor)
        found, total = own[window.offset : window.offset + window.limit], len(own)
    return LongTermCredentials(auth_tokens=[_credential(call, one) for one in found], total=total)


async def update_instance_lt_credential(
    call: InInstance, credential_id: TheCredential, body: ChangeLongTermCredential
) -> Empty:
    """Disable or enable a docker login; a disabled one is refused from now on. It is its access key that is."""
    await access_keys.change_key(call.accounts, call.actor, credential_id, is_enabled=body.enable)
    return Empty()


async def delete_instance_lt_credential(call: InInstance, credential_id: TheCredential) -> None:
    """Delete a docker login with its access key; it is refused from now on."""
    await access_keys.delete_key(call.accounts, call.actor, credential_id)


def _told(response: Response, made: DockerLogin) -> Credential:
    response.headers["Cache-Control"] = "no-store"
    return Credential(
        token_id=made.id,
        user_id=made.user,
        auth_token=made.password,
        created_at=rfc3339(made.created_at),
        expire_date=rfc3339_or_none(made.expires_at),
    )


def _credential(call: Call, one: AccessKey) -> LongTermCredential:
    return LongTermCredential(
        token_id=one.id,
        name=one.description,
        user_id=key_user(call.accounts, one.id),
        user_profile=one.user_name,
        enable=one.is_enabled,
        instance_id=INSTANCE_ID,
        created_at=rfc3339(one.created_at),
    )
