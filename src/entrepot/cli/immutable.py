"""`entrepot immutable`: rules by which tags of an organization stay where they are."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table

Organization = Annotated[str, typer.Argument(metavar="ORG", help="Name of the organization.")]
Number = Annotated[int, typer.Argument(metavar="RULE", help="Number of the rule.")]
Repositories = Annotated[
    str | None, typer.Option(metavar="PATTERN", help="Repositories it holds in, as app or team-*; without it, all.")
]
Tags = Annotated[str | None, typer.Option(metavar="PATTERN", help="Tags that stay, as v*; without it, all.")]
Except = Annotated[
    list[str] | None, typer.Option("--except", metavar="PATTERN", help="But not these tags; may be given again.")
]
Description = Annotated[str | None, typer.Option(help="Why, for those who are refused.")]

immutable = typer.Typer(help="Immutability: tags that neither move nor go.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(immutable, name="immutable")


@immutable.command("list")
def list_rules(organization: Organization, as_json: AsJson = False) -> None:
    """List the rules of an organization, the oldest first."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _path(organization))["rules"]
    if as_json:
        show_json(rows)
        return
    columns = ("Rule", "Repositories", "Tags", "Except", "Enabled", "Set by", "Description")
    show_table(
        columns,
        (
            (
                row["id"],
                row["repositories"],
                row["tags"],
                ", ".join(row["exclusions"]),
                "yes" if row["enabled"] else "no",
                row["set_by"],
                row["description"],
            )
            for row in rows
        ),
    )


@immutable.command()
def create(
    organization: Organization,
    repositories: Repositories = None,
    tags: Tags = None,
    exclusions: Except = None,
    description: Description = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not switch it on yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let tags stay where they are from now on, also those that are there already. New ones can be pushed once."""
    from entrepot.cli.client import Client

    body = _given(repositories, tags, exclusions, description) | {"enabled": not disabled}
    with Client() as client:
        made = client.call("POST", _path(organization), body)
    done(f"Rule {made['id']} of {organization}: {_said(made)}.", made, as_json)


@immutable.command()
def update(
    organization: Organization,
    rule: Number,
    repositories: Repositories = None,
    tags: Tags = None,
    exclusions: Except = None,
    no_exceptions: Annotated[bool, typer.Option("--no-exceptions", help="Without any --except.")] = False,
    description: Description = None,
    enable: Annotated[bool | None, typer.Option("--enable/--disable", help="Whether it holds.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given of a rule. Disabled, it stays and holds for nothing."""
    from entrepot.cli.client import Client

    body = _given(repositories, tags, [] if no_exceptions else exclusions, description)
    if enable is not None:
        body["enabled"] = enable
    if not body:
        raise typer.BadParameter("say what is to be changed.", param_hint="--tags / --except / --enable / --disable")
    with Client() as client:
        changed = client.call("PATCH", f"{_path(organization)}/{rule}", body)
    done(f"Rule {rule} of {organization}: {_said(changed)}.", changed, as_json)


@immutable.command()
def delete(organization: Organization, rule: Number, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a rule. Its tags can be moved and deleted again."""
    from entrepot.cli.client import Client

    path = f"{_path(organization)}/{rule}"
    confirm(f"This deletes rule {rule} of {organization}; its tags can be moved and deleted then.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted rule {rule} of {organization}.", {"organization": organization, "id": rule}, as_json)


def _given(
    repositories: str | None, tags: str | None, exclusions: list[str] | None, description: str | None
) -> dict[str, Any]:
    said = {"repositories": repositories, "tags": tags, "exclusions": exclusions, "description": description}
    return {key: value for key, value in said.items() if value is not None}


def _said(rule: dict[str, Any]) -> str:
    but = f" but {', '.join(rule['exclusions'])}" if rule["exclusions"] else ""
    verb = "stay where they are" if rule["enabled"] else "may move, as it is disabled"
    return f"tags {rule['tags']}{but} of {rule['repositories']} {verb}"


def _path(organization: str) -> str:
    from entrepot.cli.client import organization_path
    from entrepot.values.names import OrganizationName

    return f"{organization_path(OrganizationName.parse(organization))}/immutability"
