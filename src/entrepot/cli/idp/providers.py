"""`entrepot idp create`, `list`, `show`, `update`, `delete`, `check`: the providers themselves."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from entrepot.cli.idp.fields import LDAP, OIDC, ldap_fields, oidc_fields, provider_fields
from entrepot.cli.idp.places import PROVIDERS, Name, path_of
from entrepot.cli.options import Fields, said, taking
from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table
from entrepot.cli.trust import Enabled, say_checked, trust_fields


class Kind(StrEnum):
    OIDC = "oidc"
    LDAP = "ldap"


def register(idp: typer.Typer) -> None:
    idp.command()(create)
    idp.command("list")(list_providers)
    for command in (show, update, delete, check):
        idp.command()(command)


@taking(provider_fields, trust_fields, oidc_fields, ldap_fields)
def create(
    name: Name,
    kind: Annotated[Kind, typer.Option(help="What it speaks.")],
    fields: Fields,
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="The provider's address.", rich_help_panel=OIDC)
    ] = None,
    id_attribute: Annotated[
        str | None, typer.Option(help="Attribute that never changes for a person.", rich_help_panel=LDAP)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set up a provider. Options of the other kind do not apply."""
    from entrepot.cli.client import Client
    from entrepot.values.names import ProviderName

    fixed = said(name=ProviderName.parse(name), kind=kind.value, issuer=issuer, id_attribute=id_attribute)
    with Client() as client:
        made = client.call("POST", PROVIDERS, {**fixed, **fields})
    done(f"People may sign in by {name}. Next: entrepot idp check {name}", made, as_json)


def list_providers(as_json: AsJson = False) -> None:
    """List the identity providers of the domain."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(PROVIDERS, "providers"))
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Name", "Kind", "Address", "Makes accounts", "Enabled"),
        (
            (
                row["name"],
                row["kind"],
                row["settings"].get("issuer") or row["settings"].get("url"),
                _yes(row["settings"]["provisions"]),
                _yes(row["is_enabled"]),
            )
            for row in rows
        ),
    )


def show(name: Name, as_json: AsJson = False) -> None:
    """Show a provider's settings, without its secret."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", path_of(name))
    if as_json:
        show_json(found)
        return
    settings = {key: value for key, value in found["settings"].items() if value not in ("", [], {})}
    show_table(
        ("Setting", "Is"),
        [
            ("kind", found["kind"]),
            ("enabled", _yes(found["is_enabled"])),
            ("secret", "kept" if found["has_secret"] else "none"),
            *((key, _cell(value)) for key, value in settings.items()),
        ],
    )


@taking(provider_fields, trust_fields, oidc_fields, ldap_fields)
def update(name: Name, fields: Fields, enabled: Enabled = None, as_json: AsJson = False) -> None:
    """Change what is given; the rest stays. A list that is given takes the place of the one before."""
    from entrepot.cli.client import Client

    body = {**fields, **said(is_enabled=enabled)}
    if not body:
        raise typer.BadParameter("say what should change.", param_hint="--enable / --disable / …")
    with Client() as client:
        changed = client.call("PATCH", path_of(name), body)
    done(f"Changed the provider {name}.", changed, as_json)


def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Trust a provider no longer. Accounts stay; who is signed in by it is out at once."""
    from entrepot.cli.client import Client

    confirm(f"Nobody will sign in by {name} any more.", yes)
    with Client() as client:
        client.call("DELETE", path_of(name))
    done(f"Deleted the provider {name}.", {"name": name}, as_json)


def check(name: Name, as_json: AsJson = False) -> None:
    """Ask a provider as a login would, and say what is wrong."""
    from entrepot.cli.client import Client

    with Client() as client:
        say_checked(client.call("POST", f"{path_of(name)}/check"), as_json)


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {one}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(one) for one in value)
    return str(value)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
