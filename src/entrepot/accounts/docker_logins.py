"""Docker logins of the contract (§11, §16): for a time, and for as long as an access key lives.

    docker login -u PROJECT@ID -p 64-HEX-DIGITS HOST     made by a call, for hours: `create_login`
    docker login -u PROJECT@AK -p 64-HEX-DIGITS HOST     whoever has AK and SK can work it out: HMAC-SHA256(SK, AK)

Both reach the registry and nothing of the management API. Logins for a time are rows, not signed statements: so
the key that made one ends it, administrators could see them, and no second secret of the installation is needed.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from entrepot.access.actor import Actor
from entrepot.accounts import rules
from entrepot.accounts.access_keys import CREDENTIAL as KEY
from entrepot.accounts.access_keys import create_key, purpose_of
from entrepot.accounts.actors import actor_of, is_usable
from entrepot.accounts.events import LoginCreated
from entrepot.accounts.personal_tokens import require_sign_in
from entrepot.accounts.queries import docker_logins, people
from entrepot.accounts.room import Accounts
from entrepot.accounts.secrets import hash_of
from entrepot.accounts.tables import access_key
from entrepot.jobs.events import publish
from entrepot.plumbing.clock import rfc3339
from entrepot.plumbing.ids import new_hex_secret, new_id
from entrepot.values.errors import ParameterInvalid, TooMany, Unauthenticated, worded

SECONDS_MIN: Final = 900
SECONDS_MAX: Final = 86_400
BEARER: Final = "bearertoken"
"""The word before `@` in the second of the contract's calls."""

_CREDENTIAL: Final = "login:"
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_PASSWORD = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LOGIN_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DockerLogin:
    """What `docker login` is told, since when and until when it works; `expires_at` None: as long as its access key.

    `id` is what follows the `@` in `user`.
    """

    id: str
    user: str
    password: str = field(repr=False)
    created_at: datetime
    expires_at: datetime | None


async def create_login(accounts: Accounts, actor: Actor, project: str = "", seconds: int | None = None) -> DockerLogin:
    """A docker login for a time, with the rights of the actor.

    Without a `project` it is the region's, without `seconds` as long as the setting says.
    Raises Unauthenticated, AccessDenied (for robots, and whoever signed in with a token), ParameterInvalid or TooMany.
    """
    require_sign_in(actor)
    project = project or accounts.settings.region
    if not _PROJECT.fullmatch(project):
        raise ParameterInvalid("A project's name is 1 to 64 letters, digits, '.', '_' and '-'.", kind="query")
    seconds = accounts.settings.docker_login_seconds if seconds is None else seconds
    if not SECONDS_MIN <= seconds <= SECONDS_MAX:
        raise ParameterInvalid(
            worded(
                "duration_seconds is from {seconds_min} to {seconds_max}.",
                seconds_min=SECONDS_MIN,
                seconds_max=SECONDS_MAX,
            ),
            kind="query",
        )
    login_id, password = new_id(), new_hex_secret()

    async with accounts.db.writing() as tx:
        await tx.lock(f"logins:{actor.id}")
        now = accounts.clock.now()
        if await docker_logins.living_logins(tx, actor.id, now) >= rules.LOGINS_MAX:
            raise TooMany(
                worded("You have {logins_max} docker logins; wait until some end.", logins_max=rules.LOGINS_MAX),
                limit=rules.LOGINS_MAX,
            )
        row = await people.user_by_id(tx, actor.id)
        if row is None or not is_usable(row, now):
            raise Unauthenticated
        expires_at = now + timedelta(seconds=seconds)
        made_with = actor.credential.removeprefix(KEY) if actor.credential.startswith(KEY) else None
        await docker_logins.save_login(
            tx, login_id, actor.id, hash_of(password), made_with, row.login_version, now, expires_at
        )
        created = LoginCreated(actor.name, login_id, rfc3339(expires_at))
        await publish(tx, created, actor=actor.subject, at=now, though_closed=True)

    return DockerLogin(login_id, f"{project}@{login_id}", password, now, expires_at)


async def create_lasting_login(accounts: Accounts, actor: Actor, name: str) -> DockerLogin:
    """A docker login that works until it is disabled or deleted: that of a new access key, whose secret nobody learns.

    It is the key's to disable and delete (`access_keys.py`); `name` is its description, the key its id.
    Raises as `create_key`.
    """
    made = await create_key(accounts, actor, name)
    password = key_password(made.key.id, made.secret.encode())
    return DockerLogin(made.key.id, key_user(accounts, made.key.id), password, made.key.created_at, None)


async def by_login(accounts: Accounts, name: str, password: str) -> Actor | None:
    """Login as `PROJECT@ID` or `PROJECT@AK`. Names of people hold no `@`."""
    project, at, login_id = name.partition("@")
    if not at or not project or not _PASSWORD.fullmatch(password):
        return None
    if _LOGIN_ID.fullmatch(login_id):
        return await _for_a_time(accounts, login_id, password)
    return await _by_key(accounts, login_id, password)


def is_login_name(name: str) -> bool:
    """Whether somebody who gives this name means a docker login: no person's has an `@`."""
    return "@" in name


def is_docker_login(actor: Actor) -> bool:
    """Whether the actor signed in as `docker login` does, which opens nothing but the registry."""
    return actor.credential.startswith(_CREDENTIAL)


def key_user(accounts: Accounts, key_id: str) -> str:
    """The user that belongs to an access key at `docker login`, as of this installation's region."""
    return f"{accounts.settings.region}@{key_id}"


def key_password(key_id: str, secret: bytes) -> str:
    """The long-term password that belongs to an access key."""
    return hmac.new(secret, key_id.encode(), hashlib.sha256).hexdigest()


async def forget_ended(accounts: Accounts) -> int:
    """Remove logins whose time is over; their number."""
    async with accounts.db.writing() as tx:
        return await docker_logins.forget_logins(tx, accounts.clock.now())


async def _for_a_time(accounts: Accounts, login_id: str, password: str) -> Actor | None:
    now = accounts.clock.now()
    async with accounts.db.reading() as tx:
        row = await docker_logins.account_of_login(tx, login_id, now)
    if row is None or not hmac.compare_digest(hash_of(password), row.secret_hash) or not is_usable(row, now):
        return None
    actor = actor_of(row, f"{_CREDENTIAL}{login_id}")
    return replace(actor, until=min(actor.until, row.login_expires_at.timestamp()))


async def _by_key(accounts: Accounts, key_id: str, password: str) -> Actor | None:
    if not key_id.isascii() or not key_id.isalnum():
        return None
    now = accounts.clock.now()
    row = await accounts.signer.named({"key": key_id})
    if row is None:
        return None
    right = key_password(key_id, accounts.sealer.open(row.sealed_secret, purpose_of(key_id)))
    if not hmac.compare_digest(password, right) or not is_usable(row, now):
        return None
    accounts.uses.note(access_key, key_id, now)
    return actor_of(row, f"{_CREDENTIAL}{key_id}")
