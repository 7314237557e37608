"""`entrepot image files` and `diff`: what is in an image, and what two of them have different. Nothing is pulled."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, counted, show_json, show_table, size

if TYPE_CHECKING:
    from entrepot.cli.client import Client
    from entrepot.cli.image.places import Place

_PAGE = 1_000
_MARKS = {"added": "+", "removed": "-", "changed": "~", "same": " "}

Image = Annotated[str, typer.Argument(metavar="[HOST/]ORG/REPO[:TAG|@DIGEST]", help="The image.")]
OfPlatform = Annotated[
    str | None, typer.Option("--platform", help="Of an index, the image for this platform; else linux/amd64.")
]


def register(image: typer.Typer) -> None:
    image.command()(files)
    image.command()(diff)


def files(
    reference: Image,
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="A folder, as usr/lib.")] = "",
    layer: Annotated[
        str | None, typer.Option("--layer", metavar="DIGEST", help="Only what this layer changes; else all together.")
    ] = None,
    platform: OfPlatform = None,
    as_json: AsJson = False,
) -> None:
    """List the files in a folder of an image: names, sizes, modes; no content."""
    from entrepot.cli.client import Client
    from entrepot.cli.image.places import find_place, sign_in_of

    place = find_place(reference)
    asked = {"reference": str(place.reference), "path": path, "layer": layer or "", "platform": platform or ""}
    with Client(sign_in_of(place)) as client:
        found = _whole(client, place, "files", asked)
    if as_json:
        show_json(found)
        return
    show_table(
        ("Mode", "Owner", "Size", "Modified", "Name"),
        (
            (
                row.get("mode", "-"),
                f"{row['uid']}:{row['gid']}" if "uid" in row else "-",
                size(row["size"]),
                row.get("modified", "-")[:19].replace("T", " "),
                _name(row),
            )
            for row in found["files"]
        ),
    )
    typer.echo(f"\n{counted(found['count'], 'file')}, {size(found['size'])}")
    _show_problems(found)


def diff(
    before: Image,
    after: Annotated[str, typer.Argument(metavar="TAG|DIGEST", help="Another version in the same repository.")],
    platform: OfPlatform = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed from one version to another: configuration, layers, files."""
    from entrepot.cli.client import Client
    from entrepot.cli.image.places import find_place, sign_in_of
    from entrepot.values.reference import parse_reference

    place = find_place(before)
    asked = {
        "before": str(place.reference),
        "after": str(parse_reference(_version(after, place))),
        "platform": platform or "",
    }
    with Client(sign_in_of(place)) as client:
        found = _whole(client, place, "diff", asked)
    if as_json:
        show_json(found)
        return
    typer.echo(f"Before      {found['before']['digest']}, {size(found['before']['size'])}")
    typer.echo(f"After       {found['after']['digest']}, {size(found['after']['size'])}")
    typer.echo(f"Files       {found['added']} added, {found['removed']} removed, {found['changed']} changed\n")
    rows = chain(
        (("~", one["field"], _of_key(one, "before"), _of_key(one, "after")) for one in found["config"]),
        ((_MARKS[one["change"]], "layer", one["digest"], size(one["size"])) for one in found["layers"]),
        ((_MARKS[one["change"]], "file", one["path"], _sizes(one)) for one in found["files"]),
    )
    show_table(("", "What", "Which", "Is"), rows)
    _show_problems(found)


def _whole(client: "Client", place: "Place", call: str, asked: dict[str, str]) -> dict[str, Any]:
    """The answer with the files of all its pages."""
    from entrepot.cli.client import repository_path

    parameters: dict[str, str | int] = {key: value for key, value in asked.items() if value} | {"limit": _PAGE}
    pages = list(_pages(client, f"{repository_path(place.name)}/{call}", parameters))
    rows = [row for page in pages for row in page["files"]]
    return {key: value for key, value in pages[0].items() if key != "nextMarker"} | {"files": rows}


def _pages(client: "Client", path: str, parameters: dict[str, str | int]) -> Iterator[dict[str, Any]]:
    while True:
        page = client.call("GET", path, parameters=parameters)
        yield page
        if "nextMarker" not in page:
            return
        parameters["marker"] = page["nextMarker"]


def _version(text: str, place: "Place") -> str:
    """A tag or digest; also written with the repository, which must be the same."""
    from entrepot.values.reference import ImageReference

    if "/" not in text:
        return text
    parsed = ImageReference.parse(text)
    if parsed.name != place.name or (parsed.host or place.host) != place.host or parsed.reference is None:
        raise typer.BadParameter(f"name a tag or digest of {place.name}.", param_hint="TAG|DIGEST")
    return str(parsed.reference)


def _name(row: dict[str, Any]) -> str:
    match row["kind"]:
        case "folder":
            return f"{row['name']}/" + (" (hides lower layers)" if row["hides_lower"] else "")
        case "link":
            return f"{row['name']} -> {row['target']}"
        case "hard link":
            return f"{row['name']} = {row['target']}"
        case "deletion":
            return f"{row['name']} (deleted)"
        case _:
            return str(row["name"])


def _of_key(change: dict[str, Any], side: str) -> str:
    said = "".join(one if one.isprintable() else " " for one in change.get(side, "-"))
    return f"{change['key']}={said}" if change["key"] else said


def _sizes(change: dict[str, Any]) -> str:
    sides = [size(change[side]) for side in ("size_before", "size_after") if side in change]
    return " -> ".join(dict.fromkeys(sides))


def _show_problems(found: dict[str, Any]) -> None:
    for problem in found["problems"]:
        typer.echo(f"Not whole: {problem}", err=True)
