"""`entrepot region`: other places, with installations that images can be copied to, or nodes of this one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from entrepot.cli.options import Fields, said, taking
from entrepot.cli.output import (
    AsJson,
    PasswordStdin,
    Yes,
    confirm,
    counted,
    done,
    read_password,
    show_json,
    show_one,
    show_table,
)
from entrepot.cli.warm import register_on

_REGIONS = "/v2/manage/regions"

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the region.")]

region = typer.Typer(
    help="Regions: other places, with an installation that images can be copied to, or nodes of this one.",
    no_args_is_help=True,
)


def register(app: typer.Typer) -> None:
    register_on(region)
    app.add_typer(region, name="region")


@region.command("list")
def list_regions(as_json: AsJson = False) -> None:
    """List the regions that are known."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _REGIONS)
    if as_json:
        show_json(rows)
        return
    show_table(("Region", "Address"), ((row["regionID"], row["url"]) for row in rows))


def _account(
    username: Annotated[str | None, typer.Option(help="Who we are there; '' for nobody in particular.")] = None,
    password_stdin: PasswordStdin = False,
    authority: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates (PEM) of who signs its own.", exists=True)
    ] = None,
) -> Fields:
    fields = {
        "username": username,
        "password": read_password(None, password_stdin) if password_stdin else None,
        "authority": authority.read_text() if authority else None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _place(
    cidr: Annotated[
        list[str] | None,
        typer.Option(metavar="NETWORK", help="Network of its clients, as 10.20.0.0/16; several: say it again."),
    ] = None,
    location: Annotated[
        str | None, typer.Option(metavar="LAT,LON", help="Where it is, in degrees north and east; '' for unknown.")
    ] = None,
) -> Fields:
    return said(cidrs=cidr, location=location)


@region.command()
@taking(_account, _place)
def create(
    name: Name,
    fields: Fields,
    url: Annotated[
        str,
        typer.Argument(
            metavar="[URL]", help="Where images are copied to, as https://images.example.com.", show_default=False
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Make a region known, if you operate this installation.

    With a URL, images can be copied to the installation there, as who we are there. Networks and a location say which
    clients its nodes serve; see: entrepot region explain.
    """
    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", _REGIONS, {"regionID": name, "url": url, **fields})
    done(f"{name} is known{f' as {url}' if (url := made['url']) else ''}.", made, as_json)


@region.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a region, where it is, and who we are there, if you operate this installation."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(name))
    show_one(row, as_json)


@region.command()
@taking(_account, _place)
def update(
    name: Name,
    fields: Fields,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Its address from now on; '' for none, if nothing is copied there."),
    ] = None,
    no_cidrs: Annotated[bool, typer.Option("--no-cidrs", help="Forget the networks of its clients.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change what is given, if you operate this installation; copies and pulls that begin from now on go by it.

    Networks that are given replace all that were known.
    """
    from entrepot.cli.client import Client

    if no_cidrs and "cidrs" in fields:
        raise typer.BadParameter("Give networks, or forget them.", param_hint="--no-cidrs")
    body = fields | said(url=url) | ({"cidrs": []} if no_cidrs else {})
    with Client() as client:
        row = client.call("PATCH", _path(name), body)
    done(f"Changed the region {name}{f' at {url}' if (url := row['url']) else ''}.", row, as_json)


@region.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget a region, with its nodes and all rules that copy to it; copies that wait or run are cancelled."""
    from entrepot.cli.client import Client

    path = _path(name)
    confirm(
        f"This deletes the region {name} with its nodes and every rule of synchronisation to it, in all domains.", yes
    )
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the region {name}.", {"regionID": name}, as_json)


@region.command()
def explain(
    client: Annotated[str, typer.Option(metavar="IP", help="Address of a client.")],
    digest: Annotated[
        str, typer.Option(metavar="DIGEST", help="Digest of a blob; without one, of a blob that no node has.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say which node would serve a client, and why, if you operate this installation."""
    from entrepot.cli.client import Client

    with Client() as http:
        found = http.call("GET", f"{_REGIONS}/-/explain", parameters={"client": client, "digest": digest})
    if as_json:
        show_json(found)
        return
    typer.echo(found["because"])
    for step in found["steps"]:
        typer.echo(f"- {step['because']}")
        for number, one in enumerate(step.get("ranked", ()), 1):
            typer.echo(f"  {number}. {one['region'] or 'the center'}{_far(one)}")
        for one in step.get("nodes", ()):
            holds = ", holds the blob" if one["holds"] else ""
            typer.echo(
                f"  {one['name']} ({one['state']}, {counted(one['streams'], 'stream')}{holds}): {one['because']}"
            )


def _far(one: Mapping[str, Any]) -> str:
    known = [f"{one[key]:g} {key}" for key in ("km", "ms") if key in one]
    return f" ({', '.join(known)})" if known else ""


def _path(name: str) -> str:
    from entrepot.values.names import RegionName

    return f"{_REGIONS}/{RegionName.parse(name)}"
