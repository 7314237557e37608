"""`entrepot federation`: whose signed tokens make a robot."""

from pathlib import Path
from typing import Annotated

import typer

from entrepot.cli.options import Fields, said, taking
from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table
from entrepot.cli.trust import Enabled, say_checked, trust_fields

Name = Annotated[str, typer.Argument(help="Name of the federation.")]
IssuerUrl = Annotated[str | None, typer.Option("--issuer", metavar="URL", help="Who signs the tokens (the claim iss).")]
Audience = Annotated[str | None, typer.Option(help="What the tokens are made for (the claim aud).")]

_FEDERATIONS = "/v2/manage/federations"

federation = typer.Typer(help="Federations: whose signed tokens make a robot, without a secret.", no_args_is_help=True)


def key_fields(
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="The issuer's key set (JWKS), if it cannot be asked."
        ),
    ] = None,
) -> Fields:
    import json

    if keys is None:
        return {}
    try:
        return {"keys": json.loads(keys.read_text())}
    except ValueError:
        raise typer.BadParameter(f"{keys} is not JSON.", param_hint="--keys") from None


def register(app: typer.Typer) -> None:
    app.add_typer(federation, name="federation")


@federation.command()
@taking(trust_fields, key_fields)
def create(
    name: Name,
    robot: Annotated[str, typer.Option(help="The robot that bearers are.")],
    issuer: Annotated[str, typer.Option(metavar="URL", help="Who signs the tokens (the claim iss).")],
    audience: Annotated[str, typer.Option(help="What the tokens are made for (the claim aud).")],
    fields: Fields,
    as_json: AsJson = False,
) -> None:
    """Let tokens of an issuer, such as a CI system or a Kubernetes cluster, be a robot if their claims fit."""
    from entrepot.cli.client import Client
    from entrepot.values.names import FederationName

    body = {"name": FederationName.parse(name), "robot": robot, "issuer": issuer, "audience": audience}
    with Client() as client:
        made = client.call("POST", _FEDERATIONS, {**body, **fields})
    done(f"Tokens of {issuer} can be the robot {robot}. Next: entrepot federation check {name}", made, as_json)


@federation.command("list")
def list_federations(as_json: AsJson = False) -> None:
    """List the federations of the domain."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_FEDERATIONS, "federations"))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Robot", "Issuer", "Audience", "Enabled"),
        (
            (
                row["name"],
                row["robot"],
                row["settings"]["issuer"],
                row["settings"]["audience"],
                "yes" if row["is_enabled"] else "no",
            )
            for row in rows
        ),
    )


@federation.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a federation with its conditions."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _path(name))
    if as_json:
        show_json(found)
        return
    settings = found["settings"]
    conditions = [f"{one['claim']} fits {one['pattern']}" for one in settings["conditions"]]
    show_table(
        ("What", "Is"),
        [
            ("robot", found["robot"]),
            ("issuer", settings["issuer"]),
            ("audience", settings["audience"]),
            *(("condition", one) for one in conditions),
            ("reach", settings["reach"]),
            ("enabled", "yes" if found["is_enabled"] else "no"),
        ],
    )


@federation.command()
@taking(trust_fields, key_fields)
def update(
    name: Name,
    fields: Fields,
    issuer: IssuerUrl = None,
    audience: Audience = None,
    enabled: Enabled = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; the rest stays. What the robot is logged in with ends at once."""
    from entrepot.cli.client import Client

    body = {**fields, **said(issuer=issuer, audience=audience, is_enabled=enabled)}
    if not body:
        raise typer.BadParameter("say what should change.", param_hint="--issuer / --audience / …")
    with Client() as client:
        changed = client.call("PATCH", _path(name), body)
    done(f"Changed the federation {name}.", changed, as_json)


@federation.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Trust these tokens no longer. What the robot is logged in with ends at once."""
    from entrepot.cli.client import Client

    confirm(f"Tokens will no longer be accepted by the federation {name}.", yes)
    with Client() as client:
        client.call("DELETE", _path(name))
    done(f"Deleted the federation {name}.", {"name": name}, as_json)


@federation.command()
def check(
    name: Name,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="A token, to hear why it would be refused."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask the issuer for its keys, and say what is wrong; with a token, why it would not be accepted."""
    from entrepot.cli.client import Client

    token = token_file.read_text().strip() if token_file else ""
    with Client() as client:
        say_checked(client.call("POST", f"{_path(name)}/check", {"token": token}), as_json)


def _path(name: str) -> str:
    from entrepot.values.names import FederationName

    return f"{_FEDERATIONS}/{FederationName.parse(name)}"
