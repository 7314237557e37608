"""`entrepot region`: other installations that images can be copied to."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table

_REGIONS = "/v2/manage/regions"

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the region.")]

region = typer.Typer(help="Regions: other installations that images can be copied to.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
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


@region.command()
def create(
    name: Name,
    url: Annotated[str, typer.Argument(metavar="URL", help="Its address, as https://images.example.com.")],
    as_json: AsJson = False,
) -> None:
    """Make another installation known, if you operate this one."""
    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", _REGIONS, {"regionID": name, "url": url})
    done(f"{name} is known as {made['url']}.", made, as_json)


@region.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget a region, with all rules that copy to it; copies that wait are cancelled."""
    from entrepot.cli.client import Client
    from entrepot.values.names import RegionName

    path = f"{_REGIONS}/{RegionName.parse(name)}"
    confirm(f"This deletes the region {name} and every rule of synchronisation to it, in all domains.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the region {name}.", {"regionID": name}, as_json)
