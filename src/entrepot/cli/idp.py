"""`entrepot idp`: identity providers, by which people sign in."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_table
from entrepot.cli.trust import Authority, Conditions, Enabled, Reach, say_checked, trust_fields


class Kind(StrEnum):
    OIDC = "oidc"
    LDAP = "ldap"


_OIDC, _LDAP = "OpenID Connect", "LDAP"

Name = Annotated[str, typer.Argument(help="Name of the provider.")]
Subject = Annotated[str, typer.Argument(help="Who they are at the provider, as `entrepot idp links` shows it.")]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", metavar="THEIRS=OURS", help="Who is in their group is in ours. May be given again."),
]
Provision = Annotated[
    bool | None, typer.Option("--provision/--no-provision", help="Make an account at somebody's first login.")
]
Emails = Annotated[
    list[str] | None,
    typer.Option("--email-domain", metavar="DOMAIN", help="Only for verified addresses of DOMAIN. May be given again."),
]
SecretStdin = Annotated[
    bool,
    typer.Option("--secret-stdin", help="Read the client's secret, or the password of --bind-dn, from standard input."),
]
ClientId = Annotated[str | None, typer.Option(help="This registry's id at the provider.", rich_help_panel=_OIDC)]
Scopes = Annotated[
    list[str] | None, typer.Option("--scope", help="Scopes to ask for, openid among them.", rich_help_panel=_OIDC)
]
NameClaim = Annotated[str | None, typer.Option(help="Claim that names a new account.", rich_help_panel=_OIDC)]
GroupsClaim = Annotated[str | None, typer.Option(help="Claim with the groups.", rich_help_panel=_OIDC)]
Url = Annotated[str | None, typer.Option(help="ldaps://HOST, or ldap://HOST with --start-tls.", rich_help_panel=_LDAP)]
StartTls = Annotated[bool | None, typer.Option("--start-tls/--no-start-tls", rich_help_panel=_LDAP)]
BindDn = Annotated[str | None, typer.Option(help="Who searches; nobody without it.", rich_help_panel=_LDAP)]
BaseDn = Annotated[str | None, typer.Option(help="Where people are.", rich_help_panel=_LDAP)]
UserFilter = Annotated[
    str | None, typer.Option(help="Finds a person; {name} is what they typed.", rich_help_panel=_LDAP)
]
GroupBaseDn = Annotated[str | None, typer.Option(help="Where groups are.", rich_help_panel=_LDAP)]
GroupFilter = Annotated[
    str | None, typer.Option(help="Finds the groups of a person; {dn} is their entry.", rich_help_panel=_LDAP)
]
NameAttribute = Annotated[str | None, typer.Option(help="Attribute that names a new account.", rich_help_panel=_LDAP)]

_PROVIDERS = "/v2/manage/identity-providers"

idp = typer.Typer(help="Identity providers: by which people sign in.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(idp, name="idp")


@idp.command()
def create(
    name: Name,
    kind: Annotated[Kind, typer.Option(help="What it speaks.")],
    secret_stdin: SecretStdin = False,
    group: Groups = None,
    provision: Provision = None,
    email_domain: Emails = None,
    condition: Conditions = None,
    reach: Reach = None,
    authority: Authority = None,
    issuer: Annotated[
        str | None, typer.Option(metavar="URL", help="The provider's address.", rich_help_panel=_OIDC)
    ] = None,
    client_id: ClientId = None,
    scope: Scopes = None,
    name_claim: NameClaim = None,
    groups_claim: GroupsClaim = None,
    url: Url = None,
    start_tls: StartTls = None,
    bind_dn: BindDn = None,
    base_dn: BaseDn = None,
    user_filter: UserFilter = None,
    group_base_dn: GroupBaseDn = None,
    group_filter: GroupFilter = None,
    name_attribute: NameAttribute = None,
    id_attribute: Annotated[
        str | None, typer.Option(help="Attribute that never changes for a person.", rich_help_panel=_LDAP)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Set up a provider. Options of the other kind do not apply."""
    from entrepot.cli.client import Client
    from entrepot.values.names import ProviderName

    body = _said(
        name=ProviderName.parse(name),
        kind=kind.value,
        issuer=issuer,
        client_id=client_id,
        scopes=scope,
        name_claim=name_claim,
        groups_claim=groups_claim,
        url=url,
        start_tls=start_tls,
        bind_dn=bind_dn,
        base_dn=base_dn,
        user_filter=user_filter,
        group_base_dn=group_base_dn,
        group_filter=group_filter,
        name_attribute=name_attribute,
        id_attribute=id_attribute,
        provisions=provision,
        email_domains=email_domain,
    )
    body |= trust_fields(reach, authority, condition) | _groups(group) | _secret(secret_stdin)
    with Client() as client:
        made = client.call("POST", _PROVIDERS, body)
    done(f"People may sign in by {name}. Next: entrepot idp check {name}", made, as_json)


