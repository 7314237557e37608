"""Virtual organizations: those that merge others. The contract has no calls for them."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Flag, Number, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit
from entrepot.mirror.virtual import definitions, explaining
from entrepot.mirror.virtual.definitions import Change, Definition, Merged, Shown
from entrepot.mirror.virtual.explaining import Outcome, Verdict
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.values.names import OrganizationName, RepositoryName
from entrepot.values.reference import parse_reference


async def _virtual(
    virtual: Annotated[str, Path(description="A virtual organization.")],
) -> OrganizationName:
    return OrganizationName.parse(virtual)


TheVirtual = Annotated[OrganizationName, Depends(_virtual)]

_PATTERNS = "Patterns over names without their organization, in which `*` stands for anything, as `library/*`."
_Allow = Annotated[list[Word], Field(description=f"{_PATTERNS} If there is any, only what one fits is served.")]
_Deny = Annotated[list[Word], Field(description=f"{_PATTERNS} What one fits is refused.")]
_Quarantine = Annotated[
    Number,
    Field(description="So many seconds an image of a mirror is known here before it is served; 0: at once."),
]


class MergedOrganization(Body):
    """An organization that is merged, a mirror or one that holds images, and what of it."""

    organization: Word
    allow: _Allow | None = None
    deny: _Deny | None = None


_Members = Annotated[list[MergedOrganization], Field(description="In the order in which they are asked.")]


class CreateVirtual(Body):
    """Who may read the virtual organization is given all that it merges. `is_public`: anybody is."""

    name: Word
    members: _Members
    allow: _Allow | None = None
    deny: _Deny | None = None
    quarantine_seconds: _Quarantine = 0
    is_public: Flag = False


class UpdateVirtual(Body):
    """What is absent stays."""

    members: _Members | None = None
    allow: _Allow | None = None
    deny: _Deny | None = None
    quarantine_seconds: _Quarantine | None = None
    forget: Annotated[
        Word | None,
        Field(
            description="A pattern: names that it fits belong to no member any more, and go to the first that has them."
        ),
    ] = None


class VirtualMember(BaseModel):
    """`host`: what clients call the registry that it mirrors; empty for an organization that holds images."""

    organization: str
    host: str
    allow: list[str]
    deny: list[str]


class VirtualRow(BaseModel):
    name: str
    members: list[VirtualMember]
    allow: list[str]
    deny: list[str]
    quarantine_seconds: int
    is_public: bool
    creator_name: str
    created_at: str
    updated_at: str


class Virtuals(BaseModel):
    virtual: list[VirtualRow]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class MemberVerdict(BaseModel):
    """`rule`: the one that refuses the name in this member."""

    organization: str
    is_mirror: bool
    verdict: Verdict
    rule: str


class VirtualExplained(BaseModel):
    """`organization`: the member that answers, with `repository`; `because` says why, or what refuses it.

    `known_since` and `created_at`: what the age of an image of a mirror counts from. `free_at`: when what is refused
    for its age, or passed over for an older one, will be served.
    """

    name: str
    outcome: Outcome
    because: str
    organization: str
    repository: str
    digest: str
    known_since: str | None = None
    created_at: str | None = None
    free_at: str | None = None
    members: list[MemberVerdict]


async def create_virtual(call: TheCall, body: CreateVirtual) -> VirtualRow:
    """Make an organization that merges others. Operators may: who may read it is given what it merges."""
    definition = Definition(_merged(body.members), body.allow or (), body.deny or (), body.quarantine_seconds)
    name = OrganizationName.parse(body.name)
    return _row(await definitions.create_virtual(call.rooms.mirror, call.actor, name, definition, body.is_public))


async def list_virtuals(call: TheCall, limit: WordParameter = None, marker: WordParameter = None) -> Virtuals:
    """Virtual organizations that the caller may read, by name."""
    page = await definitions.list_virtuals(call.rooms.mirror, call.actor, marker or "", parse_limit(limit))
    return Virtuals(virtual=[_row(one) for one in page.items], nextMarker=page.after)


async def show_virtual(call: TheCall, virtual: TheVirtual) -> VirtualRow:
    """One virtual organization."""
    return _row(await definitions.show_virtual(call.rooms.mirror, call.actor, virtual))


async def update_virtual(call: TheCall, virtual: TheVirtual, body: UpdateVirtual) -> VirtualRow:
    """Change what is given. A name stays with the member that it belongs to. Operators may."""
    members = None if body.members is None else _merged(body.members)
    change = Change(members, body.allow, body.deny, body.quarantine_seconds, body.forget or "")
    return _row(await definitions.change_virtual(call.rooms.mirror, call.actor, virtual, change))


async def delete_virtual(call: TheCall, virtual: TheVirtual) -> None:
    """Merge nothing more: the organization stays, empty, as one like others."""
    await definitions.delete_virtual(call.rooms.mirror, call.actor, virtual)


async def explain_virtual(
    call: TheCall,
    virtual: TheVirtual,
    repository: Annotated[Word, Query(description="A name in the virtual organization, as `team/app`.")],
    reference: Annotated[Word | None, Query(description="A tag or a digest; without one, whose the name is.")] = None,
) -> VirtualExplained:
    """Which member answers for an image, and why; or which rule refuses it. Upstreams are asked as by a pull."""
    path = RepositoryName.parse(f"{virtual}/{repository}")
    asked = parse_reference(reference) if reference else None
    found = await explaining.explain(call.rooms.mirror, call.actor, virtual, path, asked)
    return VirtualExplained(
        name=found.path,
        outcome=found.outcome,
        because=found.why,
        organization=found.organization,
        repository=found.there,
        digest=found.digest,
        known_since=rfc3339_or_none(found.known_since),
        created_at=rfc3339_or_none(found.created_at),
        free_at=found.free_at or None,
        members=[
            MemberVerdict(organization=one.organization, is_mirror=one.is_mirror, verdict=one.verdict, rule=one.rule)
            for one in found.members
        ],
    )


def _merged(members: list[MergedOrganization]) -> list[Merged]:
    return [Merged(OrganizationName.parse(one.organization), one.allow or (), one.deny or ()) for one in members]


def _row(found: Shown) -> VirtualRow:
    return VirtualRow(
        name=found.organization,
        members=[
            VirtualMember(organization=one.organization, host=one.host, allow=list(one.allow), deny=list(one.deny))
            for one in found.members
        ],
        allow=list(found.allow),
        deny=list(found.deny),
        quarantine_seconds=found.quarantine_seconds,
        is_public=found.is_public,
        creator_name=found.creator_name,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.changed_at),
    )
