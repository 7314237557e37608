"""`entrepot tag`: the tags of a repository."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table, size

tag = typer.Typer(help="Tags: names of images in a repository.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(tag, name="tag")


@tag.command("list")
def list_tags(
    repository: Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")],
    as_json: AsJson = False,
) -> None:
    """List the tags of a repository, the newest first."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = repository_path(RepositoryName.parse(repository)).replace("/v2/", "/v3/", 1)
    with Client() as client:
        rows = list(client.pages(f"{path}/tags", "tags"))
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
                row["updated"][:19].replace("T", " "),
            )
            for row in rows
        ),
    )


@tag.command()
def delete(
    image: Annotated[str, typer.Argument(metavar="ORG/REPO:TAG", help="The tag.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Delete a tag. Other tags of the same image stay."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.reference import ImageReference

    reference = ImageReference.parse(image)
    if reference.tag is None or reference.host is not None or reference.digest is not None:
        raise typer.BadParameter("name a tag as ORG/REPO:TAG.", param_hint="ORG/REPO:TAG")
    path = f"{repository_path(reference.name)}/tags/{reference.tag}"
    with Client() as client:
        found = client.call("GET", path)
        confirm(f"This deletes the tag {image}, which names {found['digest']}.", yes)
        client.call("DELETE", path)
    done(f"Deleted the tag {image}.", {"name": reference.name, "tag": reference.tag}, as_json)
