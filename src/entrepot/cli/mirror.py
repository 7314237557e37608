"""`entrepot mirror`: organizations whose images come from another registry."""

from pathlib import Path
from typing import Annotated

import typer

from entrepot.cli.mirror_usage import told
from entrepot.cli.options import Fields, taking
from entrepot.cli.output import (
    AsJson,
    PasswordStdin,
    Yes,
    confirm,
    done,
    read_password,
    show_json,
    show_one,
    show_table,
)

_MIRRORS = "/v2/manage/mirrors"
_PANEL = "How it treats what it holds"

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the mirror, which is an organization.")]
What = Annotated[
    str,
    typer.Argument(
        metavar="REPOSITORY[:TAG]",
        help="A repository of the mirror, and which of its tags; in both `*` stands for any characters.",
    ),
]

mirror = typer.Typer(help="Mirrors: organizations whose images come from another registry.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(mirror, name="mirror")


def _who_asks(
    username: Annotated[str | None, typer.Option(help="Who asks there; '' for nobody in particular.")] = None,
    password_stdin: PasswordStdin = False,
    authority: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates (PEM) of who signs the upstream's.", exists=True)
    ] = None,
    proxy: Annotated[str | None, typer.Option(metavar="URL", help="A proxy to ask through; '' for none.")] = None,
    host: Annotated[
        str | None, typer.Option(help="What clients call the registry, if not by its first address, as docker.io.")
    ] = None,
    transparent: Annotated[
        bool | None,
        typer.Option(
            "--transparent/--no-transparent",
            help="Whether pulls that name the registry itself may be led here; of several, the oldest answers.",
        ),
    ] = None,
) -> Fields:
    fields: Fields = {
        "host": host,
        "is_transparent": transparent,
        "username": username,
        "password": read_password(None, password_stdin) if password_stdin else None,
        "authority": authority.read_text() if authority else None,
        "proxy": proxy,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _policy(
    fresh: Annotated[
        str | None, typer.Option(help="How long a tag is served without asking, as 5m.", rich_help_panel=_PANEL)
    ] = None,
    stale: Annotated[
        str | None,
        typer.Option(
            help="How long after that it is served at once and asked about meanwhile.", rich_help_panel=_PANEL
        ),
    ] = None,
    absent: Annotated[
        str | None,
        typer.Option(help="How long it is believed that something is not there.", rich_help_panel=_PANEL),
    ] = None,
    fetches: Annotated[
        int | None, typer.Option(help="Blobs that one process fetches at the same time.", rich_help_panel=_PANEL)
    ] = None,
    limit: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="How much it may hold, as 500GB: what was pulled longest ago goes first. 0 for as much as comes.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    requests: Annotated[
        int | None,
        typer.Option(
            "--requests-per-minute",
            help="How often one process asks the upstream. 0 for as often as needed.",
            rich_help_panel=_PANEL,
        ),
    ] = None,
    prefetch: Annotated[
        str | None,
        typer.Option(
            help="Of an image for several platforms: asked, or all to fetch the others later.", rich_help_panel=_PANEL
        ),
    ] = None,
) -> Fields:
    from entrepot.plumbing.units import parse_bytes, parse_seconds

    fields: Fields = {"fresh_seconds": fresh, "stale_seconds": stale, "absent_seconds": absent}
    given: Fields = {}
    for key, text in fields.items():
        if text is not None:
            try:
                given[key] = parse_seconds(text)
            except ValueError as error:
                raise typer.BadParameter(str(error), param_hint=f"--{key.partition('_')[0]}") from None
    if limit is not None:
        try:
            given["limit_bytes"] = parse_bytes(limit)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--limit") from None
    numbers = {"fetches_max": fetches, "requests_per_minute": requests, "prefetch": prefetch}
    return given | {key: value for key, value in numbers.items() if value is not None}


