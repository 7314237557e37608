"""`entrepot repo`: repositories."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import (
    AsJson,
    DryRun,
    Yes,
    choose_one,
    confirm,
    counted,
    done,
    last_pull,
    show_json,
    show_table,
    size,
)

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
        empty="There is no repository you may read. To make one: entrepot repo create ORG/REPO, or push an image",
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
def delete(name: Name, dry_run: DryRun = False, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a repository with all its tags, images and permissions."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = repository_path(RepositoryName.parse(name))
    with Client() as client:
        plan = client.call("GET", f"{path}/removal")
        if dry_run:
            done(_warning(name, plan), {"name": name, **plan}, as_json)
            return
        confirm(_warning(name, plan), yes)
        client.call("DELETE", path)
    done(f"Deleted the repository {name}.", {"name": name}, as_json)


def _warning(name: str, plan: dict[str, Any]) -> str:
    """What deleting would free and break, in words."""
    lines = [f"This deletes the repository {name} with {counted(plan['tags'], 'tag')}, all its images and permissions."]
    if "freed_bytes" in plan:
        lines.append(f"  {size(plan['freed_bytes'])} that no other repository holds are freed after the time of grace.")
    lines += _pulled(plan)
    if plan["shares"]:
        lines.append(f"  It is lost to {counted(plan['shares'], 'domain')} it is shared with.")
    return "\n".join([*lines, *_kept(plan)])


def _pulled(plan: dict[str, Any]) -> list[str]:
    if not plan["pulls"]:
        return []
    last = last_pull(plan["last_pull"]) if "last_pull" in plan else f"on {plan.get('last_pulled', 'an unknown day')}"
    return [f"  It was pulled {counted(plan['pulls'], 'time')}, the last {last}."]


def _kept(plan: dict[str, Any]) -> list[str]:
    if not plan["kept"]:
        return []
    such = counted(len(plan["kept"]), "such tag")
    return [f"  It is refused as long as {plan['kept'][0]['tag']} is immutable ({such})."]


@repo.command()
def rename(
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new name, in the same organization.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would break; nothing is renamed.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give a repository another name. Nothing answers to the old one then."""
    from entrepot.cli.client import Client, repository_path
    from entrepot.values.names import RepositoryName

    path = RepositoryName.parse(name)
    with Client() as client:
        plan = client.call("GET", f"{repository_path(path)}/rename")
        if dry_run:
            done(_broken(name, plan), {"name": name, **plan}, as_json)
            return
        confirm(_broken(name, plan), yes)
        client.call("POST", f"{repository_path(path)}/rename", {"repository": new})
    made = f"{path.organization}/{new}"
    done(f"{name} is {made} from now on.", {"name": made}, as_json)


def _broken(name: str, plan: dict[str, Any]) -> str:
    """What another name would break, in words."""
    lines = [f"Who pulls {name} finds nothing there from now on. Under the new name: {counted(plan['tags'], 'tag')}."]
    if plan["patterns"]:
        lines.append(f"  Permissions by {', '.join(plan['patterns'])} hold only if the new name fits, too.")
    return "\n".join([*lines, *_pulled(plan), *_kept(plan)])


@repo.command("update", hidden=True)  # as other commands call it
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
    if not (public or private or texts):
        hint = "--public / --private / --description / --category"
        raise typer.BadParameter("say what is to be changed.", param_hint=hint)
    chosen = choose_one(public, private, "--public / --private") if public or private else None
    with Client() as client:
        is_public = client.call("GET", path)["is_public"] if chosen is None else chosen
        client.call("PATCH", path, {"is_public": is_public, **texts})
    done(f"{name} is {_visibility(is_public)}.", {"name": name, "is_public": is_public, **texts}, as_json)


def _texts(description: str | None, category: str | None) -> dict[str, str]:
    given = {"description": description, "category": category}
    return {key: text for key, text in given.items() if text is not None}


def _visibility(is_public: bool) -> str:
    return "public" if is_public else "private"
