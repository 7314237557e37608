"""`entrepot share`: private repositories, pulled by another domain."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, done, show_json, show_table

_FOREVER = "forever"

Repository = Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")]
Domain = Annotated[str, typer.Option("--domain", "-d", help="The domain that may pull.")]

share = typer.Typer(help="Sharing: let another domain pull from a private repository.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(share, name="share")


@share.command("set")
def set_share(
    repository: Repository,
    domain: Domain,
    until: Annotated[str, typer.Option(help="The last day, in UTC, as 2027-12-31; or forever.")] = _FOREVER,
    description: Annotated[str, typer.Option(help="What for; at most 1000 characters.")] = "",
    as_json: AsJson = False,
) -> None:
    """Let everybody of another domain pull from a private repository, however it was shared before."""
    from entrepot.cli.client import Client

    shares, wanted = _shares(repository), {"permit": "read", "deadline": until, "description": description}
    with Client() as client:
        if client.call("GET", _share(shares, domain))["exist"]:
            client.call("PATCH", _share(shares, domain), wanted)
        else:
            client.call("POST", shares, {"access_domain": domain, **wanted})
        made = client.call("GET", _share(shares, domain))
    done(f"{domain} may pull {repository} {_period(made['deadline'])}.", made, as_json)


@share.command("list")
def list_shares(
    repository: Annotated[
        str | None, typer.Argument(metavar="[ORG/REPO]", help="Whom this repository is shared with.")
    ] = None,
    received: Annotated[bool, typer.Option("--received", help="Repositories that others share with us.")] = False,
    as_json: AsJson = False,
) -> None:
    """List whom a repository is shared with; without one, the repositories your domain shares, or was shared."""
    from entrepot.cli.client import Client

    if repository is not None and received:
        raise typer.BadParameter("give only one of them.", param_hint="ORG/REPO / --received")
    with Client() as client:
        if repository is not None:
            _show_receivers(client.call("GET", _shares(repository), parameters={"limit": 1000}), as_json)
        else:
            asked = {"shared_by": "thirdparty" if received else "self"}
            _show_repositories(list(client.pages("/v3/manage/shared-repositories", "repos", asked)), received, as_json)


@share.command()
def remove(repository: Repository, domain: Domain, as_json: AsJson = False) -> None:
    """Take a share back. The domain's users stop reading the repository at once."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("DELETE", _share(_shares(repository), domain))
    done(f"{repository} is not shared with {domain} any more.", {"name": repository, "domain": domain}, as_json)


def _shares(repository: str) -> str:
    from entrepot.cli.client import repository_path
    from entrepot.values.names import RepositoryName

    return f"{repository_path(RepositoryName.parse(repository))}/access-domains"


def _share(shares: str, domain: str) -> str:
    from entrepot.values.names import DomainName

    return f"{shares}/{DomainName.parse(domain)}"


def _show_receivers(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Domain", "Until", "Holds", "Shared by", "Description"),
        (
            (
                row["access_domain"],
                row["deadline"][:10],
                "yes" if row["status"] else "no, it is over",
                row["creator_name"],
                row["description"],
            )
            for row in rows
        ),
    )


def _show_repositories(rows: list[dict[str, Any]], received: bool, as_json: bool) -> None:
    if as_json:
        show_json(rows)
        return
    holds = ("Holds",) if received else ()
    show_table(
        ("Name", "Domain", "Tags", *holds),
        (
            (
                f"{row['namespace_name']}/{row['name']}",
                row["domain_name"],
                row["num_images"],
                *(["yes" if row["status"] else "no, it is over"] if received else []),
            )
            for row in rows
        ),
    )


def _period(deadline: str) -> str:
    return "for ever" if deadline == _FOREVER else f"until the end of {deadline[:10]} (UTC)"
