"""`entrepot tag`: the tags of a repository."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import (
    AsJson,
    DryRun,
    Yes,
    confirm,
    counted,
    done,
    last_pull,
    second,
    show_json,
    show_table,
    size,
)
from entrepot.cli.tag_history import Image, history, path_of, restore, tag_of
from entrepot.cli.tag_history import show as show_intervals
from entrepot.values.errors import ManifestUnknown

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
            show_intervals(list(client.pages(f"{path}/history", "tags", {"at": at})), as_json)
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
                second(row["updated"]),
            )
            for row in rows
        ),
        empty="It has no tags. To make one: entrepot image push FILE ORG/REPO:TAG, or docker push",
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
                second(row["updated"]),
                row["pushed_by"],
                (last_pull(row["last_pull"]) if "last_pull" in row else row.get("last_pulled", "never")),
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
        found = client.call("GET", path_of(tag_of(image)))
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
            ("created", second(found["created"])),
            ("updated", second(found["updated"])),
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

    reference = tag_of(image)
    with Client() as client:
        wanted = {"source_tag": reference.tag, "destination_tag": new, "override": move}
        client.call("POST", f"{repository_path(reference.name)}/tags", wanted)
        made = client.call("GET", f"{repository_path(reference.name)}/tags/{new}")
    done(f"{reference.name}:{new} names {made['digest']}.", made, as_json)


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

    source, target = tag_of(image), ImageReference.parse(to)
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
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete tags, all or none. Other tags of the same images stay."""
    from entrepot.cli.client import Client, repository_path

    references = [tag_of(image) for image in images]
    name = references[0].name
    if any(one.name != name for one in references):
        raise typer.BadParameter("name tags of one repository.", param_hint="ORG/REPO:TAG…")
    path = f"{repository_path(name)}/deletions"
    with Client() as client:
        plan = client.call("POST", f"{path}/plan", {"tags": [str(one.tag) for one in references]})
        there = {one["tag"] for one in (*plan["tags"], *plan["kept"])}
        if missing := sorted({str(one.tag) for one in references} - there):
            raise ManifestUnknown(f"{name} has no tag {', '.join(missing)}.")
        if dry_run:
            done(_warning(plan, content), {"name": name, **plan}, as_json)
            return
        confirm(_warning(plan, content), yes)
        done_ = client.call("POST", path, {"tags": [str(one.tag) for one in references], "content": content})
    kept = {one["tag"] for one in done_["kept"]}
    gone = [image for image, one in zip(images, references, strict=True) if str(one.tag) not in kept]
    said = " ".join([f"Deleted {', '.join(gone)}."] * bool(gone) + _kept(done_))
    done(said, {"name": name, **done_}, as_json)


def _kept(of: dict[str, Any]) -> list[str]:
    """What is said of tags that are immutable."""
    return [f"{one['tag']} stays: it is immutable by rule {one['rule']}." for one in of["kept"]]


def _warning(plan: dict[str, Any], content: bool) -> str:
    """What deleting would free and break, in words."""
    lines = [f"This deletes {counted(len(plan['tags']), 'tag')}:"]
    for one in plan["tags"]:
        facts = [one["digest"][:19]]
        if one["other_tags"]:
            facts.append(f"also tagged {', '.join(one['other_tags'][:5])}")
        if one["index"]:
            facts.append(f"named by the index {one['index'][:19]}")
        if one["referrers"]:
            facts.append(f"{counted(one['referrers'], 'referrer')}")
        if one["pulls"]:
            last = last_pull(one["last_pull"]) if one["last_pull"] else f"on {one['last_pulled']}"
            facts.append(f"{counted(one['pulls'], 'pull')} in 30 days, the last {last}")
        elif one["last_pull"]:
            facts.append(f"pulled last {last_pull(one['last_pull'])}")
        lines.append(f"  {one['tag']}: {'; '.join(facts)}")
    lines += [f"  {said}" for said in _kept(plan)]
    if content:
        manifests = counted(plan["manifests"], "manifest")
        lines.append(f"With {manifests}; {size(plan['exclusive_bytes'])} are used by nothing else.")
    return "\n".join(lines)


tag.command()(history)
tag.command()(restore)
