"""Your own account."""

from pydantic import BaseModel

from entrepot.accounts.profile import show_profile
from entrepot.doors.manage.call import TheCall
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none


class Account(BaseModel):
    """`login` is the name to sign in with. `providers` are identity providers that vouch for you.

    `has_first_password`: it is the one that somebody made the account with.
    """

    id: str
    name: str
    login: str
    domain_name: str
    is_admin: bool
    created_at: str
    expires_at: str | None
    groups: list[str]
    providers: list[str]
    has_password: bool
    has_first_password: bool


async def show_account(call: TheCall) -> Account:
    """Who you are here."""
    found = await show_profile(call.accounts, call.actor)
    return Account(
        id=found.user.id,
        name=found.user.name,
        login=found.login,
        domain_name=found.user.domain_name,
        is_admin=found.user.is_admin,
        created_at=rfc3339(found.user.created_at),
        expires_at=rfc3339_or_none(found.user.expires_at),
        groups=list(found.groups),
        providers=list(found.providers),
        has_password=found.has_password,
        has_first_password=found.has_first_password,
    )
