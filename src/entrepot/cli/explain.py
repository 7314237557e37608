"""`entrepot explain`: may somebody do something, and because of what."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, show_json


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    who: Annotated[str, typer.Argument(metavar="WHO", help="A user or robot; `me`; '*' for everybody.")],
    action: Annotated[str, typer.Argument(metavar="ACTION", help="As push, delete or repository:push.")],
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="An organization, a repository as acme/app, or a tag as acme/app:v1.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say whether WHO may do ACTION on WHAT, and which grants, groups, shares or visibility that comes from."""
    from entrepot.cli.client import Client
    from entrepot.cli.grant import show_reasons

    with Client() as client:
        found = client.call("GET", "/v2/manage/explain", parameters={"who": who, "action": action, "what": what})
    if as_json:
        show_json(found)
        return
    typer.echo(found["because"])
    for gate in found["gates"]:
        typer.echo(f"{'' if gate['is_passed'] else 'Refused: '}{gate['because']}")
    if found["reasons"]:
        show_reasons(found["reasons"])
