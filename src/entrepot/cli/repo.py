"""`entrepot repo`: repositories."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, Yes, choose_one, confirm, done, show_json, show_table, size

Name = Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")]

repo = typer.Typer(help="Repositories: images of one name.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(repo, name="repo")


@repo.command("list")
def list_repositories(
    organization: Annotated[str | None, typer.Argument(metavar="ORG", help="Only those of one organization.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Only those whose name contains this.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the repositories you may read."""
    from entrepot.cli.client import Client

    parameters = {key: value for key, value in (("namespace", organization), ("name", name)) if value}
    with Client() as client:
        rows = list(client.pages("/v3/manage/repos", "repos", parameters))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Visibility", "Tags", "Size", "Created"),
        (
            (
                f"{row['namespace_name']}/{row['name']}",
                _visibility(row["is_public"]),
                row["num_images"],
                size(row["size"]),
                row["created_at"][:10],
            )
            for row in sorted(rows, key=lambda row: (row["namespace_name"], row["name"]))
        ),
    )


@repo.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a repository with all its tags, images and permissions."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = repository_path(RepositoryName.parse(name))
    with Client() as client:
        found = client.call("GET", path)
        what = f"{found['num_images']} tags, {size(found['size'])}"
        confirm(f"This deletes the repository {name} with all its images ({what}) and permissions.", yes)
        client.call("DELETE", path)
    done(f"Deleted the repository {name}.", {"name": name}, as_json)


@repo.command("set")
def change(
    name: Name,
    public: Annotated[bool, typer.Option("--public", help="Everybody may pull, without signing in.")] = False,
    private: Annotated[bool, typer.Option("--private", help="Only those with a permission may pull.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change who may pull from a repository."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = repository_path(RepositoryName.parse(name))
    is_public = choose_one(public, private, "--public / --private")
    with Client() as client:
        client.call("PATCH", path, {"is_public": is_public})
    done(f"{name} is {_visibility(is_public)}.", {"name": name, "is_public": is_public}, as_json)


def _visibility(is_public: bool) -> str:
    return "public" if is_public else "private"
