"""`entrepot tag history` and `tag restore`: what a tag named before, and back to it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, done, second, show_json, show_table
from entrepot.values.errors import ManifestUnknown

if TYPE_CHECKING:
    from entrepot.values.reference import ImageReference

Image = Annotated[str, typer.Argument(metavar="ORG/REPO:TAG", help="The tag.")]

_DATETIME_FORMS = "Write it as 2027-01-31T12:00:00Z; without a zone it is in UTC."


def history(image: Image, as_json: AsJson = False) -> None:
    """Show what a tag named and when, the newest first; also of a deleted tag."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(f"{path_of(tag_of(image))}/history", "history"))
    show([{"version": version, **row} for version, row in _numbered(rows)], as_json)


def restore(
    image: Image,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="TIME", help=f"What it named at a time. {_DATETIME_FORMS}")
    ] = None,
    version: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="What it named, by its number in tag history.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DIGEST", help="What it named, by digest. Of these three at most one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let a tag name again what it named before, also after it was deleted: without an option, the last other."""
    from entrepot.cli.client import Client

    if sum(one is not None for one in (as_of, version, to)) > 1:
        raise typer.BadParameter("say one of --as-of, --version and --to.", param_hint="--as-of")
    at = None if as_of is None else _moment(as_of)
    path = path_of(tag_of(image))
    with Client() as client:
        rows: Iterator[dict[str, Any]] = client.pages(f"{path}/history", "history")
        if at is not None:
            to = _named_at(list(rows), at, image)
        elif version is not None:
            to = _version(list(rows), version, image)
        elif to is None:
            to = _last_other(rows, image)
        client.call("POST", f"{path}/restore", {"digest": to})
        made = client.call("GET", path)
    done(f"{image} names {made['digest']} again.", made, as_json)


def show(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    """What tags named and when; with its number where the rows have one."""
    if as_json:
        show_json(rows)
        return
    is_numbered = any("version" in row for row in rows)
    show_table(
        (*["Version"] * is_numbered, "Tag", "Digest", "From", "Until", "By", "Kept"),
        (
            (
                *[row["version"]] * is_numbered,
                row["tag"],
                row["digest"],
                second(row["valid_from"]),
                second(row["valid_until"]) if "valid_until" in row else "now",
                row["moved_by"],
                "yes" if row["is_kept"] else "no",
            )
            for row in rows
        ),
    )


def tag_of(image: str) -> "ImageReference":
    """The tag that somebody named. Raises BadParameter."""
    from entrepot.values.reference import ImageReference

    reference = ImageReference.parse(image)
    if reference.tag is None or reference.host is not None or reference.digest is not None:
        raise typer.BadParameter("name a tag as ORG/REPO:TAG.", param_hint="ORG/REPO:TAG")
    return reference


def path_of(reference: "ImageReference") -> str:
    """Of the calls about a tag."""
    from entrepot.cli.client import repository_path

    return f"{repository_path(reference.name)}/tags/{reference.tag}"


def _numbered(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Of rows that begin with the newest: the oldest that is remembered is 1, so that a push changes no number."""
    return ((len(rows) - place, row) for place, row in enumerate(rows))


def _version(rows: Sequence[dict[str, Any]], version: int, image: str) -> str:
    found = dict(_numbered(rows)).get(version)
    if found is None:
        raise ManifestUnknown(f"{image} has the versions 1 to {len(rows)}. See: entrepot tag history {image}")
    return str(found["digest"])


def _named_at(rows: Sequence[dict[str, Any]], at: datetime, image: str) -> str:
    for row in rows:
        if _moment(row["valid_from"]) <= at and ("valid_until" not in row or at < _moment(row["valid_until"])):
            return str(row["digest"])
    raise ManifestUnknown(f"{image} named nothing at {at.isoformat()}. See: entrepot tag history {image}")


def _last_other(rows: Iterator[dict[str, Any]], image: str) -> str:
    now = None
    for row in rows:
        if now is None:
            now = "" if "valid_until" in row else row["digest"]
        if row["is_kept"] and row["digest"] != now:
            return str(row["digest"])
    raise ManifestUnknown(f"{image} named nothing else that is still there. See: entrepot tag history {image}")


def _moment(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time. {_DATETIME_FORMS}", param_hint="--as-of") from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
