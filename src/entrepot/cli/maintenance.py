"""`entrepot maintenance`: nothing is changed for some time, in the installation or in one organization."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, done, show_one

Organization = Annotated[str | None, typer.Option("--org", metavar="ORG", help="Only this organization.")]
_PATH = "/v2/manage/maintenance"

maintenance = typer.Typer(help="Maintenance: nothing is changed for some time, and pulls go on.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(maintenance, name="maintenance")


@maintenance.command()
def on(
    read_only: Annotated[
        bool, typer.Option("--read-only", help="For long: clients are refused, not told to try again.")
    ] = False,
    organization: Organization = None,
    message: Annotated[str, typer.Option(help="What people are told.")] = "",
    as_json: AsJson = False,
) -> None:
    """Change nothing from the next request on. An organization is always read-only: operators close the rest."""
    from entrepot.cli.client import Client

    with Client() as client:
        if organization is None:
            mode = "read-only" if read_only else "maintenance"
            state = client.call("PUT", _PATH, {"mode": mode, "message": message})
        else:
            client.call("PUT", _of(organization), {"message": message})
            state = {"organization": organization, "mode": "read-only", "message": message}
    what = "The installation" if organization is None else f"The organization {organization}"
    done(f"{what} changes nothing from now on; pulls go on.", state, as_json)


@maintenance.command()
def off(organization: Organization = None, as_json: AsJson = False) -> None:
    """Let everything be changed again."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("DELETE", _PATH if organization is None else _of(organization))
    what = "The installation" if organization is None else f"The organization {organization}"
    done(f"{what} can be changed again.", {"organization": organization or ""}, as_json)


@maintenance.command()
def status(as_json: AsJson = False) -> None:
    """Show whether the installation changes nothing for now, since when and why."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _PATH)
    show_one(found or {"mode": "open"}, as_json)


def _of(organization: str) -> str:
    from entrepot.cli.client import organization_path
    from entrepot.values.names import OrganizationName

    return f"{organization_path(OrganizationName.parse(organization))}/read-only"
