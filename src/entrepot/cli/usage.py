"""`entrepot usage`: what is held, and what came and went by day."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, last_pull, second, show_json, show_table, size

if TYPE_CHECKING:
    from entrepot.values.reference import ImageReference

_DAYS_MAX = 3_650
_OF_DAY = ("date", "pulls", "bytes")
_COLD_PAGE = 100  # as much as the call gives


def register(app: typer.Typer) -> None:
    app.command()(usage)


def usage(
    of: Annotated[
        str | None,
        typer.Argument(
            metavar="[ORG[/REPO[:TAG]]]", help="An organization, a repository or a tag; without it your domain."
        ),
    ] = None,
    cold: Annotated[
        bool, typer.Option("--cold", help="Images you manage that nobody pulled for long; ORG: only its own.")
    ] = False,
    days: Annotated[
        int | None, typer.Option(min=1, max=_DAYS_MAX, help="For how many days nobody pulled them; 90 if not given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show how much is stored, and what was pulled and pushed on each of the last 30 days.

    With --cold, images that nobody pulled for long, and what deleting them would free. One that was never pulled is
    as old as its last change.

    Exclusive bytes would be freed if the thing alone were gone, shared ones others hold, too; only who manages it is
    told. Days are of your domain, a repository or a tag, not of organizations; those on which nothing happened are
    left out. The newest pulls and pushes may be some seconds late.
    """
    from entrepot.cli.client import Client, repository_path

    if days is not None and not cold:
        raise typer.BadParameter("goes with --cold.", param_hint="--days")
    if cold:
        _show_cold(of, days, as_json)
        return
    with Client() as client:
        found = client.call("GET", f"{_path(of)}/usage")
        image = _image(of)
        if image is not None and image.tag:
            pulls = client.call("GET", f"{repository_path(image.name)}/pulls")["pulls"]
            found["days"] = [{key: one[key] for key in _OF_DAY} for one in pulls if one["tag"] == image.tag]
    if as_json:
        show_json(found)
        return
    if rows := _held(found):
        show_table(("Of", "Is"), rows)
    if "days" in found:
        typer.echo()
        (_show_pulls if image is not None and image.tag else _show_days)(found["days"])


def _show_cold(organization: str | None, days: int | None, as_json: bool) -> None:
    from entrepot.cli.client import Client
    from entrepot.values.names import OrganizationName

    wanted: dict[str, str | int] = {"limit": _COLD_PAGE}
    if organization is not None:
        wanted["namespace"] = OrganizationName.parse(organization)
    if days is not None:
        wanted["days"] = days
    with Client() as client:
        rows = list(client.pages("/v2/manage/cold", "images", wanted))
    if as_json:
        show_json(rows)
        return
    if not rows:
        typer.echo("There is no such image.")
        return
    show_table(("Image", "Last pull", "Last push", "Tags", "Stored", "Would be freed"), map(_cold, rows))
    freed = sum(one.get("exclusive_bytes", 0) for one in rows)
    typer.echo(f"\nDeleting all of them frees at least {size(freed)}. Look first: entrepot repo delete NAME --dry-run")


def _cold(row: dict[str, Any]) -> tuple[object, ...]:
    return (
        row["repository"],
        last_pull(row["last_pull"]) if "last_pull" in row else "not known" if row["pulls"] else "never",
        second(row["pushed_at"]) if "pushed_at" in row else "-",
        row["tags"],
        size(row["stored_bytes"]),
        size(row["exclusive_bytes"]) if "exclusive_bytes" in row else "not measured yet",
    )


def _path(of: str | None) -> str:
    from entrepot.cli.client import organization_path, repository_path
    from entrepot.values.names import OrganizationName

    if of is None:
        return "/v2/manage"
    image = _image(of)
    if image is None:
        return organization_path(OrganizationName.parse(of))
    return repository_path(image.name) + (f"/tags/{image.tag}" if image.tag else "")


def _image(of: str | None) -> "ImageReference | None":
    """The repository or tag; None for a domain or an organization."""
    from entrepot.values.reference import ImageReference

    return ImageReference.parse(of) if of is not None and "/" in of else None


def _held(found: dict[str, Any]) -> list[tuple[str, str]]:
    """What is told beside the days, as lines."""
    rows = [
        (name.removesuffix("_bytes").replace("_", " "), size(value) if name.endswith("_bytes") else str(value))
        for name, value in found.items()
        if name not in ("days", "last_pull")
    ]
    return [*rows, ("last pull", last_pull(found["last_pull"]))] if "last_pull" in found else rows


def _show_days(days: list[dict[str, Any]]) -> None:
    show_table(
        ("Day", "Pulls", "Pulled", "Pushes", "Pushed"),
        (
            (one["date"], one["pulls"], size(one["pulled_bytes"]), one["pushes"], size(one["pushed_bytes"]))
            for one in days
            if any(one[name] for name in ("pulls", "pulled_bytes", "pushes", "pushed_bytes"))
        ),
    )


def _show_pulls(days: list[dict[str, Any]]) -> None:
    show_table(("Day", "Pulls", "Pulled"), ((one["date"], one["pulls"], size(one["bytes"])) for one in days))
