"""What can be said of a provider, when it is set up and later: the options, and the fields they become."""

from typing import Annotated

import typer

from entrepot.cli.options import Fields, said

OIDC, LDAP = "OpenID Connect", "LDAP"  # panels of --help


def provider_fields(
    secret_stdin: Annotated[
        bool,
        typer.Option(
            "--secret-stdin", help="Read the client's secret, or the password of --bind-dn, from standard input."
        ),
    ] = False,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", metavar="THEIRS=OURS", help="Who is in their group is in ours. May be given again."),
    ] = None,
    provision: Annotated[
        bool | None, typer.Option("--provision/--no-provision", help="Make an account at somebody's first login.")
    ] = None,
    email_domain: Annotated[
        list[str] | None,
        typer.Option(
            "--email-domain", metavar="DOMAIN", help="Only for verified addresses of DOMAIN. May be given again."
        ),
    ] = None,
) -> Fields:
    import sys

    secret = sys.stdin.readline().rstrip("\r\n") if secret_stdin else None
    return said(secret=secret, provisions=provision, email_domains=email_domain, groups=_groups(group))


def oidc_fields(
    client_id: Annotated[
        str | None, typer.Option(help="This registry's id at the provider.", rich_help_panel=OIDC)
    ] = None,
    scope: Annotated[
        list[str] | None, typer.Option("--scope", help="Scopes to ask for, openid among them.", rich_help_panel=OIDC)
    ] = None,
    name_claim: Annotated[
        str | None, typer.Option(help="Claim that names a new account.", rich_help_panel=OIDC)
    ] = None,
    groups_claim: Annotated[str | None, typer.Option(help="Claim with the groups.", rich_help_panel=OIDC)] = None,
) -> Fields:
    return said(client_id=client_id, scopes=scope, name_claim=name_claim, groups_claim=groups_claim)


def ldap_fields(
    url: Annotated[
        str | None, typer.Option(help="ldaps://HOST, or ldap://HOST with --start-tls.", rich_help_panel=LDAP)
    ] = None,
    start_tls: Annotated[bool | None, typer.Option("--start-tls/--no-start-tls", rich_help_panel=LDAP)] = None,
    bind_dn: Annotated[str | None, typer.Option(help="Who searches; nobody without it.", rich_help_panel=LDAP)] = None,
    user_dn: Annotated[
        str | None,
        typer.Option(
            help="In place of a search: whose entry it is, as uid={name},ou=people,dc=example.", rich_help_panel=LDAP
        ),
    ] = None,
    base_dn: Annotated[str | None, typer.Option(help="Where people are.", rich_help_panel=LDAP)] = None,
    user_filter: Annotated[
        str | None, typer.Option(help="Finds a person; {name} is what they typed.", rich_help_panel=LDAP)
    ] = None,
    group_base_dn: Annotated[str | None, typer.Option(help="Where groups are.", rich_help_panel=LDAP)] = None,
    group_filter: Annotated[
        str | None, typer.Option(help="Finds the groups of a person; {dn} is their entry.", rich_help_panel=LDAP)
    ] = None,
    name_attribute: Annotated[
        str | None, typer.Option(help="Attribute that names a new account.", rich_help_panel=LDAP)
    ] = None,
) -> Fields:
    return said(
        url=url,
        start_tls=start_tls,
        bind_dn=bind_dn,
        user_dn=user_dn,
        base_dn=base_dn,
        user_filter=user_filter,
        group_base_dn=group_base_dn,
        group_filter=group_filter,
        name_attribute=name_attribute,
    )


def _groups(pairs: list[str] | None) -> dict[str, str] | None:
    """Split at the last `=`: a directory's groups have some in their names."""
    split = [one.rpartition("=") for one in pairs or ()]
    for theirs, _, ours in split:
        if not theirs or not ours:
            raise typer.BadParameter("should be THEIRS=OURS.", param_hint="--group")
    return {theirs: ours for theirs, _, ours in split} or None
