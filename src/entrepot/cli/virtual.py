"""`entrepot virtual`: organizations that merge others, local ones and mirrors."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from entrepot.cli.options import Fields, taking
from entrepot.cli.output import AsJson, Yes, confirm, done, show_json, show_one, show_table

_VIRTUAL = "/v2/manage/virtual"
_VERDICTS = {
    "answers": "answers",
    "absent": "does not have it",
    "refused": "refused: {rule}",
    "not_asked": "not asked",
}
_FACTS = {
    "digest": "Image",
    "known_since": "Known since",
    "created_at": "Says it was made",
    "free_at": "Served from",
}

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the virtual organization.")]

virtual = typer.Typer(
    help="Virtual organizations: those that merge others, local ones and mirrors.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    app.add_typer(virtual, name="virtual")


def _rules(
    allow: Annotated[
        list[str] | None,
        typer.Option(metavar="[MEMBER:]PATTERN", help="Only such names, as library/*, of all or of one member."),
    ] = None,
    deny: Annotated[
        list[str] | None,
        typer.Option(metavar="[MEMBER:]PATTERN", help="No such names, of all members or of one."),
    ] = None,
    quarantine: Annotated[
        str | None, typer.Option(help="How long an image of a mirror is known here before it is served, as 3d.")
    ] = None,
) -> Fields:
    from entrepot.plumbing.units import parse_seconds

    fields: Fields = {key: given for key, given in {"allow": allow, "deny": deny}.items() if given}
    if quarantine is not None:
        try:
            fields["quarantine_seconds"] = parse_seconds(quarantine)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--quarantine") from None
    return fields


Members = Annotated[
    list[str],
    typer.Option(
        "--member", metavar="ORG[/PATTERN]", help="An organization, or what of it; asked in the order that is given."
    ),
]


@virtual.command()
@taking(_rules)
def create(
    name: Name,
    fields: Fields,
    member: Members,
    public: Annotated[bool, typer.Option("--public", help="Anybody may pull what it merges.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the organization NAME, which merges others, if you operate this installation.

    Who may read NAME is given all that it merges, whatever they may read of the members.
    """
    from entrepot.cli.client import Client

    body = _body(fields, _members(member, {}))
    with Client() as client:
        row = client.call("POST", _VIRTUAL, {"name": name, "is_public": public, **body})
        host = client.sign_in.url.partition("://")[2]
    merged = ", ".join(one["organization"] for one in row["members"])
    done(f"{name} merges {merged}: pull {host}/{name}/REPOSITORY.", row, as_json)


@virtual.command("list")
def list_virtuals(as_json: AsJson = False) -> None:
    """List the virtual organizations that you may read."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = list(client.pages(_VIRTUAL, "virtual"))
    if as_json:
        show_json(rows)
        return
    show_table(("Name", "Merges", "Quarantine"), (_line(row) for row in rows), "There is no virtual organization.")


@virtual.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a virtual organization: its members in order, and its rules."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(name))
    told = {**row, "members": "; ".join(_said(one) for one in row["members"])}
    show_one(row if as_json else told | {key: ", ".join(row[key]) for key in ("allow", "deny")}, as_json)


@virtual.command()
@taking(_rules)
def update(
    name: Name,
    fields: Fields,
    member: Annotated[
        list[str] | None,
        typer.Option("--member", metavar="ORG[/PATTERN]", help="Its members from now on; those that stay keep rules."),
    ] = None,
    forget: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN", help="Names that belong to no member any more, and go to the first that has them."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given; a list of patterns takes the place of the one before, '' that of all."""
    from entrepot.cli.client import Client

    with Client() as client:
        known = {one["organization"]: one for one in client.call("GET", _path(name))["members"]}
        body = _body(fields, _members(member or list(known), known))
        if not member and not any(":" in text for key in ("allow", "deny") for text in fields.get(key, ())):
            del body["members"]
        row = client.call("PATCH", _path(name), body | ({"forget": forget} if forget else {}))
    done(f"Changed {name}.", row, as_json)


