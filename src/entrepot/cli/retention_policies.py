"""`entrepot retention policy`: rules for the repositories of an organization."""

import json
from typing import Annotated, Any

import typer

from entrepot.cli.options import Fields, said, taking
from entrepot.cli.output import AsJson, DryRun, Yes, confirm, counted, done, show_json, show_table
from entrepot.cli.retention_preview import ask

Organization = Annotated[str, typer.Argument(metavar="ORG", help="Name of the organization.")]
Number = Annotated[int, typer.Argument(metavar="POLICY", help="Number of the policy.")]
policy = typer.Typer(help="Policies of an organization, for many repositories.", no_args_is_help=True)


@policy.command("list")
def list_policies(organization: Organization, as_json: AsJson = False) -> None:
    """List the policies of an organization, the oldest first."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _path(organization))["policies"]
    if as_json:
        show_json(rows)
        return
    columns = ("Policy", "Repositories", "Rules", "Enabled", "Set by", "Description")
    show_table(
        columns,
        (
            (
                row["id"],
                row["repositories"],
                _said(row),
                "yes" if row["enabled"] else "no",
                row["set_by"],
                row["description"],
            )
            for row in rows
        ),
    )


def policy_fields(
    repositories: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Repositories it is for, as app or team-*; without it, all.")
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option(
            "--tags", metavar="PATTERN", help="Tags it is about, as pr-* or /v[0-9]+/; may be given again; else all."
        ),
    ] = None,
    exclusions: Annotated[
        list[str] | None, typer.Option("--except", metavar="PATTERN", help="Tags it keeps and does not count.")
    ] = None,
    newest: Annotated[int | None, typer.Option(help="Keep so many of the newest.")] = None,
    pushed_days: Annotated[int | None, typer.Option(help="Keep what was pushed within so many days.")] = None,
    pulled_days: Annotated[int | None, typer.Option(help="Keep what was pulled or pushed within so many days.")] = None,
    signed: Annotated[bool, typer.Option("--signed", help="Keep what is signed.")] = False,
    untagged_days: Annotated[
        int | None,
        typer.Option(help="Delete images that never had a tag so many days after their push; 0 for never."),
    ] = None,
    rules: Annotated[
        typer.FileText | None, typer.Option(help="Several rules, as the API takes them: a file of JSON, - for stdin.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> Fields:
    """What a policy says, as the API takes it."""
    one = said(
        tags=tags,
        exclusions=exclusions,
        newest=newest,
        pushed_days=pushed_days,
        pulled_days=pulled_days,
        signed=signed or None,
    )
    fields = said(repositories=repositories, untagged_days=untagged_days, description=description)
    told = _rules(rules, one)
    return fields if told is None else fields | {"rules": told}


@policy.command()
@taking(policy_fields)
def create(
    organization: Organization,
    fields: Fields,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not carry it out yet.")] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Have old tags deleted in repositories of an organization, at once and then once a day.

    What any rule keeps is kept. Unless it is --disabled, what it deletes now is said first.
    """
    from entrepot.cli.client import Client

    with Client() as client:
        if dry_run or not disabled:
            preview = f"{_home(organization)}/preview"
            if not ask(client, preview, fields, yes, dry_run, as_json):
                return
        made = client.call("POST", _path(organization), fields | {"enabled": not disabled})
    done(f"Policy {made['id']} of {organization}: {_said(made)}.", made, as_json)


@policy.command()
@taking(policy_fields)
def update(
    organization: Organization,
    number: Number,
    fields: Fields,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it is carried out.")] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Change what is given of a policy, and carry it out at once. Rules that are given take the place of all others.

    When it is carried out, what it deletes now is said first.
    """
    from entrepot.cli.client import Client

    body = fields | said(enabled=enable)
    if not body:
        raise typer.BadParameter("say what is to be changed.", param_hint="--newest / --enable / --disable")
    path = f"{_path(organization)}/{number}"
    with Client() as client:
        if dry_run or (enable is not False and body.keys() != {"description"} and not yes):
            is_carried_out = dry_run or enable or client.call("GET", path)["enabled"]
            if is_carried_out and not ask(client, f"{path}/preview", fields, yes, dry_run, as_json):
                return
        changed = client.call("PATCH", path, body)
    done(f"Policy {number} of {organization}: {_said(changed)}.", changed, as_json)


@policy.command()
def delete(organization: Organization, number: Number, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a policy. What it deleted stays in the history."""
    from entrepot.cli.client import Client

    confirm(f"This deletes retention policy {number} of {organization}.", yes)
    with Client() as client:
        client.call("DELETE", f"{_path(organization)}/{number}")
    done(f"Deleted policy {number} of {organization}.", {"organization": organization, "id": number}, as_json)


def _rules(file: Any, one: Fields) -> list[dict[str, Any]] | None:
    """The rules of a file, or the one that the options make; None when nothing is said."""
    if file is None:
        return [one] if one else None
    if one:
        raise typer.BadParameter("rules are in the file, or said by options.", param_hint="--rules")
    try:
        read = json.load(file)
    except ValueError as error:
        raise typer.BadParameter(f"it is not JSON: {error}.", param_hint="--rules") from None
    return read if isinstance(read, list) else [read]


def _said(row: dict[str, Any]) -> str:
    said = [_said_of(rule) for rule in row["rules"]]
    if row["untagged_days"]:
        said.append(f"deletes images without a tag after {counted(row['untagged_days'], 'day')}")
    return "; ".join(said)


def _said_of(rule: dict[str, Any]) -> str:
    kept = []
    if rule["newest"]:
        kept.append(f"the newest {rule['newest']}")
    if rule["pushed_days"]:
        kept.append(f"pushed within {counted(rule['pushed_days'], 'day')}")
    if rule["pulled_days"]:
        kept.append(f"pulled within {counted(rule['pulled_days'], 'day')}")
    if rule["signed"]:
        kept.append("signed")
    but = f", always {' '.join(rule['exclusions'])}" if rule["exclusions"] else ""
    return f"of {' '.join(rule['tags']) or 'all tags'} keeps {' or '.join(kept)}{but}"


def _path(organization: str) -> str:
    return f"{_home(organization)}/policies"


def _home(organization: str) -> str:
    from entrepot.cli.client import organization_path
    from entrepot.values.names import OrganizationName

    return f"{organization_path(OrganizationName.parse(organization))}/retention"
