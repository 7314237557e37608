"""Profile: what somebody's own account is, for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import require_person
from entrepot.access.groups import groups_of
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.queries import groups, people, trust
from entrepot.accounts.room import Accounts
from entrepot.accounts.users import User, find_user
from entrepot.values.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class Profile:
    """`providers`: the names of identity providers that vouch for them.

    `has_first_password`: it is the one that somebody made the account with.
    """

    user: User
    groups: Sequence[str]
    providers: Sequence[str]
    has_password: bool
    has_first_password: bool

    @property
    def login(self) -> str:
        """The name to sign in with."""
        return self.user.name if self.user.domain_name == FIRST_DOMAIN else f"{self.user.domain_name}/{self.user.name}"


async def show_profile(accounts: Accounts, actor: Actor) -> Profile:
    """The actor's own account. Raises Unauthenticated, or AccessDenied for robots and tokens made for less."""
    require_person(actor)
    async with accounts.db.reading() as tx:
        row = await people.user_by_id(tx, actor.id)
        if row is None:
            raise Unauthenticated
        user = await find_user(tx, actor, row.name)
        ids = [subject.removeprefix("group:") for subject in await groups_of(tx, actor.subject)]
        names = sorted((await groups.names_of_groups(tx, ids)).values())
        providers = await trust.providers_of_user(tx, actor.id)
    return Profile(user, names, providers, bool(row.password_hash), is_first_password(row))


def is_first_password(row: Row[Any]) -> bool:
    """Whether the password of an account's row is the one that it was made with.

    Nothing was changed about the account that would have ended its sign-ins, and a new password does.
    """
    return bool(row.password_hash) and row.login_version == 1
