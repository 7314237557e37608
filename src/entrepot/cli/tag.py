"""`entrepot tag`: the tags of a repository."""

from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table, size
from entrepot.values.errors import ManifestUnknown

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
    details: Annotated[
        bool, typer.Option("--long", "-l", help="With platforms, who pushed, the last pull, and what belongs to each.")
    ] = False,
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
        if details:
            _show_versions(list(client.pages(f"{path}/versions", "versions")), as_json)
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


def _show_versions(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        show_json(rows)
        return
    columns = ("Tag", "Kind", "Platforms", "Size", "Updated", "By", "Last pulled", "With")
    show_table(
        columns,
        (
            (
                row["tag"],
                row["kind"],
                ", ".join(row["platforms"]),
                size(row["size"]),
                _second(row["updated"]),
                row["pushed_by"],
                row.get("last_pulled", "never"),
                ", ".join(row["belonging"]),
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
def copy(
    image: Image,
    to: Annotated[str, typer.Argument(metavar="ORG/REPO[:TAG]", help="Where to; without a tag, the same one.")],
    move: Annotated[bool, typer.Option("--move", help="The tag may be there already: it moves.")] = False,
    referrers: Annotated[bool, typer.Option(help="Take signatures, SBOMs and the like along.")] = True,
    as_json: AsJson = False,
) -> None:
    """Let an image be in another repository, too. No bytes move."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.reference import ImageReference

    source, target = _tag_of(image), ImageReference.parse(to)
    tag = target.tag or source.tag
    wanted = {
        "reference": source.tag,
        "destination_namespace": target.name.organization,
        "destination_repository": target.name.name,
        "destination_tag": tag,
        "override": move,
        "referrers": referrers,
    }
    with Client() as client:
        made = client.call("POST", f"{repository_path(source.name)}/copies", wanted)
    done(f"{target.name}:{tag} names {made['digest']}.", made, as_json)


@tag.command()
def delete(
    images: Annotated[list[str], typer.Argument(metavar="ORG/REPO:TAG…", help="Tags of one repository.")],
    content: Annotated[bool, typer.Option("--content", help="Delete images, too, that nothing names then.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete tags, all or none. Other tags of the same images stay."""
    from entrepot.cli.client import Client, repository_path

    references = [_tag_of(image) for image in images]
    name = references[0].name
    if any(one.name != name for one in references):
        raise typer.BadParameter("name tags of one repository.", param_hint="ORG/REPO:TAG…")
    path = f"{repository_path(name)}/deletions"
    with Client() as client:
        plan = client.call("POST", f"{path}/plan", {"tags": [str(one.tag) for one in references]})
        if missing := sorted({str(one.tag) for one in references} - {one["tag"] for one in plan["tags"]}):
            raise ManifestUnknown(f"{name} has no tag {', '.join(missing)}.")
        confirm(_warning(plan, content), yes)
        done_ = client.call("POST", path, {"tags": [str(one.tag) for one in references], "content": content})
    said = f"Deleted {', '.join(images)}."
    done(said, {"name": name, **done_}, as_json)


def _warning(plan: dict[str, Any], content: bool) -> str:
    """What deleting would free and break, in words."""
    lines = [f"This deletes {len(plan['tags'])} tag(s):"]
    for one in plan["tags"]:
        facts = [one["digest"][:19]]
        if one["other_tags"]:
            facts.append(f"also tagged {', '.join(one['other_tags'][:5])}")
        if one["index"]:
            facts.append(f"named by the index {one['index'][:19]}")
        if one["referrers"]:
            facts.append(f"{one['referrers']} referrers")
        if one["pulls"]:
            facts.append(f"{one['pulls']} pulls in 30 days, the last on {one['last_pulled']}")
        lines.append(f"  {one['tag']}: {'; '.join(facts)}")
    if content:
        lines.append(f"With {plan['manifests']} manifests; {size(plan['exclusive_bytes'])} are used by nothing else.")
    return "\n".join(lines)


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
