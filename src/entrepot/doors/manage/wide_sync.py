"""Rules of synchronisation of our own, and the copies of all repositories. For operators; the contract has no such."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall
from entrepot.doors.manage.fields import Body, Empty, Flag, Number, Word, WordParameter
from entrepot.doors.manage.paging import parse_limit, parse_marker
from entrepot.doors.manage.sync_copies import SyncCopy, TheCopy, fields_of
from entrepot.mirror import copies, wide_sync
from entrepot.mirror.kept import readable
from entrepot.mirror.rules import Status
from entrepot.mirror.wide_rules import Direction
from entrepot.mirror.wide_sync import LastRun, Shown
from entrepot.plumbing.clock import rfc3339, rfc3339_or_none
from entrepot.values.names import SyncRuleName
from entrepot.values.words import one_of


async def _rule(sync_rule: Annotated[str, Path(description="A rule's name.")]) -> SyncRuleName:
    return SyncRuleName.parse(sync_rule)


TheSyncRule = Annotated[SyncRuleName, Depends(_rule)]

_Direction = Annotated[Word, Field(description="`push`: to the regions. `pull`: from the region.")]
_Regions = Annotated[list[Word], Field(description="The regions; one, for a rule that pulls.")]
_Repositories = Annotated[
    list[Word], Field(description="Repositories where they come from, as `acme/web` or `acme/*`; `*` is anything.")
]
_Tags = Annotated[list[Word], Field(description="Tags like any of these; without one, all. As `v*`.")]
_Exclusions = Annotated[list[Word], Field(description="Without those like any of these. As `*-rc*`.")]
_Namespace = Annotated[Word, Field(description="The organization on the other side; empty: of the same name.")]
_Override = Annotated[Flag, Field(description="Replace another image of the name.")]
_Referrers = Annotated[Flag, Field(description="Signatures, SBOMs and the like come along.")]
_Deletes = Annotated[
    Flag,
    Field(
        description="A tag that the rule copied is deleted with the tag it was copied from, if it still names the same."
    ),
]
_Every = Annotated[Number | None, Field(description="Look for what differs every so many seconds.")]
_At = Annotated[Word | None, Field(description="Look for what differs at this time of day (UTC), as `02:30`.")]
_Windows = Annotated[list[Word], Field(description="Copy only within these times (UTC), as `22:00-06:00`.")]
_Rate = Annotated[Number, Field(description="Bytes that all copies of the rule move each second; 0: no limit.")]
_Enabled = Annotated[Flag, Field(description="Whether it works.")]


class CreateSyncRule(Body):
    """With neither `every_seconds` nor `at`, a rule that pushes copies each change when it happens."""

    name: Word
    direction: _Direction
    regions: _Regions
    repositories: _Repositories
    tags: _Tags = Field(default_factory=list)
    exclusions: _Exclusions = Field(default_factory=list)
    namespace: _Namespace = ""
    override: _Override = False
    referrers: _Referrers = True
    deletes: _Deletes = False
    every_seconds: _Every = None
    at: _At = None
    windows: _Windows = Field(default_factory=list)
    bytes_per_second: _Rate = 0
    enabled: _Enabled = True


class UpdateSyncRule(Body):
    """What is absent stays; `every_seconds` and `at` that are null are taken away."""

    direction: _Direction | None = None
    regions: _Regions | None = None
    repositories: _Repositories | None = None
    tags: _Tags | None = None
    exclusions: _Exclusions | None = None
    namespace: _Namespace | None = None
    override: _Override | None = None
    referrers: _Referrers | None = None
    deletes: _Deletes | None = None
    every_seconds: _Every = None
    at: _At = None
    windows: _Windows | None = None
    bytes_per_second: _Rate | None = None
    enabled: _Enabled | None = None


class SyncRuleRun(BaseModel):
    """When it was last looked for what differs: so many tags, so many copies and deletions wanted. `left_alone`: other
    images had the name, and the rule does not replace them. `error`: what could not be looked at.
    """

    at: str
    looked_at: int
    wanted: int
    left_alone: int
    error: str


class SyncRuleDetail(BaseModel):
    """`known_regions`: those that are not forgotten. `due_at`: when it is next looked for what differs; absent: when
    something changes. `under_way`: copies and deletions that wait or run.
    """

    name: str
    direction: Direction
    regions: list[str]
    known_regions: list[str]
    repositories: list[str]
    tags: list[str]
    exclusions: list[str]
    namespace: str
    override: bool
    referrers: bool
    deletes: bool
    every_seconds: int | None = None
    at: str | None = None
    windows: list[str]
    bytes_per_second: int
    enabled: bool
    creator_name: str
    created_at: str
    updated_at: str
    due_at: str | None = None
    last_run: SyncRuleRun | None = None
    under_way: int


class SyncRules(BaseModel):
    rules: list[SyncRuleDetail]
    nextMarker: str | None = None  # noqa: N815  # as the contract's lists by marker


class SyncCopyOfAny(SyncCopy):
    """`repository`: with its organization, as it is called here."""

    repository: str


class AllSyncCopies(BaseModel):
    copies: list[SyncCopyOfAny]
    nextMarker: str | None = None  # noqa: N815


async def create_sync_rule(call: TheCall, body: CreateSyncRule) -> SyncRuleDetail:
    """Make a rule of synchronisation, which begins with what is there. Operators may."""
    name = SyncRuleName.parse(body.name)
    given = _given(body.model_dump(exclude={"name"}))
    return _row(await wide_sync.create_wide_rule(call.rooms.mirror, call.actor, name, given))


async def list_sync_rules(call: TheCall, limit: WordParameter = None, marker: WordParameter = None) -> SyncRules:
    """Rules of synchronisation by name. For operators."""
    page = await wide_sync.list_wide_rules(call.rooms.mirror, call.actor, marker or "", parse_limit(limit))
    return SyncRules(rules=[_row(one) for one in page.items], nextMarker=page.after)


async def show_sync_rule(call: TheCall, sync_rule: TheSyncRule) -> SyncRuleDetail:
    """A rule of synchronisation, and how its last run went. For operators."""
    return _row(await wide_sync.show_wide_rule(call.rooms.mirror, call.actor, sync_rule))


async def update_sync_rule(call: TheCall, sync_rule: TheSyncRule, body: UpdateSyncRule) -> SyncRuleDetail:
    """Change what is given. Unless that is about when and how fast, what waits or runs of it is called off, and it
    begins anew with what is there. Operators may.
    """
    said = body.model_dump(exclude_unset=True)
    given = {key: value for key, value in said.items() if value is not None or key in ("every_seconds", "at")}
    return _row(await wide_sync.change_wide_rule(call.rooms.mirror, call.actor, sync_rule, _given(given)))


async def delete_sync_rule(call: TheCall, sync_rule: TheSyncRule) -> None:
    """Forget a rule; what it copied stays, what waits or runs of it is called off. Operators may."""
    await wide_sync.delete_wide_rule(call.rooms.mirror, call.actor, sync_rule)


async def run_sync_rule(call: TheCall, sync_rule: TheSyncRule) -> SyncRuleDetail:
    """Look for what differs now; what is found is copied within the rule's windows. Operators may."""
    return _row(await wide_sync.run_wide_rule(call.rooms.mirror, call.actor, sync_rule))


