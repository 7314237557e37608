"""What operators do about edges that have joined; the group that these commands belong to is `entrepot edge`."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, confirm, counted, done, show_json, show_one, show_table, size

_EDGES = "/v2/manage/edges"

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the edge.")]


def register_on(group: typer.Typer) -> None:
    """Add these commands to the group."""
    group.command("list")(list_edges)
    for command in (show, drain, resume, delete):
        group.command()(command)


def list_edges(as_json: AsJson = False) -> None:
    """List the edges of all regions, with how each is."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _EDGES)["edges"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Edge", "Region", "State", "Held", "Capacity", "Streams", "Seen", "Version"),
        (
            (
                row["name"],
                row["region"],
                _state(row),
                size(row["held_bytes"]),
                size(row["capacity_bytes"]),
                str(row["streams"]),
                row["seen_at"],
                row["version"],
            )
            for row in rows
        ),
        "No edge has joined. Make a token for a region: entrepot edge token create REGION",
    )


def show(name: Name, as_json: AsJson = False) -> None:
    """Show an edge."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(name))
    show_one(row, as_json)


def drain(name: Name, as_json: AsJson = False) -> None:
    """Send no more clients to an edge; those who are there are served to the end."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("PATCH", _path(name), {"is_draining": True})
    left = f" It is still sending to {counted(row['streams'], 'client')}." if row["streams"] else ""
    done(f"{name} is sent no more clients.{left}", row, as_json)


def resume(name: Name, as_json: AsJson = False) -> None:
    """Send clients to an edge again."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("PATCH", _path(name), {"is_draining": False})
    done(f"{name} is sent clients again{'' if row['state'] == 'ready' else ' once it reports'}.", row, as_json)


def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Forget an edge: it may ask for nothing more, and has to join again with a new token."""
    from entrepot.cli.client import Client

    path = _path(name)
    with Client() as client:
        row = client.call("GET", path)
        confirm(
            f"This deletes the edge {name} of {row['region']}. It is sent nobody any more, may fetch nothing more from "
            f"here, and is sending to {counted(row['streams'], 'client')} now: drain it first, and they are served to "
            "the end. What it keeps stays on its disk. It can join again with a new token.",
            yes,
        )
        client.call("DELETE", path)
    done(f"Deleted the edge {name}.", {"name": name}, as_json)


def _state(row: Mapping[str, Any]) -> str:
    return f"{row['state']}{', distrusted' if row['is_distrusted'] else ''}"


def _path(name: str) -> str:
    from entrepot.values.names import EdgeName

    return f"{_EDGES}/{EdgeName.parse(name)}"
