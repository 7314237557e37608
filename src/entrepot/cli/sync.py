"""`entrepot sync`: a repository's copies in other regions."""

from typing import Annotated

import typer

from entrepot.cli import sync_rules
from entrepot.cli.output import AsJson, done, show_json, show_table, size

Repository = Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")]
Region = Annotated[str, typer.Option("--region", help="The region it is copied to; see: entrepot region list.")]
Organization = Annotated[str, typer.Option("--org", help="The organization there.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the copy; see: entrepot sync jobs.", min=1)]
Override = Annotated[bool, typer.Option("--override", help="Replace another image that has the name there.")]

sync = typer.Typer(help="Synchronisation: copies in other regions.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    sync_rules.register(sync)
    app.add_typer(sync, name="sync")


@sync.command("list")
def list_rules(repository: Repository, as_json: AsJson = False) -> None:
    """List where a repository is copied to."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _path(repository, "sync_repo"))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Region", "Organization", "Automatic", "Override"),
        (
            (row["remoteRegionId"], row["remoteNamespace"], _yes_or_no(row["syncAuto"]), _yes_or_no(row["override"]))
            for row in rows
        ),
    )


@sync.command()
def create(
    repository: Repository,
    region: Region,
    org: Organization,
    auto: Annotated[bool, typer.Option("--auto", help="Copy tags that are pushed from now on.")] = False,
    override: Override = False,
    as_json: AsJson = False,
) -> None:
    """Let a repository be copied to another region: with --auto each tag that is pushed from now on."""
    from entrepot.cli.client import Client

    body = {"remoteRegionId": region, "remoteNamespace": org, "syncAuto": auto, "override": override}
    with Client() as client:
        client.call("POST", _path(repository, "sync_repo"), body)
    done(f"{repository} is to be copied to {org} in {region}.", {"repository": repository, **body}, as_json)


@sync.command()
def delete(repository: Repository, region: Region, org: Organization, as_json: AsJson = False) -> None:
    """Copy a repository to another region no longer; copies by this rule are called off. What is there stays."""
    from entrepot.cli.client import Client

    body = {"remoteRegionId": region, "remoteNamespace": org}
    with Client() as client:
        client.call("DELETE", _path(repository, "sync_repo"), body)
    done(
        f"{repository} is not to be copied to {org} in {region} any more.", {"repository": repository, **body}, as_json
    )


@sync.command()
def copy(
    repository: Repository,
    tags: Annotated[list[str], typer.Argument(metavar="TAG…", help="Tags of it.")],
    region: Region,
    org: Organization,
    override: Override = False,
    as_json: AsJson = False,
) -> None:
    """Have tags copied to another region now, with signatures and all that belongs to them. See: entrepot sync jobs."""
    from entrepot.cli.client import Client

    body = {"remoteRegionId": region, "remoteNamespace": org, "imageTag": tags, "override": override}
    with Client() as client:
        client.call("POST", _path(repository, "sync_images"), body)
    done(
        f"{', '.join(tags)} of {repository} will be copied to {org} in {region}; see: entrepot sync jobs {repository}",
        {"repository": repository, **body},
        as_json,
    )


@sync.command()
def jobs(repository: Repository, as_json: AsJson = False) -> None:
    """List the last 100 copies and deletions of a repository's tags with what became of them, the newest first."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _path(repository, "sync_copies"))["copies"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Number", "Asked for", "What", "Tag", "Region", "Name there", "Status", "Moved", "Why"),
        (
            (
                row["id"],
                row["created_at"],
                f"{row['direction']} {row['action']}",
                row["tag"],
                row["region"],
                row["place"],
                row["status"],
                size(row["bytes_sent"]),
                row["error"],
            )
            for row in rows
        ),
        f"No copy. Have tags copied: entrepot sync copy {repository} TAG --region REGION --org ORG",
    )


@sync.command()
def retry(repository: Repository, number: Number, as_json: AsJson = False) -> None:
    """Try a copy again that did not succeed. What has arrived is not sent again."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", _path(repository, f"sync_copies/{number}/retry"))
    done(f"Copy {number} of {repository} is tried again.", {"repository": repository, "copy": number}, as_json)


@sync.command()
def cancel(repository: Repository, number: Number, as_json: AsJson = False) -> None:
    """Call a copy off that waits or runs. What has arrived stays there."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", _path(repository, f"sync_copies/{number}/cancel"))
    done(f"Copy {number} of {repository} was called off.", {"repository": repository, "copy": number}, as_json)


def _path(repository: str, call: str) -> str:
    from entrepot.cli.client import repository_path
    from entrepot.values.names import RepositoryName

    return f"{repository_path(RepositoryName.parse(repository))}/{call}"


def _yes_or_no(flag: bool) -> str:
    return "yes" if flag else "no"
