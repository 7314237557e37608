"""`entrepot webhook`: what happens in an organization or a repository, told to other programs."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_one, show_table

Place = Annotated[str, typer.Argument(metavar="ORG[/REPO]", help="The organization, or a repository of it.")]
Organization = Annotated[str, typer.Argument(metavar="ORG", help="The organization.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the webhook.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the delivery.")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Where to deliver to.")]
Events = Annotated[list[str] | None, typer.Option("--event", help="What to tell, as image_pushed; may be given again.")]
Repositories = Annotated[
    str | None, typer.Option(metavar="PATTERN", help="Only repositories that fit, as team-*; '' for all.")
]
Tags = Annotated[str | None, typer.Option(metavar="PATTERN", help="Only tags that fit, as v*; '' for all.")]
Recipients = Annotated[
    list[str] | None, typer.Option("--to", metavar="ADDRESS", help="Of mail: who gets it; may be given again.")
]
SecretStdin = Annotated[
    bool,
    typer.Option(
        "--secret-stdin", help="Of dingtalk and feishu: read the secret that the chat gave from standard input."
    ),
]
Authorization = Annotated[
    bool, typer.Option("--authorization-stdin", help="Read the value of the header Authorization from standard input.")
]

webhook = typer.Typer(help="Webhooks: what happens, told to other programs.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(webhook, name="webhook")


@webhook.command("list")
def list_webhooks(place: Place, as_json: AsJson = False) -> None:
    """List the webhooks of an organization with those of its repositories, or of a repository, by name."""
    from entrepot.cli.client import Client

    organization, repository = _parts(place)
    asked = {"repository": repository} if repository else {}
    with Client() as client:
        rows = list(client.pages(_path(organization), "webhooks", asked))
    if as_json:
        show_json(rows)
        return
    columns = ("Name", "About", "Kind", "Target", "Events", "Tags", "State")
    show_table(columns, (_line(row) for row in rows))


@webhook.command()
def show(organization: Organization, name: Name, as_json: AsJson = False) -> None:
    """Show a webhook."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(organization, name))
    show_one(row if as_json else {**row, "events": ", ".join(row["events"])}, as_json)


