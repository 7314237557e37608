"""`entrepot import SOURCE --to ORG`: the command with its options; what it does is next door."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entrepot.cli.moving.kinds import Kind
from entrepot.cli.output import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from entrepot.cli.image.progress import Bars
    from entrepot.cli.moving.names import Renaming, Wanted
    from entrepot.cli.moving.opening import Asked
    from entrepot.cli.moving.report import Report
    from entrepot.cli.moving.source import Member, Source

_WIDTH_MAX = 32


def import_images(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A registry as https://HOST or https://HOST/PREFIX, its storage folder, or layouts."
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="ORG", help="The organization here.")],
    plan: Annotated[bool, typer.Option("--plan", help="Only say what would be done; nothing is sent.")] = False,
    kind: Annotated[Kind, typer.Option(help="What SOURCE is; auto looks.")] = Kind.AUTO,
    repository: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Only these, as 'team/*'; whole names if SOURCE lists none. Repeat it."),
    ] = None,
    repositories: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The same from a file, one on a line; # begins a remark.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only these tags, as 'v1.*'. Repeat it.")
    ] = None,
    strip_prefix: Annotated[
        str, typer.Option(metavar="NAME", help="Leave this away: library makes ORG/nginx of library/nginx.")
    ] = "",
    prefix: Annotated[str, typer.Option(metavar="NAME", help="Put this before: old makes ORG/old/app of app.")] = "",
    referrers: Annotated[
        bool, typer.Option("--referrers/--no-referrers", help="With signatures, SBOMs, attestations and their like.")
    ] = True,
    with_members: Annotated[
        bool, typer.Option("--with-members", help="Give members of Harbor's projects the like of their role here.")
    ] = False,
    parallel: Annotated[
        int, typer.Option(min=1, max=_WIDTH_MAX, help="Images, and blobs of all of them, on their way at once.")
    ] = 4,
    rate: Annotated[
        str | None, typer.Option(metavar="SIZE", help="At most so much in a second, all together, as 50MiB.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what became of each image, as JSON.")
    ] = None,
    source_user: Annotated[
        str | None,
        typer.Option(help="Else ENTREPOT_SOURCE_USER, entrepot login, docker or podman login. SWR: the AK."),
    ] = None,
    source_password_stdin: Annotated[
        bool,
        typer.Option("--source-password-stdin", help="Read it there; else ENTREPOT_SOURCE_PASSWORD. SWR: the SK."),
    ] = False,
    source_ca: Annotated[Path | None, typer.Option(metavar="FILE", help="Who signed SOURCE's certificate.")] = None,
    source_insecure: Annotated[
        bool, typer.Option("--source-insecure", help="Believe any certificate; the password can be stolen.")
    ] = False,
    source_project: Annotated[
        str | None, typer.Option(metavar="NAME", help="SWR: the project of the region, as cn-north-4.")
    ] = None,
    source_api: Annotated[
        str | None, typer.Option(metavar="URL", help="SWR: where its API is, if not at SOURCE.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring the images of another registry into an organization here, with all platforms and what is attached.

    Run it again, as often as it takes: what is here is not sent again. Every byte is checked against its digest. Exit
    code 1 when an image could not be brought; the others are.
    """
    import asyncio

    from entrepot.cli.image.progress import bars
    from entrepot.cli.moving.names import Renaming, Wanted
    from entrepot.cli.moving.opening import Asked
    from entrepot.cli.moving.showing import show, write
    from entrepot.cli.output import read_password, show_json
    from entrepot.values.names import OrganizationName

    renaming = Renaming(OrganizationName.parse(to), strip_prefix, prefix)
    wanted = Wanted([*(repository or ()), *_lines(repositories)], tag or ())
    password = read_password(None, from_stdin=True) if source_password_stdin else None
    asked = Asked(source, kind, (source_user, password), source_ca, source_insecure, source_project, source_api)
    per_second = _bytes(rate)
    _check_folder(report)
    with bars(as_json) as shown:
        done = asyncio.run(_import(asked, wanted, renaming, parallel, per_second, referrers, plan, with_members, shown))
    if report is not None:
        write(done, report)
    if as_json:
        show_json(done.document())
    else:
        show(done, plan)
    if not plan and not done.is_whole:
        raise typer.Exit(1)


async def _import(
    asked: "Asked",
    wanted: "Wanted",
    renaming: "Renaming",
    width: int,
    per_second: int | None,
    referrers: bool,
    is_plan: bool,
    with_members: bool,
    shown: "Bars",
) -> "Report":
    import time
    from contextlib import AsyncExitStack

    from entrepot.cli import credentials
    from entrepot.cli.client import Client, organization_path
    from entrepot.cli.moving.carrying import Carrier
    from entrepot.cli.moving.listing import list_images
    from entrepot.cli.moving.opening import open_source
    from entrepot.cli.moving.people import give, plan_people
    from entrepot.cli.moving.report import Report
    from entrepot.cli.moving.settings import REMOTE
    from entrepot.plumbing.rate import Rate
    from entrepot.remote.session import Credentials, Remote

    began = time.monotonic()
    here = credentials.effective()
    with Client(here) as client:
        client.call("GET", organization_path(renaming.to))  # before anything is read: is it there, may we see it?
        async with AsyncExitStack() as stack:
            source = await open_source(asked, stack)
            listing = await list_images(source, wanted, renaming, width)
            members, people_unread = await _people(source, with_members)
            target = await stack.enter_async_context(Remote(here.url, Credentials(here.user, here.password), REMOTE))
            carrier = Carrier(target, width, Rate(per_second), shown, referrers, is_plan)
            carried = await carrier.carry(listing.items)
        people = plan_people(members, renaming)
        if with_members and not is_plan:
            give(people, client, renaming.to)
    lines = sorted([*(item.line for item in carried), *listing.problems], key=lambda line: line.source)
    return Report(source.label, lines, people, time.monotonic() - began, people_unread)


async def _people(source: "Source", with_members: bool) -> tuple["Sequence[Member]", str]:
    """Who may do what there, and why that could not be read: images come all the same, unless members are wanted."""
    from entrepot.values.errors import EntrepotError

    try:
        return await source.people(), ""
    except EntrepotError as error:
        if with_members:
            raise
        return (), str(error)


def _lines(file: Path | None) -> list[str]:
    from entrepot.values.errors import ParameterInvalid

    if file is None:
        return []
    try:
        lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterInvalid(f"{file} cannot be read as a list of repositories.") from error
    return [line for line in lines if line]


def _bytes(rate: str | None) -> int | None:
    from entrepot.plumbing.units import parse_bytes

    if rate is None:
        return None
    try:
        per_second = parse_bytes(rate)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--rate") from None
    if not per_second:
        raise typer.BadParameter("nothing would ever come.", param_hint="--rate")
    return per_second


def _check_folder(report: Path | None) -> None:
    """Before an hour of work, not after it."""
    if report is not None and not report.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {report.parent}.", param_hint="--report")
