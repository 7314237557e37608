"""`entrepot edge`: run a regional node; and, at the center, look after nodes."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from entrepot.cli.config import ConfigFile
from entrepot.cli.edges import register_on
from entrepot.cli.numbers import counting
from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table

_REGIONS = "/v2/manage/regions"

edge = typer.Typer(
    help="Run a node of a region, near those who pull; or look after nodes.", invoke_without_command=True
)
token = typer.Typer(help="Tokens with which edges join a region.", no_args_is_help=True)

Region = Annotated[str, typer.Argument(metavar="REGION", help="Name of the region.")]


def register(app: typer.Typer) -> None:
    edge.add_typer(token, name="token")
    register_on(edge)
    app.add_typer(edge, name="edge")


@edge.callback()
def run(
    ctx: typer.Context,
    central: Annotated[str | None, typer.Option(help="Address of the central installation.")] = None,
    join_token: Annotated[str | None, typer.Option("--token", help="Token to join with; needed once.")] = None,
    region: Annotated[str | None, typer.Option(help="Region that the token must be for.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of this edge.")] = None,
    url: Annotated[str | None, typer.Option(help="Address by which clients reach it.")] = None,
    capacity: Annotated[str | None, typer.Option(help="How much it keeps, as 500GB.")] = None,
    authority: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificates that sign the center's.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for everything kept on this machine.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port to listen on.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file with the certificate and its chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file with the private key.")] = None,
    config: ConfigFile = None,
) -> None:
    """Serve and keep the images of a central installation, near those who pull them."""
    if ctx.invoked_subcommand is not None:
        return
    from entrepot.settings import load

    loaded = load(
        {
            "edge_center": central,
            "edge_token": join_token,
            "edge_region": region,
            "edge_name": name,
            "edge_capacity_bytes": capacity,
            "edge_authority": authority,
            "external_url": url,
            "data": data,
            "host": host,
            "port": port,
            "tls_cert": tls_cert,
            "tls_key": tls_key,
            "config": config,
        }
    )
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    loaded.settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with counting(loaded.settings.data):
        from entrepot.edge.running import run as serve

        sys.exit(serve(loaded.settings))


@token.command()
def create(
    region: Region,
    expires: Annotated[str, typer.Option(help="How long edges may join with it.")] = "24h",
    only: Annotated[
        list[str] | None, typer.Option(metavar="SCOPE", help="What they may hold: acme, acme/app or acme/team-*.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token with which edges join a region; it is shown once."""
    from entrepot.cli.client import Client
    from entrepot.plumbing.units import parse_seconds

    body = {"expires_seconds": parse_seconds(expires), **({"only": only} if only else {})}
    with Client() as client:
        made = client.call("POST", _tokens(region), body)
        command = f"entrepot edge --central {client.sign_in.url} --region {region} --token {made['token']}"
    if as_json:
        show_json(made)
        return
    typer.echo(made["token"])
    typer.echo(f"It is valid until {made['expires_at']}. On the machine of the edge:\n  {command}", err=True)


@token.command("list")
def list_tokens(region: Region, as_json: AsJson = False) -> None:
    """List the tokens with which edges may still join a region."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _tokens(region))["tokens"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Token", "Made", "Valid until", "Only"),
        ((row["id"], row["created_at"], row["expires_at"], " ".join(row["only"] or ["everything"])) for row in rows),
    )


@token.command()
def delete(
    region: Region, token_id: Annotated[str, typer.Argument(metavar="TOKEN")], yes: Yes = False, as_json: AsJson = False
) -> None:
    """Let no further edge join with a token; edges that joined with it stay."""
    from entrepot.cli.client import Client

    confirm(f"No further edge can join {region} with this token.", yes)
    with Client() as client:
        client.call("DELETE", f"{_tokens(region)}/{token_id}")
    done("Deleted the token.", {"id": token_id}, as_json)


def _tokens(region: str) -> str:
    from entrepot.values.names import RegionName

    return f"{_REGIONS}/{RegionName.parse(region)}/edge-tokens"