@idp.command("list")
def list_providers(as_json: AsJson = False) -> None:
    """List the identity providers of the domain."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_PROVIDERS, "providers"))
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


@idp.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a provider's settings, without its secret."""
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", _path(name))
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


@idp.command()
def update(
    name: Name,
    enabled: Enabled = None,
    secret_stdin: SecretStdin = False,
    group: Groups = None,
    provision: Provision = None,
    email_domain: Emails = None,
    condition: Conditions = None,
    reach: Reach = None,
    authority: Authority = None,
    client_id: ClientId = None,
    scope: Scopes = None,
    name_claim: NameClaim = None,
    groups_claim: GroupsClaim = None,
    url: Url = None,
    start_tls: StartTls = None,
    bind_dn: BindDn = None,
    base_dn: BaseDn = None,
    user_filter: UserFilter = None,
    group_base_dn: GroupBaseDn = None,
    group_filter: GroupFilter = None,
    name_attribute: NameAttribute = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; the rest stays. A list that is given takes the place of the one before."""
    from entrepot.cli.client import Client

    body = _said(
        is_enabled=enabled,
        client_id=client_id,
        scopes=scope,
        name_claim=name_claim,
        groups_claim=groups_claim,
        url=url,
        start_tls=start_tls,
        bind_dn=bind_dn,
        base_dn=base_dn,
        user_filter=user_filter,
        group_base_dn=group_base_dn,
        group_filter=group_filter,
        name_attribute=name_attribute,
        provisions=provision,
        email_domains=email_domain,
    )
    body |= trust_fields(reach, authority, condition) | _groups(group) | _secret(secret_stdin)
    if not body:
        raise typer.BadParameter("say what should change.", param_hint="--enable / --disable / …")
    with Client() as client:
        changed = client.call("PATCH", _path(name), body)
    done(f"Changed the provider {name}.", changed, as_json)


@idp.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Trust a provider no longer. Accounts stay; who is signed in by it is out at once."""
    from entrepot.cli.client import Client

    confirm(f"Nobody will sign in by {name} any more.", yes)
    with Client() as client:
        client.call("DELETE", _path(name))
    done(f"Deleted the provider {name}.", {"name": name}, as_json)


@idp.command()
def check(name: Name, as_json: AsJson = False) -> None:
    """Ask a provider as a login would, and say what is wrong."""
    from entrepot.cli.client import Client

    with Client() as client:
        say_checked(client.call("POST", f"{_path(name)}/check"), as_json)


@idp.command()
def links(name: Name, as_json: AsJson = False) -> None:
    """List which account belongs to whom at a provider."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(f"{_path(name)}/identities", "identities"))
    if as_json:
        show_json(rows)
        return
    show_table(("Subject", "User", "Since"), ((row["subject"], row["user"], row["created_at"][:10]) for row in rows))


@idp.command()
def link(
    name: Name, subject: Subject, user: Annotated[str, typer.Argument(help="The account.")], as_json: AsJson = False
) -> None:
    """Let an account that is there belong to somebody at a provider."""
    from entrepot.cli.client import Client

    with Client() as client:
        made = client.call("POST", f"{_path(name)}/identities", {"subject": subject, "user": user})
    done(f"{subject} of {name} signs in as {user}.", made, as_json)


@idp.command()
def unlink(name: Name, subject: Subject, as_json: AsJson = False) -> None:
    """Let an account belong to nobody at a provider any more; what it is signed in with ends."""
    from entrepot.cli.client import Client

    with Client() as client:
        client.call("DELETE", f"{_path(name)}/identities", parameters={"subject": subject})
    done(f"{subject} of {name} signs in as nobody.", {"subject": subject}, as_json)


def _path(name: str) -> str:
    from entrepot.values.names import ProviderName

    return f"{_PROVIDERS}/{ProviderName.parse(name)}"


def _said(**given: Any) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None and value != []}


def _groups(pairs: list[str] | None) -> dict[str, Any]:
    """Split at the last `=`: a directory's groups have some in their names."""
    split = [one.rpartition("=") for one in pairs or ()]
    for theirs, _, ours in split:
        if not theirs or not ours:
            raise typer.BadParameter("should be THEIRS=OURS.", param_hint="--group")
    return {"groups": {theirs: ours for theirs, _, ours in split}} if split else {}


def _secret(from_stdin: bool) -> dict[str, Any]:
    import sys

    return {"secret": sys.stdin.readline().rstrip("\r\n")} if from_stdin else {}


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {one}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_cell(one) for one in value)
    return str(value)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
