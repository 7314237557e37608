"""`entrepot tag`: the tags of a repository."""

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table, size

if TYPE_CHECKING:
    from entrepot.values.reference import ImageReference

Image = Annotated[str, typer.Argument(metavar="ORG/REPO:TAG", help="The tag.")]

tag = typer.Typer(help="Tags: names of images in a repository.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(tag, name="tag")


@tag.command("list")
def list_tags(
    repository: Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")],
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="As they were at a time, as 2027-01-31T12:00:00Z.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the tags of a repository, the newest first; or as they were at some time, by name."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = repository_path(RepositoryName.parse(repository))
    with Client() as client:
        if at is not None:
            _show_intervals(list(client.pages(f"{path}/history", "tags", {"at": at})), as_json)
            return
        rows = list(client.pages(f"{path.replace('/v2/', '/v3/', 1)}/tags", "tags"))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Tag", "Digest", "Size", "Kind", "Updated"),
        (
            (
                row["tag"],
                row["digest"],
                size(row["size"]),
                "index" if row["tag_type"] else "image",
                _second(row["updated"]),
            )
            for row in rows
        ),
    )


@tag.command()
def show(image: Image, as_json: AsJson = False) -> None:
    """Show what a tag names: digest, size, kind, and since when."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _path(_tag_of(image)))
    if as_json:
        show_json(found)
        return
    show_table(
        ("Of", "Is"),
        (
            ("tag", image),
            ("digest", found["digest"]),
            ("size", size(found["size"])),
            ("kind", "index" if found["tag_type"] else "image"),
            ("image", found["path"]),
            ("created", _second(found["created"])),
            ("updated", _second(found["updated"])),
        ),
    )


@tag.command()
def add(
    image: Image,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new tag, in the same repository.")],
    move: Annotated[bool, typer.Option("--move", help="NEW may be there already: it moves.")] = False,
    as_json: AsJson = False,
) -> None:
    """Give an image one more tag. Nothing is copied."""
    from entrepot.cli.client import Client, repository_path

    reference = _tag_of(image)
    with Client() as client:
        wanted = {"source_tag": reference.tag, "destination_tag": new, "override": move}
        client.call("POST", f"{repository_path(reference.name)}/tags", wanted)
        made = client.call("GET", f"{repository_path(reference.name)}/tags/{new}")
    done(f"{reference.name}:{new} names {made['digest']}.", made, as_json)


@tag.command()
def history(image: Image, as_json: AsJson = False) -> None:
    """Show what a tag named and when, the newest first; also of a deleted tag."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(f"{_path(_tag_of(image))}/history", "history"))
    _show_intervals(rows, as_json)


@tag.command()
def restore(
    image: Image,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DIGEST", help="What it named before; without it, the last other.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a tag name again what it named before, also after it was deleted."""
    from entrepot.cli.client import Client
    from entrepot.values.errors import ManifestUnknown

    path = _path(_tag_of(image))
    with Client() as client:
        if to is None:
            rows = client.pages(f"{path}/history", "history")
            newest = next(rows)
            now = "" if "valid_until" in newest else newest["digest"]
            to = next((row["digest"] for row in chain([newest], rows) if row["is_kept"] and row["digest"] != now), None)
        if to is None:
            raise ManifestUnknown(f"{image} named nothing else that is still there. See: entrepot tag history {image}")
        client.call("POST", f"{path}/restore", {"digest": to})
        made = client.call("GET", path)
    done(f"{image} names {made['digest']} again.", made, as_json)


@tag.command()
def delete(
    image: Image,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete a tag. Other tags of the same image stay."""
    from entrepot.cli.client import Client

    reference = _tag_of(image)
    path = _path(reference)
    with Client() as client:
        found = client.call("GET", path)
        confirm(f"This deletes the tag {image}, which names {found['digest']}.", yes)
        client.call("DELETE", path)
    done(f"Deleted the tag {image}.", {"name": reference.name, "tag": reference.tag}, as_json)


def _tag_of(image: str) -> "ImageReference":
    from entrepot.values.reference import ImageReference

    reference = ImageReference.parse(image)
    if reference.tag is None or reference.host is not None or reference.digest is not None:
        raise typer.BadParameter("name a tag as ORG/REPO:TAG.", param_hint="ORG/REPO:TAG")
    return reference


def _path(reference: "ImageReference") -> str:
    from entrepot.cli.client import repository_path

    return f"{repository_path(reference.name)}/tags/{reference.tag}"


def _show_intervals(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Tag", "Digest", "From", "Until", "By", "Kept"),
        (
            (
                row["tag"],
                row["digest"],
                _second(row["valid_from"]),
                _second(row["valid_until"]) if "valid_until" in row else "now",
                row["moved_by"],
                "yes" if row["is_kept"] else "no",
            )
            for row in rows
        ),
    )


def _second(time: str) -> str:
    return time[:19].replace("T", " ")
