"""Login: a name and a password become an Actor.

An unknown name takes as long as a wrong password and is refused in the same words.
"""

from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor, user_subjects
from entrepot.accounts import queries
from entrepot.accounts.room import Accounts
from entrepot.accounts.users import FIRST_DOMAIN
from entrepot.values.errors import Unauthenticated

WRONG = "The user name or the password is not right."


async def sign_in(accounts: Accounts, name: str, password: str) -> Actor:
    """The user whose password this is. Raises Unauthenticated."""
    async with accounts.db.reading() as tx:
        # No user's name has a NUL, and PostgreSQL takes none in a question either.
        found = await queries.user_by_name(tx, FIRST_DOMAIN, name) if "\0" not in name else None
    fits = await accounts.passwords.matches(password, found.password_hash if found else None)
    if not fits or not found or not found.is_enabled:
        raise Unauthenticated(WRONG)
    return actor_of(found)


def actor_of(row: Row[Any]) -> Actor:
    """The actor a user's row stands for."""
    subjects = user_subjects(row.id, row.domain_id, row.is_admin)
    return Actor(row.id, row.name, row.domain_id, row.is_admin, subjects, None, row.credential_version)
