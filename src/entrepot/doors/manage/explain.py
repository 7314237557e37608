"""Who may do what to what, and because of what. The contract has no call for it."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.doors.manage.fields import Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.registry import explaining, permitted
from entrepot.registry.explaining import ME, parse_action, parse_what


class Because(BaseModel):
    """What counts: given on `scope` to the user, robot, group, share (a domain) or administrators that are named, or
    to everybody (`public`).
    """

    scope: str
    kind: str
    name: str
    auth: int
    expires_at: str | None = None


class Gate(BaseModel):
    """What a gate says: that it refuses this, or what it keeps where it is."""

    gate: str
    is_passed: bool
    because: str


class Explained(BaseModel):
    """`because` says it in words. `held` is what the reasons give, `auth` what the credential leaves of it.

    `is_permitted` by that; `is_allowed` when no gate refuses it either. `gates` are told to who may read `what`.
    """

    who: str
    action: str
    what: str
    is_allowed: bool
    is_permitted: bool
    is_usable: bool
    needed: int
    held: int
    auth: int
    because: str
    reasons: list[Because]
    gates: list[Gate]


async def explain_access(
    call: TheCall,
    action: Annotated[Word, Query(description="As `repository:push`, or only `push`.")],
    what: Annotated[Word, Query(description="An organization, a repository as `acme/app`, or a tag as `acme/app:v1`.")],
    who: Annotated[Word, Query(description="A user or robot; `me`; `*` for everybody, signed in or not.")] = ME,
) -> Explained:
    """Whether somebody may do something, and which grants, groups, shares or visibility that comes from."""
    scope, tag = parse_what(what)
    found = await explaining.explain_access(call.registry, call.actor, who, parse_action(action, scope), scope, tag)
    return Explained(
        who=found.who,
        action=found.action,
        what=found.what,
        is_allowed=found.is_allowed,
        is_permitted=found.is_permitted,
        is_usable=found.is_usable,
        needed=found.needed,
        held=found.held,
        auth=found.level,
        because=found.sentence,
        reasons=[_because(one) for one in found.reasons],
        gates=[Gate(gate=one.gate, is_passed=one.is_passed, because=one.sentence) for one in found.gates],
    )


class Permissions(BaseModel):
    permissions: list[Because]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


async def list_repo_permissions(
    call: TheCall, repository: TheRepository, limit: WordParameter = None, marker: WordParameter = None
) -> Permissions:
    """Who may read, edit or manage a repository: what was given on it, its organization and patterns it fits.

    To users, groups, robots, other domains, administrators and everybody; also what is past its end.
    """
    found, following = await permitted.list_permissions(
        call.registry, call.actor, repository, marker or "", parse_limit(limit)
    )
    return Permissions(permissions=[_because(one) for one in found], nextMarker=following)


def _because(one: explaining.Because) -> Because:
    ends = rfc3339_or_none(one.expires_at)
    return Because(scope=one.scope, kind=one.kind, name=one.name, auth=one.level, expires_at=ends)
