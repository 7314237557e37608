"""`entrepot repo`: repositories."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, Yes, choose_one, confirm, done, show_json, show_table, size

Name = Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")]

Public = Annotated[bool, typer.Option("--public", help="Everybody may pull, without signing in.")]
Description = Annotated[str | None, typer.Option("--description", help="What it is, in words.")]
Category = Annotated[str | None, typer.Option("--category", help="As app_server, database or linux.")]

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
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a repository: who may pull, what it holds, who made it and when."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = repository_path(RepositoryName.parse(name))
    with Client() as client:
        found = client.call("GET", path)
    if as_json:
        show_json(found)
        return
    show_table(
        ("Of", "Is"),
        (
            ("name", name),
            ("visibility", _visibility(found["is_public"])),
            ("category", found["category"]),
            ("description", found["description"]),
            ("tags", found["num_images"]),
            ("size", size(found["size"])),
            ("pulls", found["num_download"]),
            ("image", found["path"]),
            ("created", f"{found['created'][:10]} by {found['creator_name']}"),
            ("updated", found["updated"][:10]),
        ),
    )


@repo.command()
def create(
    name: Name,
    public: Public = False,
    description: Description = None,
    category: Category = None,
    as_json: AsJson = False,
) -> None:
    """Create an empty repository, private unless --public. A push makes one, too."""
    from entrepot.cli.client import Client, organization_path, repository_path
    from entrepot.values.names import RepositoryName

    parsed = RepositoryName.parse(name)
    wanted = {"repository": parsed.name, "is_public": public, **_texts(description, category)}
    with Client() as client:
        client.call("POST", f"{organization_path(parsed.organization)}/repos", wanted)
        made = client.call("GET", repository_path(parsed))
    done(f"Created the repository {name}, {_visibility(public)}. Next: docker push {made['path']}:TAG", made, as_json)


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


@repo.command()
def rename(
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new name, in the same organization.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give a repository another name. Nothing answers to the old one then."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = RepositoryName.parse(name)
    with Client() as client:
        confirm(f"Who pulls {name} finds nothing there from now on.", yes)
        client.call("POST", f"{repository_path(path)}/rename", {"repository": new})
    made = f"{path.organization}/{new}"
    done(f"{name} is {made} from now on.", {"name": made}, as_json)


@repo.command("set")
def change(
    name: Name,
    public: Public = False,
    private: Annotated[bool, typer.Option("--private", help="Only those with a permission may pull.")] = False,
    description: Description = None,
    category: Category = None,
    as_json: AsJson = False,
) -> None:
    """Change who may pull from a repository, and what is said of it. What is not given stays."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = repository_path(RepositoryName.parse(name))
    texts = _texts(description, category)
    decides = public or private or not texts
    chosen = choose_one(public, private, "--public / --private") if decides else None
    with Client() as client:
        is_public = client.call("GET", path)["is_public"] if chosen is None else chosen
        client.call("PATCH", path, {"is_public": is_public, **texts})
    done(f"{name} is {_visibility(is_public)}.", {"name": name, "is_public": is_public, **texts}, as_json)


def _texts(description: str | None, category: str | None) -> dict[str, str]:
    given = {"description": description, "category": category}
    return {key: text for key, text in given.items() if text is not None}


def _visibility(is_public: bool) -> str:
    return "public" if is_public else "private"
