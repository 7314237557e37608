"""`entrepot domain`: tenants, for those who operate the installation."""

from typing import Annotated

import typer

from entrepot.cli.output import (
    AsJson,
    NamePart,
    Password,
    PasswordStdin,
    SortedBy,
    Yes,
    confirm,
    done,
    named,
    read_password,
    show_json,
    show_one,
    show_table,
)

Name = Annotated[str, typer.Argument(help="Name of the domain.")]

_DOMAINS = "/v2/manage/domains"

domain = typer.Typer(help="Domains: tenants, who do not see each other's people.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(domain, name="domain")


@domain.command()
def create(
    name: Name,
    admin: Annotated[str, typer.Option(help="Name of its first administrator.")] = "admin",
    password: Password = None,
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """Create a domain with its first administrator, whose password is asked for."""
    from entrepot.cli.client import Client
    from entrepot.values.names import DomainName, UserName

    body = {
        "name": DomainName.parse(name),
        "admin_name": UserName.parse(admin),
        "admin_password": read_password(password, password_stdin, is_new=True),
    }
    with Client() as client:
        made = client.call("POST", _DOMAINS, body)
    next_step = f"entrepot login {client.sign_in.url} -u {name}/{admin}"
    done(f"Created the domain {name}. Next, as its administrator: {next_step}", made, as_json)


@domain.command("list")
def list_domains(part: NamePart = None, sort: SortedBy = None, as_json: AsJson = False) -> None:
    """List all domains."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_DOMAINS, "domains", named(part, sort)))
    if as_json:
        show_json(rows)
        return
    show_table(("Name", "Id", "Created"), ((row["name"], row["id"], row["created_at"][:10]) for row in rows))


@domain.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a domain; everybody may see their own."""
    from entrepot.cli.client import Client

    with Client() as client:
        show_one(client.call("GET", _path(name)), as_json)


@domain.command("delete")
def delete_domain(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a domain that has no organizations any more, with its people, groups and robots."""
    from entrepot.cli.client import Client

    path = _path(name)
    confirm(f"This deletes the domain {name} with all its users, groups and robots.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the domain {name}.", {"name": name}, as_json)


def _path(name: str) -> str:
    from entrepot.values.names import DomainName

    return f"{_DOMAINS}/{DomainName.parse(name)}"