@virtual.command()
def delete(name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Merge nothing more. The organization stays, empty, as one like others."""
    from entrepot.cli.client import Client

    confirm(f"{name} merges nothing more: nothing can be pulled by its name.", yes)
    with Client() as client:
        client.call("DELETE", _path(name))
    done(f"{name} merges nothing any more.", {"name": name}, as_json)


@virtual.command()
def explain(
    name: Name,
    what: Annotated[
        str, typer.Argument(metavar="REPOSITORY[:TAG]", help="A name in it, as team/app:v1; or with @ and a digest.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say which member answers for an image, and why, or which rule refuses it."""
    from entrepot.cli.client import Client

    repository, _, digest = what.partition("@")
    repository, _, tag = repository.partition(":")
    reference = digest or tag
    parameters = {"repository": repository} | ({"reference": reference} if reference else {})
    with Client() as client:
        found = client.call("GET", f"{_path(name)}/explain", parameters=parameters)
    if as_json:
        show_json(found)
        return
    where = f" from {found['repository']}" if found["repository"] else ""
    typer.echo(f"{name}/{what}: {found['outcome']}{where}. {found['because']}")
    for key, label in _FACTS.items():
        if found.get(key):
            typer.echo(f"{label}: {found[key]}")
    lines = ((one["organization"], _VERDICTS[one["verdict"]].format(rule=one["rule"])) for one in found["members"])
    show_table(("Member", ""), lines, "")


def _members(given: Iterable[str], known: Mapping[str, Mapping[str, Any]]) -> list[Fields]:
    members: dict[str, Fields] = {}
    for text in given:
        organization, slash, pattern = text.partition("/")
        before = known.get(organization, {})
        one = members.setdefault(
            organization,
            {
                "organization": organization,
                "allow": list(before.get("allow", ())),
                "deny": list(before.get("deny", ())),
            },
        )
        if slash:
            one["allow"] = [*(one["allow"] if one.get("is_narrowed") else ()), pattern]
            one["is_narrowed"] = True
    return [{key: value for key, value in one.items() if key != "is_narrowed"} for one in members.values()]


def _body(fields: Fields, members: list[Fields]) -> Fields:
    """The fields of a call, with patterns of one member (`hub:library/*`) where they belong. '' is no pattern."""
    body: Fields = {key: value for key, value in fields.items() if key not in ("allow", "deny")}
    by_name = {one["organization"]: one for one in members}
    for key in ("allow", "deny"):
        of_all: list[str] = []
        of_one: dict[str, list[str]] = {}
        for text in fields.get(key, ()):
            name, colon, pattern = text.rpartition(":")
            if colon and name not in by_name:
                raise typer.BadParameter(f"{name} is not a member.", param_hint=f"--{key}")
            of = of_one.setdefault(name, []) if colon else of_all
            of += [pattern] if pattern else []
        for name, patterns in of_one.items():
            by_name[name][key] = patterns
        if any(":" not in text for text in fields.get(key, ())):
            body[key] = of_all
    return body | {"members": members}


def _path(name: str) -> str:
    from entrepot.values.names import OrganizationName

    return f"{_VIRTUAL}/{OrganizationName.parse(name)}"


def _said(member: Mapping[str, Any]) -> str:
    of = f" (mirror of {member['host']})" if member["host"] else ""
    rules = "".join(f", {key} {' '.join(member[key])}" for key in ("allow", "deny") if member[key])
    return f"{member['organization']}{of}{rules}"


def _line(row: Mapping[str, Any]) -> tuple[object, ...]:
    from entrepot.plumbing.units import show_seconds

    names = ", ".join(one["organization"] for one in row["members"])
    return row["name"], names, show_seconds(row["quarantine_seconds"]) if row["quarantine_seconds"] else ""