@mirror.command()
@taking(_who_asks, _policy)
def create(
    name: Name,
    fields: Fields,
    upstream: Annotated[
        list[str],
        typer.Option(metavar="URL", help="Its address, as https://quay.io; further ones are asked when it is away."),
    ],
    public: Annotated[bool, typer.Option("--public", help="Anybody may pull what comes through it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the organization NAME, through which images of another registry are pulled, if you operate this one."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("POST", _MIRRORS, {"name": name, "endpoints": upstream, "is_public": public, **fields})
        host = client.sign_in.url.partition("://")[2]
    done(f"{name} mirrors {row['host']}: pull {host}/{name}/REPOSITORY for {row['host']}/REPOSITORY.", row, as_json)


@mirror.command("list")
def list_mirrors(as_json: AsJson = False) -> None:
    """List the mirrors that you may read."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_MIRRORS, "mirrors"))
    if as_json:
        show_json(rows)
        return
    show_table(("Mirror", "Of", "Addresses", "As"), (_line(row) for row in rows), "There is no mirror.")


@mirror.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a mirror."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(name))
        pins = client.call("GET", f"{_path(name)}/pins")["pins"]
        usage = client.call("GET", f"{_path(name)}/usage")
    if as_json:
        show_json({**row, "pins": pins, "usage": usage})
        return
    show_one({**row, "endpoints": ", ".join(row["endpoints"]), **told(usage, pins)}, as_json)


@mirror.command()
@taking(_who_asks, _policy)
def update(
    name: Name,
    fields: Fields,
    upstream: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Its addresses from now on; may be given again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; the rest stays, and so does what came through it."""
    from entrepot.cli.client import Client

    body = fields | ({"endpoints": upstream} if upstream else {})
    with Client() as client:
        row = client.call("PATCH", _path(name), body)
    done(f"Changed the mirror {name} of {row['host']}.", row, as_json)


@mirror.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Bring nothing more through it. The organization stays with its images, as one like others."""
    from entrepot.cli.client import Client

    confirm(f"{name} brings nothing more from its upstream: images that are not here yet cannot be pulled.", yes)
    with Client() as client:
        client.call("DELETE", _path(name))
    done(f"{name} is no mirror any more; its images stayed.", {"name": name}, as_json)


@mirror.command()
def pin(name: Name, what: What, as_json: AsJson = False) -> None:
    """Keep images when the mirror is trimmed, also those that come later."""
    from entrepot.cli.client import Client

    repositories, tags = _parts(what)
    with Client() as client:
        row = client.call("POST", f"{_path(name)}/pins", {"repositories": repositories, "tags": tags})
    done(f"{name} keeps {what}.", row, as_json)


@mirror.command()
def unpin(name: Name, what: What, as_json: AsJson = False) -> None:
    """Let images be trimmed again: WHAT as it was pinned, see `entrepot mirror show`."""
    from entrepot.cli.client import Client

    repositories, tags = _parts(what)
    with Client() as client:
        client.call("DELETE", f"{_path(name)}/pins", parameters={"repositories": repositories, "tags": tags})
    done(f"{name} may let go of {what}.", {"name": name, "repositories": repositories, "tags": tags}, as_json)


@mirror.command()
def config(
    name: Name,
    engine: Annotated[str, typer.Option("--for", help="containerd, docker, podman (also for CRI-O) or buildkit.")],
    as_json: AsJson = False,
) -> None:
    """Show how an engine is told to pull through it: a file, and what goes in."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", f"{_path(name)}/config", parameters={"for": engine})
    if as_json:
        show_json(row)
        return
    typer.echo(f"# {row['file']}", err=True)
    typer.echo(row["text"], nl=False)
    if row["then"]:
        typer.echo(f"# then: {row['then']}", err=True)


def _path(name: str) -> str:
    from entrepot.values.names import OrganizationName

    return f"{_MIRRORS}/{OrganizationName.parse(name)}"


def _parts(what: str) -> tuple[str, str]:
    repositories, _, tags = what.partition(":")
    return repositories, tags


def _line(row: dict[str, object]) -> tuple[object, ...]:
    addresses = row["endpoints"]
    assert isinstance(addresses, list)
    return row["name"], row["host"], ", ".join(addresses), row["username"]
