"""The audit in the Enterprise edition's words: what was pulled, deleted and created, by page."""

from enum import StrEnum
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel

from entrepot.audit.look import Told, list_numbered
from entrepot.audit.wanted import Wanted
from entrepot.doors.manage.enterprise.call import InInstance, parse_page
from entrepot.doors.manage.fields import WordParameter
from entrepot.plumbing.clock import rfc3339
from entrepot.registry import events


class Operation(StrEnum):
    PULL = "pull"
    DELETE = "delete"
    CREATE = "create"


# By the type of an event: the operation, and what it is done to.
_SAID: Final[dict[str, tuple[Operation, str]]] = {
    events.ManifestPulled.type: (Operation.PULL, "artifact"),
    events.OrganizationDeleted.type: (Operation.DELETE, "namespace"),
    events.RepositoryDeleted.type: (Operation.DELETE, "repository"),
    events.ManifestDeleted.type: (Operation.DELETE, "artifact"),
    events.TagDeleted.type: (Operation.DELETE, "tag"),
    events.OrganizationCreated.type: (Operation.CREATE, "namespace"),
    events.RepositoryCreated.type: (Operation.CREATE, "repository"),
    events.ManifestPushed.type: (Operation.CREATE, "artifact"),
    events.TagMoved.type: (Operation.CREATE, "tag"),
}


class AuditLog(BaseModel):
    """`resource`: `acme`, `acme/web`, `acme/web:v1` or `acme/web@sha256:…`. `username` is empty when they are gone."""

    id: int
    operation: Operation
    resource_type: str
    resource: str
    username: str
    op_time: str


class AuditLogs(BaseModel):
    """`total`: among the newest events, 10,000 of them; `/v2/manage/audit` goes on to older ones."""

    audit_logs: list[AuditLog]
    total: int


async def list_audit_logs(
    call: InInstance,
    operation: Annotated[Operation, Query()],
    offset: WordParameter = None,
    limit: WordParameter = None,
) -> AuditLogs:
    """What was pulled, deleted or created, the newest first. For administrators.

    Pulls are in it as far as the setting `audit_pulls_every` has them noted.
    """
    window = parse_page(limit, offset)
    wanted = Wanted(types=tuple(kind for kind, (what, _) in _SAID.items() if what is operation))
    found, total = await list_numbered(call.rooms.audit, call.actor, wanted, window.offset, window.limit)
    return AuditLogs(audit_logs=[_log(told) for told in found], total=total)


def _log(told: Told) -> AuditLog:
    event = told.event
    operation, what = _SAID[event.type]
    return AuditLog(
        id=event.seq,
        operation=operation,
        resource_type=what,
        resource=event.subject + _inside(event.data),
        username=told.actor_name,
        op_time=rfc3339(event.time),
    )


def _inside(data: dict[str, Any]) -> str:
    """Which tag or manifest of a repository an event is about; empty when it is about all of it."""
    tags = [data["tag"]] if "tag" in data else data.get("tags", [])
    if tags:
        return f":{tags[0]}"
    return f"@{data['digest']}" if "digest" in data else ""
