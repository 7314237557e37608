"""Who may do what to what, and because of what. The contract has no call for it."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Word
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.registry import explaining
from entrepot.registry.explaining import ME, Scope, parse_action
from entrepot.values.names import OrganizationName, RepositoryName


class Because(BaseModel):
    """A grant that counts: on `scope`, to the user, group, share (a domain), administrators or public that is named."""

    scope: str
    kind: str
    name: str
    auth: int
    expires_at: str | None


class Explained(BaseModel):
    """`because` says it in words. `held` is what the reasons give, `auth` what the credential leaves of it."""

    who: str
    action: str
    what: str
    is_allowed: bool
    is_usable: bool
    needed: int
    held: int
    auth: int
    because: str
    reasons: list[Because]


async def explain_access(
    call: TheCall,
    action: Annotated[Word, Query(description="As `repository:push`, or only `push`.")],
    what: Annotated[Word, Query(description="An organization, or a repository as `acme/app`.")],
    who: Annotated[Word, Query(description="A user or robot; `me`; `*` for everybody, signed in or not.")] = ME,
) -> Explained:
    """Whether somebody may do something, and which grants, groups, shares or visibility that comes from."""
    scope: Scope = RepositoryName.parse(what) if "/" in what else OrganizationName.parse(what)
    found = await explaining.explain_access(call.registry, call.actor, who, parse_action(action, scope), scope)
    reasons = [
        Because(
            scope=one.scope, kind=one.kind, name=one.name, auth=one.level, expires_at=rfc3339_or_none(one.expires_at)
        )
        for one in found.reasons
    ]
    return Explained(
        who=found.who,
        action=found.action,
        what=found.what,
        is_allowed=found.is_allowed,
        is_usable=found.is_usable,
        needed=found.needed,
        held=found.held,
        auth=found.level,
        because=found.sentence,
        reasons=reasons,
    )
