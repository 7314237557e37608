"""`entrepot region warm` and `entrepot region warm-rule`: images come to nodes before anybody pulls them there."""

import sys
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from entrepot.cli.exit_codes import ExitCode
from entrepot.cli.options import Fields, said, taking
from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_one, show_table, size

_WARMUPS = "/v2/manage/warmups"
_RULES = "/v2/manage/warm-rules"
_LOOK_SECONDS = 0.5


class _OfImage(TyperGroup):
    """`warm IMAGE` means `warm start IMAGE`: no image is called like one of the commands, as it has an organization."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["start", *args]
        return super().parse_args(ctx, args)


warm = typer.Typer(
    help="Have an image at nodes of regions before anybody pulls it there: entrepot region warm IMAGE --region NAME",
    cls=_OfImage,
    no_args_is_help=True,
)
rule = typer.Typer(
    help="Rules by which what is pushed is warmed up, if you operate this installation.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the warm-up.", min=1)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the rule.")]


def register_on(app: typer.Typer) -> None:
    app.add_typer(warm, name="warm")
    app.add_typer(rule, name="warm-rule")


def _wish(
    region: Annotated[
        list[str], typer.Option(help="A region whose nodes get it; may be given again. See: entrepot region list.")
    ],
    platform: Annotated[
        str | None,
        typer.Option(metavar="PLATFORM,…", help="Only these of an image for several, as linux/amd64,linux/arm64."),
    ] = None,
    copies: Annotated[int | None, typer.Option(help="How many nodes of each region get it; without, all.")] = None,
) -> Fields:
    return said(regions=region, platforms=platform.split(",") if platform else None, copies=copies)


@warm.command()
@taking(_wish)
def start(
    image: Annotated[str, typer.Argument(metavar="IMAGE", help="As acme/web:v1 or acme/web@sha256:…")],
    fields: Fields,
    wait: Annotated[bool, typer.Option("--wait", help="Until it has ended; exits with 1 unless all have it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let nodes of regions fetch an image; the word `start` may be left out."""
    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", _WARMUPS, {"image": image, **fields})
        if not wait:
            done(f"Warm-up {made['id']} of {made['image']}; see: entrepot region warm show {made['id']}", made, as_json)
            return
        made = _wait(client, made, as_json)
    done(f"Warm-up {made['id']} of {made['image']}: {_standing(made)}.", made, as_json)
    if made["state"] != "done":
        for region, node in _nodes(made):
            if node["error"]:
                typer.echo(f"{region} {node['node']}: {node['error']}", err=True)
        sys.exit(ExitCode.REFUSED)


@warm.command("list")
def list_warmups(as_json: AsJson = False) -> None:
    """List the newest warm-ups."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _WARMUPS)["warmups"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Number", "Image", "Regions", "State", "There", "Asked for", "By"),
        (
            (
                row["id"],
                row["image"],
                ", ".join(one["region"] for one in row["regions"]),
                row["state"],
                _share(row),
                row["created_at"],
                f"rule {row['rule']}" if row["rule"] else row["creator_name"],
            )
            for row in rows
        ),
        "No warm-up.",
    )


@warm.command()
def show(number: Number, as_json: AsJson = False) -> None:
    """Show how far a warm-up is, by region and node."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", f"{_WARMUPS}/{number}")
    if as_json:
        show_json(row)
        return
    show_one({key: value for key, value in row.items() if key != "regions"}, as_json)
    show_table(
        ("Region", "Node", "State", "There", "Bytes", "Attempts", "Again at", "Why"),
        (
            (
                region,
                one["node"],
                one["state"],
                _share(one),
                f"{size(one['bytes_done'])} of {size(one['bytes_total'])}" if one["bytes_total"] else "",
                one["attempts"],
                one.get("next_at", ""),
                one["error"],
            )
            for region, one in _nodes(row)
        ),
        "No node of it is left.",
    )


@warm.command()
def cancel(number: Number, as_json: AsJson = False) -> None:
    """Call a warm-up off. What nodes have of it stays until they need the room."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("DELETE", f"{_WARMUPS}/{number}")
    done(f"Warm-up {number} was called off.", {"id": number}, as_json)


@rule.command()
@taking(_wish)
def create(
    name: Name,
    fields: Fields,
    scope: Annotated[list[str], typer.Option(metavar="PATTERN", help="Repositories, as acme/*; may be given again.")],
    tag: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Tags, as v*; may be given again. Without: all.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have each push of such a tag come to nodes of regions by itself."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("POST", _RULES, {"name": name, "scopes": scope, **said(tags=tag), **fields})
    done(f"{name} warms up {', '.join(scope)} in {', '.join(row['regions'])} when it is pushed.", row, as_json)


@rule.command("list")
def list_rules(as_json: AsJson = False) -> None:
    """List the rules."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _RULES)["rules"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Rule", "Repositories", "Tags", "Regions", "Platforms", "Nodes"),
        (
            (
                row["name"],
                ", ".join(row["scopes"]),
                ", ".join(row["tags"]) or "all",
                ", ".join(row["regions"]),
                ", ".join(row["platforms"]) or "all",
                row.get("copies", "all"),
            )
            for row in rows
        ),
        "There is no rule.",
    )


@rule.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget a rule. Warm-ups that it began go on."""
    from entrepot.cli.client import Client
    from entrepot.values.names import WarmRuleName

    path = f"{_RULES}/{WarmRuleName.parse(name)}"
    confirm(f"What is pushed is not warmed up by {name} any more.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the rule {name}.", {"name": name}, as_json)


def _wait(client: Any, made: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Until it has ended. Each look is a call: the server tells nobody."""
    from rich.console import Console

    try:
        with Console(stderr=True, quiet=as_json).status("waiting for nodes") as shown:
            while "ended_at" not in made:
                time.sleep(_LOOK_SECONDS)
                made = client.call("GET", f"{_WARMUPS}/{made['id']}")
                shown.update(_standing(made))
    except KeyboardInterrupt:
        number = made["id"]
        typer.echo(f"It goes on. See: entrepot region warm show {number}, or cancel {number}", err=True)
        raise
    return made


def _standing(row: Mapping[str, Any]) -> str:
    states = [node["state"] for _, node in _nodes(row)]
    told = ", ".join(f"{states.count(one)} {one}" for one in dict.fromkeys(states))
    share = _share(row)
    return f"{told or row['state']}{f' ({share})' if share else ''}"


def _share(row: Mapping[str, Any]) -> str:
    return f"{100 * row['bytes_done'] // row['bytes_total']}%" if row["bytes_total"] else ""


def _nodes(row: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for region in row["regions"]:
        for node in region["nodes"]:
            yield region["region"], node