@webhook.command()
def create(
    place: Place,
    name: Name,
    url: Url = None,
    kind: Annotated[
        str,
        typer.Option(help="cloudevents, harbor or docker; for people generic, slack, dingtalk, wecom, feishu or mail."),
    ] = "cloudevents",
    event: Events = None,
    repositories: Repositories = None,
    tags: Tags = None,
    to: Recipients = None,
    authorization: Authorization = False,
    secret: SecretStdin = False,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not switch it on yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Tell what happens from now on. Prints the secret that deliveries are signed with, this once.

    Without --event pushed images are told.
    """
    from entrepot.cli.client import Client

    organization, repository = _parts(place)
    body = {
        "name": name,
        "kind": kind,
        "repository": repository or None,
        "url": url,
        "events": event or ["image_pushed"],
        "repositories": repositories,
        "tags": tags,
        "recipients": to,
        "authorization": _read() if authorization else None,
        "secret": _read() if secret else None,
        "is_enabled": not disabled,
    }
    given = {key: value for key, value in body.items() if value is not None}
    with Client() as client:
        row = client.call("POST", _path(organization), given)
    said = f" Its secret, shown this once: {row['secret']}" if row["secret"] else ""
    done(f"Created the webhook {name} of {place}.{said}", row, as_json)


@webhook.command()
def update(
    organization: Organization,
    name: Name,
    url: Url = None,
    event: Events = None,
    repositories: Repositories = None,
    tags: Tags = None,
    to: Recipients = None,
    authorization: Authorization = False,
    secret: SecretStdin = False,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Switch it on, also after it paused, or off.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; the rest stays."""
    from entrepot.cli.client import Client

    body = {
        "url": url,
        "events": event,
        "repositories": repositories,
        "tags": tags,
        "recipients": to,
        "authorization": _read() if authorization else None,
        "secret": _read() if secret else None,
        "is_enabled": enable,
    }
    with Client() as client:
        row = client.call(
            "PATCH", _path(organization, name), {key: one for key, one in body.items() if one is not None}
        )
    done(f"Changed the webhook {name} of {organization}; it is {row['state']}.", row, as_json)


@webhook.command()
def rotate(organization: Organization, name: Name, as_json: AsJson = False) -> None:
    """Give it a new secret, shown this once. The one before signs beside it for a day."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("POST", f"{_path(organization, name)}/secret")
    done(f"The new secret, shown this once: {row['secret']}", row, as_json)


@webhook.command()
def delete(organization: Organization, name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a webhook with its log."""
    from entrepot.cli.client import Client

    path = _path(organization, name)
    confirm(f"This deletes the webhook {name} of {organization} with its log; what waits is not delivered.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the webhook {name} of {organization}.", {"organization": organization, "name": name}, as_json)


@webhook.command("test")
def send_test(organization: Organization, name: Name, as_json: AsJson = False) -> None:
    """Have a test delivered; `entrepot webhook deliveries` shows what became of it."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("POST", f"{_path(organization, name)}/test")
    done(f"A test is on its way: delivery {row['delivery']}.", row, as_json)


@webhook.command()
def deliveries(
    organization: Organization,
    name: Name,
    state: Annotated[str | None, typer.Option(help="waiting, delivered or failed.")] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=1_000)] = 50,
    number: Annotated[
        int | None, typer.Option("--show", metavar="NUMBER", help="One of them, with what was said.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what was delivered and what waits, the newest first."""
    from entrepot.cli.client import Client

    path = f"{_path(organization, name)}/deliveries"
    with Client() as client:
        if number is not None:
            show_one(client.call("GET", f"{path}/{number}"), as_json)
            return
        asked = {"limit": limit} | ({} if state is None else {"state": state})
        rows = client.call("GET", path, parameters=asked)["deliveries"]
    if as_json:
        show_json(rows)
        return
    columns = ("Number", "Event", "About", "State", "Tries", "Last", "Status", "ms", "Next", "Problem")
    show_table(columns, (_delivery(row) for row in rows))


@webhook.command()
def redeliver(organization: Organization, name: Name, number: Number, as_json: AsJson = False) -> None:
    """Send a delivery again; one that waits is tried right now."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("POST", f"{_path(organization, name)}/deliveries/{number}/redeliver")
    done(f"Delivery {number} goes out again.", {"delivery": number}, as_json)


def _read() -> str:
    import sys

    return sys.stdin.readline().rstrip("\r\n")


def _parts(place: str) -> tuple[str, str]:
    """The organization, and the name of the repository in it; empty when there is none."""
    from entrepot.values.names import OrganizationName, RepositoryName

    if "/" in place:
        path = RepositoryName.parse(place)
        return path.organization, path.name
    return OrganizationName.parse(place), ""


def _path(organization: str, name: str | None = None) -> str:
    from entrepot.cli.client import organization_path
    from entrepot.values.names import OrganizationName, WebhookName

    path = f"{organization_path(OrganizationName.parse(organization))}/webhooks"
    return path if name is None else f"{path}/{WebhookName.parse(name)}"


def _line(row: dict[str, Any]) -> tuple[object, ...]:
    about = f"{row['namespace']}/{row['repository'] or row['repositories'] or '*'}"
    return row["name"], about, row["kind"], row["target"], ", ".join(row["events"]), row["tags"] or "*", row["state"]


def _delivery(row: dict[str, Any]) -> tuple[object, ...]:
    fields = ("delivery", "event", "subject", "state", "attempts", "tried_at", "status", "milliseconds", "next_at")
    return *(row.get(field) or "-" for field in fields), row["problem"]
