"""The audit log: what happened, who did it, from where; what changed, as it was before and after."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from entrepot.audit.look import Told, list_events
from entrepot.audit.wanted import Result, Wanted, cursor_of, parse_cursor
from entrepot.doors.console.admin.parts import ROWS
from entrepot.doors.console.forms import Form
from entrepot.doors.console.phrases import offered
from entrepot.doors.console.visit import View, Visit
from entrepot.plumbing.clock import rfc3339
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import OrganizationName

_EXPORT: Final = "/v2/manage/audit/export"
_FIELDS: Final = ("actor", "type", "subject", "organization", "result", "since", "until")
_A_DAY: Final = timedelta(days=1)
_SHOWN_CHARS: Final = 400


@dataclass(frozen=True, slots=True)
class Change:
    """One field of what an event tells. `before` is None where the event does not say."""

    field: str
    before: str | None
    after: str


async def show_audit(visit: Visit) -> View:
    """Events that fit, the newest first. A page may have few and yet go on: older ones were not looked at yet."""
    visit.need_admin()
    given = {name: visit.query(name) for name in _FIELDS}
    wanted = _wanted(given)
    page = await list_events(visit.rooms.audit, visit.actor, wanted, parse_cursor(visit.query("after") or None), ROWS)
    groups = offered(visit.language)
    values = {
        "rows": [(one, changes_of(one)) for one in page.items],
        "following": None if page.after is None else cursor_of(page.after),
        "given": given,
        "is_narrowed": any(given.values()),
        "offered": groups,
        "is_offered": any(given["type"] == one for _, filters in groups for one, _ in filters),
        "export": f"{_EXPORT}?{_query(wanted)}",
    }
    return View("admin/audit.html", values)


def changes_of(told: Told) -> Sequence[Change]:
    """What an event says, field by field: all it tells, and how that was before."""
    data = dict(told.event.data)
    before = data.pop("before", None)
    before = before if isinstance(before, Mapping) else {}
    names = [name for name in data if data[name] not in (None, "", {}, []) or name in before]
    names += [name for name in before if name not in data]
    return [Change(name, _said(before[name]) if name in before else None, _said(data.get(name))) for name in names]


def _wanted(given: Mapping[str, str]) -> Wanted:
    """Raises ParameterInvalid or NameInvalid."""
    form = Form({name: (value,) for name, value in given.items()})
    since, until = form.end_of_day("since"), form.end_of_day("until")
    if given["result"] and given["result"] not in tuple(Result):
        raise ParameterInvalid("The outcome is done or refused.", field="result")
    return Wanted(
        organization=OrganizationName.parse(given["organization"]) if given["organization"] else None,
        subject=given["subject"] or None,
        actor=given["actor"] or None,
        type=given["type"] or None,
        result=Result(given["result"]) if given["result"] else None,
        since=None if since is None else since - _A_DAY,
        until=until,
    )


def _query(wanted: Wanted) -> str:
    """The same question, as the management API takes it."""
    asked: dict[str, Any] = {
        "organization": wanted.organization,
        "subject": wanted.subject,
        "actor": wanted.actor,
        "type": wanted.type,
        "result": wanted.result,
        "since": None if wanted.since is None else rfc3339(wanted.since),
        "until": None if wanted.until is None else rfc3339(wanted.until),
    }
    return urlencode({name: value for name, value in asked.items() if value is not None})


def _said(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
