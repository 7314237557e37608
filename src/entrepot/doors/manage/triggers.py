"""Triggers (contract §8): defined, listed, shown with their history, switched, deleted.

`enable` is a string here, as the contract has it, and `action` has one value.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from entrepot.doors.manage.call import TheCall, TheRepository, TheTrigger
from entrepot.doors.manage.fields import Body, Empty, Text, Word
from entrepot.doors.manage.paging import parse_flag
from entrepot.plumbing.clock import rfc3339
from entrepot.triggers import definitions
from entrepot.triggers.definitions import Firing, Trigger
from entrepot.triggers.rules import Condition, Definition, Mode, Target
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import TriggerName

_ACTION: Final = "update"
_Enable = Annotated[Word, Field(description="`true` or `false`, as a string.")]


class CreateTrigger(Body):
    """`condition`: `.*` for all tags; names joined by `;`; or a regular expression over the whole tag."""

    name: Word
    action: Annotated[Word, Field(description="`update`")]
    trigger_type: Annotated[Word, Field(description="`all`, `tag` or `regular`")]
    condition: Text
    app_type: Annotated[Word, Field(description="`deployments` or `statefulsets`")]
    application: Word
    cluster_ns: Word
    enable: _Enable
    trigger_mode: Annotated[Word | None, Field(description="`cce`, a cluster, or `cci`")] = None
    cluster_id: Word | None = None
    cluster_name: Word | None = None
    container: Annotated[Word | None, Field(description="Without it, every container that uses the image.")] = None


class ChangeTrigger(Body):
    enable: _Enable


class _Target(BaseModel):
    """What is updated when which tag is pushed."""

    action: Literal["update"] = _ACTION
    app_type: str
    application: str
    cluster_id: str
    cluster_name: str
    cluster_ns: str
    condition: str
    container: str
    creator_name: str


class TriggerFiring(_Target):
    """`result`: `success` or `failed`."""

    created_at: str
    detail: str
    result: str
    tag: str


class TriggerRow(_Target):
    name: str
    trigger_type: str
    trigger_mode: str
    enable: str
    created_at: str
    trigger_history: list[TriggerFiring] | None


async def create_trigger(call: TheCall, repository: TheRepository, body: CreateTrigger) -> Empty:
    """Define which pushed tags set a workload's image."""
    if body.action != _ACTION:
        raise ParameterInvalid(f"action is {_ACTION}, the only one.")
    target = Target.parse(
        body.trigger_mode or Mode.CLUSTER,
        body.cluster_id or "",
        body.cluster_name or "",
        body.cluster_ns,
        body.app_type,
        body.application,
        body.container or "",
    )
    condition = Condition.parse(body.trigger_type, body.condition)
    definition = Definition(TriggerName.parse(body.name), condition, target)
    await definitions.create_trigger(call.rooms.triggers, call.actor, repository, definition, _is_enabled(body.enable))
    return Empty()


async def list_triggers_details(call: TheCall, repository: TheRepository) -> list[TriggerRow]:
    """A repository's triggers, the newest first, without their histories."""
    found = await definitions.list_triggers(call.rooms.triggers, call.actor, repository)
    return [_row(one, None) for one in found]


async def show_trigger(call: TheCall, repository: TheRepository, trigger: TheTrigger) -> TriggerRow:
    """One trigger, with the last 100 firings, the newest first."""
    found, firings = await definitions.show_trigger(call.rooms.triggers, call.actor, repository, trigger)
    return _row(found, [_firing(found, one) for one in firings])


async def update_trigger(call: TheCall, repository: TheRepository, trigger: TheTrigger, body: ChangeTrigger) -> Empty:
    """Switch a trigger on or off. Nothing else of it can be changed."""
    await definitions.switch_trigger(call.rooms.triggers, call.actor, repository, trigger, _is_enabled(body.enable))
    return Empty()


async def delete_trigger(call: TheCall, repository: TheRepository, trigger: TheTrigger) -> None:
    """Delete a trigger with its history."""
    await definitions.delete_trigger(call.rooms.triggers, call.actor, repository, trigger)


def _is_enabled(enable: str) -> bool:
    return parse_flag("enable", enable) is True


def _row(found: Trigger, history: list[TriggerFiring] | None) -> TriggerRow:
    return TriggerRow(
        name=found.definition.name,
        trigger_type=found.definition.condition.kind,
        trigger_mode=found.definition.target.mode,
        enable=str(found.is_enabled).lower(),
        created_at=rfc3339(found.created_at),
        trigger_history=history,
        **_target(found),
    )


def _firing(found: Trigger, one: Firing) -> TriggerFiring:
    return TriggerFiring(
        created_at=rfc3339(one.fired_at),
        detail=one.detail,
        result="success" if one.has_succeeded else "failed",
        tag=one.tag,
        **_target(found),
    )


def _target(found: Trigger) -> dict[str, str]:
    target = found.definition.target
    return {
        "app_type": target.workload_kind,
        "application": target.workload,
        "cluster_id": target.cluster_id,
        "cluster_name": target.cluster_name,
        "cluster_ns": target.namespace,
        "condition": found.definition.condition.text,
        "container": target.container,
        "creator_name": found.creator_name,
    }
