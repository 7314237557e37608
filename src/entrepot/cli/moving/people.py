"""People: what members of the source's projects may do, given here to those who are here, if that is wanted."""

from collections.abc import Iterable
from typing import Any, Final

from entrepot.cli.client import Client, Refusal, organization_path
from entrepot.cli.grant import level_name
from entrepot.cli.moving.names import Renaming
from entrepot.cli.moving.source import Member

TO_BE_GIVEN: Final = "to be given"
_ROBOT = "A robot's secret cannot be carried over: make one here (entrepot robot create), and hand out its secret."


def plan_people(members: Iterable[Member], renaming: Renaming) -> list[dict[str, Any]]:
    """A row for each: who, which role there, which level and scope here; robots and unknown roles with a reason."""
    return [_row(member, renaming) for member in members]


def give(rows: list[dict[str, Any]], client: Client, organization: str) -> None:
    """Give what is to be given, and write into each row what became of it. What somebody has already stays."""
    path = f"{organization_path(organization)}/grants"
    known = {(row["kind"], row["name"], row["scope"]) for row in client.pages(path, "grants")}
    for row in rows:
        if row["outcome"] != TO_BE_GIVEN:
            continue
        if (row["kind"], row["name"], row["scope"]) in known:
            row["outcome"] = "has a permission there already"
            continue
        body = {"kind": row["kind"], "name": row["name"], "pattern": row["scope"].partition("/")[2]}
        try:
            client.call("PUT", path, {**body, "auth": row["auth"], "deadline": "forever"})
        except Refusal as error:
            row["outcome"], row["reason"] = "not given", str(error)
        else:
            row["outcome"] = "given"


def _row(member: Member, renaming: Renaming) -> dict[str, Any]:
    everywhere = member.project == "*"
    row: dict[str, Any] = {
        "project": member.project,
        "kind": member.kind,
        "name": member.name,
        "role": member.role,
        "level": level_name(member.level),
        "auth": member.level,
        "scope": f"{renaming.to}/{'*' if everywhere else renaming.pattern(member.project)}",
        "outcome": TO_BE_GIVEN,
        "reason": "",
    }
    if member.kind == "robot":
        return {**row, "outcome": "to be made anew", "reason": _ROBOT}
    if not member.level:
        return {**row, "outcome": "not given", "reason": f"No level here is like the role {member.role!r}."}
    return row
