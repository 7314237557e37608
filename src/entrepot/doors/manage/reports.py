"""Reports: what is stored and what was pulled, by day (contract §11)."""

from typing import Annotated, Final

from fastapi import Path
from pydantic import BaseModel

from entrepot.doors.manage.call import TheCall, TheRepository
from entrepot.plumbing.clock import rfc3339_or_none
from entrepot.registry import usage
from entrepot.registry.usage import Report
from entrepot.values.errors import ParameterInvalid, quoted

_DAILY: Final = "daily"


class Value(BaseModel):
    date: str
    value: int


class DomainOverview(BaseModel):
    """`store_space`: bytes of blobs, each counted once; `downflow_size`: bytes of blobs ever pulled.

    `measured_at`, which is ours: numbers above 10,000 and bytes of as many blobs are as they were then; absent when
    everything is counted now.
    """

    domain_id: str
    domain_name: str
    namspace_num: int
    repo_num: int
    image_num: int
    store_space: float
    downflow_size: float
    measured_at: str | None = None


class PullsRow(BaseModel):
    """Pulls of one tag on one day, and bytes of blobs. `tag` is empty for what was pulled by no tag."""

    tag: str
    date: str
    pulls: int
    bytes: int


class RepositoryPulls(BaseModel):
    pulls: list[PullsRow]


async def show_domain_overview(call: TheCall) -> DomainOverview:
    """What your domain holds: organizations, repositories, tags, bytes; and how many bytes were pulled from it."""
    found = await usage.show_overview(call.registry, call.actor)
    return DomainOverview(
        domain_id=found.domain_id,
        domain_name=found.domain_name,
        namspace_num=found.usage.organizations,
        repo_num=found.usage.repositories,
        image_num=found.usage.tags,
        store_space=found.usage.stored_bytes,
        downflow_size=found.usage.pulled_bytes,
        measured_at=rfc3339_or_none(found.usage.measured_at),
    )


async def show_domain_resource_reports(
    call: TheCall,
    resource_type: Annotated[
        str, Path(description="`downflow`: bytes pulled; `upflow` (ours): bytes pushed; `store`: bytes stored.")
    ],
    frequency: Annotated[str, Path(description="`daily`.")],
) -> list[Value]:
    """Bytes pulled from your domain, pushed to it, or stored in it, on each of the last 30 days; today is the last."""
    if resource_type not in tuple(Report) or frequency != _DAILY:
        raise ParameterInvalid(
            f"A report is {' or '.join(Report)}, and {_DAILY}; not {quoted(resource_type)}, {quoted(frequency)}."
        )
    found = await usage.show_report(call.registry, call.actor, Report(resource_type))
    return [Value(date=day.isoformat(), value=value) for day, value in found]


async def list_pulls(call: TheCall, repository: TheRepository) -> RepositoryPulls:
    """Pulls of a repository by tag and day, over the last 30 days. The newest may be some seconds late."""
    found = await usage.show_pulls(call.registry, call.actor, repository)
    return RepositoryPulls(
        pulls=[PullsRow(tag=one.tag, date=one.day.isoformat(), pulls=one.pulls, bytes=one.bytes) for one in found]
    )
