"""`entrepot org`: organizations, which repositories live in."""

from enum import StrEnum
from typing import Annotated

import typer

from entrepot.cli.output import AsJson, DryRun, Yes, confirm, counted, done, show_json, show_table

Name = Annotated[str, typer.Argument(help="Name of the organization.")]


class Sparse(StrEnum):
    ALLOW = "allow"
    REFUSE = "refuse"


_NAMESPACES = "/v2/manage/namespaces"

org = typer.Typer(help="Organizations: repositories live in them.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(org, name="org")


@org.command()
def create(name: Name, as_json: AsJson = False) -> None:
    """Create an organization, managed by you. Then anything can be pushed to NAME/….

    The name is 1 to 64 lower-case letters, digits and single separators (. _ -), beginning with a letter.
    """
    from entrepot.cli.client import Client, organization_path
    from entrepot.values.names import OrganizationName

    OrganizationName.parse(name)
    with Client() as client:
        client.call("POST", _NAMESPACES, {"namespace": name})
        made = client.call("GET", organization_path(name)) if as_json else None
    host = client.sign_in.url.partition("://")[2]
    done(f"Created the organization {name}. Next: docker push {host}/{name}/IMAGE", made, as_json)


@org.command("list")
def list_organizations(
    visible: Annotated[
        bool, typer.Option("--visible", help="Also those in which you may only use some repository.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the organizations you may use."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _NAMESPACES, parameters={"filter": "mode::visible"} if visible else None)[
            "namespaces"
        ]
    if as_json:
        show_json(rows)
        return
    from entrepot.cli.grant import level_name

    show_table(
        ("Name", "Your level", "Repositories", "Users", "Created by"),
        (
            (row["name"], level_name(row["auth"]), row["repo_count"], row["access_user_count"], row["creator_name"])
            for row in rows
        ),
        empty="There is no organization you may use. To make one: entrepot org create NAME",
    )


@org.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show an organization: your level, who made it, its settings, and how much of its quotas is used."""
    from entrepot.cli.client import Client, organization_path
    from entrepot.cli.grant import level_name
    from entrepot.cli.quota import EACH, used_of
    from entrepot.values.names import OrganizationName

    path = organization_path(OrganizationName.parse(name))
    with Client() as client:
        found = client.call("GET", path)
        settings = client.call("GET", f"{path}/settings")
        quotas = client.call("GET", f"{path}/quotas")["quotas"]
    if as_json:
        show_json({**found, "settings": settings, "quotas": quotas})
        return
    used = ((row["resource"], used_of(row)) for row in quotas if row["resource"] != EACH)
    facts = (("name", name), ("your level", level_name(found["auth"])), ("created by", found["creator_name"]))
    chosen = (
        ("sparse images", "allowed" if settings["sparse"] else "refused"),
        ("new repositories", "public" if settings["public"] else "private"),
        ("days of history", settings["history_days"]),
        ("read-only", "yes" if settings["read_only"] else "no"),
    )
    show_table(("Of", "Is"), (*facts, *chosen, *used))


@org.command()
def delete(name: Name, dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete an empty organization and all permissions on it."""
    from entrepot.cli.client import Client, organization_path
    from entrepot.values.names import OrganizationName

    path = organization_path(OrganizationName.parse(name))
    with Client() as client:
        if dry_run:
            plan = client.call("GET", f"{path}/removal")
            held = f"It still holds {counted(plan['repositories'], 'repository', 'repositories')}, which must go first."
            end = "" if not plan["repositories"] else f"\n  {held}"
            said = f"This deletes the organization {name} and {counted(plan['permissions'], 'permission')} on it.{end}"
            done(said, {"name": name, **plan}, as_json)
            return
        confirm(f"This deletes the organization {name} and all permissions on it.", yes)
        client.call("DELETE", path)
    done(f"Deleted the organization {name}.", {"name": name}, as_json)


@org.command("update", hidden=True)  # as other commands call it
@org.command("set")
def change(
    name: Name,
    sparse: Annotated[
        Sparse | None, typer.Option(help="Whether manifests may name content that is not here (sparse images).")
    ] = None,
    public: Annotated[
        bool | None, typer.Option("--public/--private", help="Whether repositories made by a push are public.")
    ] = None,
    history_days: Annotated[
        str | None,
        typer.Option(
            metavar="DAYS",
            help="Days for which it is kept what tags named before; `default` for what the installation says.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change an organization. What was pushed stays as it is."""
    from entrepot.cli.client import Client, organization_path
    from entrepot.values.names import OrganizationName

    OrganizationName.parse(name)
    changes: dict[str, bool | int | None] = {}
    if sparse is not None:
        changes["sparse"] = sparse is Sparse.ALLOW
    if public is not None:
        changes["public"] = public
    if history_days is not None:
        changes["history_days"] = _days(history_days)
    if not changes:
        raise typer.BadParameter("say what is to be changed.", param_hint="--sparse / --public / --history-days")
    with Client() as client:
        client.call("PATCH", organization_path(name), changes)
    done(f"Changed the organization {name}.", {"name": name, **changes}, as_json)


def _days(text: str) -> int | None:
    if text == "default":
        return None
    if not (text.isascii() and text.isdigit()):
        raise typer.BadParameter("a number of days, or default.", param_hint="--history-days")
    return int(text)


@org.command()
def transfer(
    name: Name,
    domain: Annotated[
        str | None, typer.Option("--domain", "-d", help="The domain that gets it; operators only.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", "-u", help="Who owns and manages it then.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let an organization belong to another user, or to another domain with all it holds.

    In another domain nobody of the old one keeps a permission on it. Without --user its administrators have it.
    """
    from entrepot.cli.client import Client, organization_path
    from entrepot.values.names import OrganizationName

    path = organization_path(OrganizationName.parse(name))
    if domain is None and user is None:
        raise typer.BadParameter("say who gets it.", param_hint="--domain / --user")
    if domain is not None:
        confirm(f"This moves {name} to the domain {domain}. Nobody of its domain of now keeps a permission on it.", yes)
    wanted = {key: value for key, value in (("domain_name", domain), ("user_name", user)) if value is not None}
    with Client() as client:
        client.call("POST", f"{path}/transfer", wanted)
    owner = " of ".join(one for one in (user, domain) if one)
    done(f"{name} belongs to {owner}.", {"name": name, **wanted}, as_json)