async def list_all_sync_copies(
    call: TheCall,
    rule: Annotated[Word | None, Query(description="Of this rule.")] = None,
    status: Annotated[Word | None, Query(description="In this status.")] = None,
    limit: WordParameter = None,
    marker: WordParameter = None,
) -> AllSyncCopies:
    """Copies of all repositories with what became of them, the newest first. For operators."""
    of = None if rule is None else SyncRuleName.parse(rule)
    statuses = () if status is None else (one_of(Status, status, "status"),)
    before = parse_marker(marker) or None
    page = await copies.list_all_copies(call.rooms.mirror, call.actor, of, statuses, before, parse_limit(limit))
    return AllSyncCopies(
        copies=[SyncCopyOfAny(repository=one.path, **fields_of(one)) for one in page.items],
        nextMarker=None if page.after is None else str(page.after),
    )


async def retry_any_sync_copy(call: TheCall, copy: TheCopy) -> Empty:
    """Try a copy again that did not succeed, of any repository. Operators may."""
    await copies.retry_any_copy(call.rooms.mirror, call.actor, copy)
    return Empty()


async def cancel_any_sync_copy(call: TheCall, copy: TheCopy) -> Empty:
    """Call a copy off that waits or runs, of any repository. Operators may."""
    await copies.cancel_any_copy(call.rooms.mirror, call.actor, copy)
    return Empty()


_NAMES = {"namespace": "organization", "override": "overrides"}
"""What the API calls otherwise than the room, in the contract's words."""


def _given(said: dict[str, Any]) -> dict[str, Any]:
    return {_NAMES.get(key, key): value for key, value in said.items()}


def _row(shown: Shown) -> SyncRuleDetail:
    document = shown.rule.document
    said = {
        key: document[_NAMES.get(key, key)] for key in SyncRuleDetail.model_fields if _NAMES.get(key, key) in document
    }
    return SyncRuleDetail(
        **said,
        name=shown.name,
        known_regions=list(shown.known),
        creator_name=shown.creator_name,
        created_at=rfc3339(shown.created_at),
        updated_at=rfc3339(shown.changed_at),
        due_at=rfc3339_or_none(shown.due_at),
        last_run=None if shown.last is None else _run(shown.last),
        under_way=shown.under_way,
    )


def _run(last: LastRun) -> SyncRuleRun:
    return SyncRuleRun(
        at=rfc3339(last.at),
        looked_at=last.looked_at,
        wanted=last.wanted,
        left_alone=last.left_alone,
        error=readable(last.error),
    )
