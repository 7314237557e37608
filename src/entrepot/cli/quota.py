"""`entrepot quota`: what a domain or an organization may hold."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, show_json, show_table, size

_UNLIMITED = -1
EACH = "archive_bytes"  # a size that each may have; nothing of it is used
_VALUES = "a number, none, or default"

Domain = Annotated[str | None, typer.Argument(help="A domain; without it your own.")]
Organization = Annotated[str | None, typer.Option("--org", help="An organization, instead of a domain.")]

quota = typer.Typer(help="Quotas: how much domains and organizations may hold.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(quota, name="quota")


@quota.command()
def show(domain: Domain = None, org: Organization = None, as_json: AsJson = False) -> None:
    """Show what is used of each quota."""
    from entrepot.cli.client import Client

    with Client() as client:
        _show(client.call("GET", _path(domain, org)), as_json)


@quota.command("update", hidden=True)  # as other commands call it
@quota.command("set")
def change(
    domain: Domain = None,
    org: Organization = None,
    organizations: Annotated[str | None, typer.Option(help=f"Organizations of a domain: {_VALUES}.")] = None,
    repositories: Annotated[str | None, typer.Option(help=f"Repositories: {_VALUES}.")] = None,
    tags: Annotated[str | None, typer.Option(help=f"Tags: {_VALUES}.")] = None,
    size_of_blobs: Annotated[
        str | None, typer.Option("--bytes", help="Bytes of blobs, each counted once: as 500GiB, none, or default.")
    ] = None,
    archive_bytes: Annotated[
        str | None,
        typer.Option(help="Of an organization, bytes of each archive handed in: as 20GiB, none, or default."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set quotas, of a domain if you operate the installation, of an organization if you administer its domain.

    What is not given stays. `none` sets no limit; `default` is what the server's settings say. What is there
    already stays, also above a new limit.
    """
    from entrepot.cli.client import Client
    from entrepot.plumbing.units import parse_bytes

    if domain is None and org is None:
        raise typer.BadParameter("name a domain, or an organization with --org.", param_hint="DOMAIN")
    given = {
        "organizations": _limit("--organizations", organizations, int),
        "repositories": _limit("--repositories", repositories, int),
        "tags": _limit("--tags", tags, int),
        "bytes": _limit("--bytes", size_of_blobs, parse_bytes),
        "archive_bytes": _limit("--archive-bytes", archive_bytes, parse_bytes),
    }
    wanted = {name: limits[0] for name, limits in given.items() if limits}
    if not wanted:
        options = " / ".join(f"--{name.replace('_', '-')}" for name in given)
        raise typer.BadParameter("say at least one limit.", param_hint=options)
    if org is not None and "organizations" in wanted:
        raise typer.BadParameter("an organization has none in it.", param_hint="--organizations")
    if org is None and "archive_bytes" in wanted:
        raise typer.BadParameter("it is set for an organization, with --org.", param_hint="--archive-bytes")
    with Client() as client:
        _show(client.call("PATCH", _path(domain, org), wanted), as_json)


def _path(domain: str | None, org: str | None) -> str:
    from urllib.parse import quote

    from entrepot.cli.client import organization_path
    from entrepot.values.names import OrganizationName

    if domain is not None and org is not None:
        raise typer.BadParameter("give a domain or an organization, not both.", param_hint="DOMAIN / --org")
    if org is not None:
        return f"{organization_path(OrganizationName.parse(org))}/quotas"
    return "/v2/manage/quotas" if domain is None else f"/v2/manage/domains/{quote(domain, safe='')}/quotas"


def _limit(option: str, text: str | None, parse: Callable[[str], int]) -> tuple[int | None] | None:
    """What was said, in a tuple; None when nothing was."""
    if text is None:
        return None
    if text == "default":
        return (None,)
    if text == "none":
        return (_UNLIMITED,)
    try:
        limit = parse(text)
    except ValueError:
        limit = -1
    if limit < 0:
        raise typer.BadParameter(f"should be {_VALUES}, not {text!r}.", param_hint=option)
    return (limit,)


def _show(answer: Any, as_json: bool) -> None:
    if as_json:
        show_json(answer["quotas"])
        return
    show_table(
        ("Of", "Used", "Limit", "Set", "Counted"),
        (
            (
                row["resource"],
                "" if row["resource"] == EACH else _amount(row["resource"], row["used"]),
                "none" if row["limit"] == _UNLIMITED else _amount(row["resource"], row["limit"]),
                "here" if row["is_own"] else "by default",
                row.get("measured_at", "now"),
            )
            for row in answer["quotas"]
        ),
    )


def used_of(row: dict[str, Any]) -> str:
    """How much of a quota is used, and of how much."""
    of = "" if row["limit"] == _UNLIMITED else f" of {_amount(row['resource'], row['limit'])}"
    return _amount(row["resource"], row["used"]) + of


def _amount(resource: str, number: int) -> str:
    return size(number) if resource in ("bytes", EACH) else str(number)
