"""Login: a name and a password become an Actor, in one of several ways.

What is wrong is refused in the same words and after the same time, whichever way it was meant for:
it goes through all of them. People's passwords take their time with everybody, and so do directories,
which come last: who has a password here never waits for one. Who guesses has to wait (`guessing.py`).
"""

from collections.abc import Awaitable, Callable, Sequence

from entrepot.access.actor import Actor
from entrepot.accounts import docker_logins, personal_tokens, robot_login
from entrepot.accounts.actors import PERSON, account_by_login, actor_of, is_usable
from entrepot.accounts.guessing import count_wrong, let_in
from entrepot.accounts.noted import note_login, note_refused_login
from entrepot.accounts.room import Accounts
from entrepot.accounts.trust import keyless, ldap
from entrepot.values.errors import Unauthenticated, worded
from entrepot.values.names import RobotName

WRONG = worded("The user name or the password is not right.")
UNACCEPTED = worded("The subject token is not accepted here; the registry's log says why.")

Way = Callable[[Accounts, str, str], Awaitable[Actor | None]]
"""A name and a password in, their actor out; None when they are not of this way, or wrong."""


async def sign_in(accounts: Accounts, name: str, password: str) -> Actor:
    """Whoever these belong to: a person (`USER`, `DOMAIN/USER`) or what acts for one.

    Raises Unauthenticated or TooManyLogins.
    """
    actor = await _by_one_of(BY_SECRET, accounts, name, password)
    if actor is None:
        # One after the other: each guess counts before the next one is looked at.
        async with accounts.passwords.turn(name):
            actor = await _by_one_of(BY_PASSWORD, accounts, name, password)
            if actor is not None:
                await let_in(accounts, name, actor)
            else:
                await note_refused_login(accounts, name)
                if not _is_secret(name, password):
                    await count_wrong(accounts, name)
                raise Unauthenticated(WRONG)
    note_login(accounts, actor)
    return actor


async def exchange(accounts: Accounts, name: str, assertion: str) -> Actor:
    """A robot, by a token that somebody else signed and nothing else. Raises Unauthenticated."""
    actor = await keyless.by_assertion(accounts, name, assertion)
    if actor is None:
        await note_refused_login(accounts, name)
        raise Unauthenticated(UNACCEPTED)
    note_login(accounts, actor)
    return actor


async def _by_one_of(ways: Sequence[Way], accounts: Accounts, name: str, password: str) -> Actor | None:
    for way in ways:
        actor = await way(accounts, name, password)
        if actor is not None:
            return actor
    return None


def _is_secret(name: str, password: str) -> bool:
    """Whether this was meant for what nobody guesses: a robot that is set up wrongly must not keep people waiting."""
    login = name.rpartition("/")[2]
    is_robot = login.startswith(RobotName.PREFIX) or login == keyless.ANY_ROBOT
    return is_robot or docker_logins.is_login_name(login) or password.startswith(personal_tokens.PREFIX)


async def by_password(accounts: Accounts, name: str, password: str) -> Actor | None:
    """A person with their own password. An unknown name takes as long as a wrong password."""
    async with accounts.db.reading() as tx:
        found = await account_by_login(tx, name)
    if found is not None and found.kind != PERSON:
        found = None
    # Who signs in elsewhere has no password here, and takes as long as nobody does.
    fits = await accounts.passwords.matches(password, (found.password_hash or None) if found else None)
    return actor_of(found) if fits and found and is_usable(found, accounts.clock.now()) else None


# Secrets too long to be guessed: whoever shows one never waits.
BY_SECRET: tuple[Way, ...] = (
    robot_login.by_secret,
    docker_logins.by_login,
    personal_tokens.by_password,
    keyless.by_assertion,
)
BY_PASSWORD: tuple[Way, ...] = (
    by_password,
    ldap.by_directory,
)
