"""What a rule for several regions may say on the command line, where it is made and where it is changed."""

from typing import Annotated

import typer

from entrepot.cli.options import Fields, said

WHAT = "What is copied"
_WHEN = "When, and how fast"

_Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag", metavar="PATTERN", help="Tags like it, as v*; may be given again. '' for all.", rich_help_panel=WHAT
    ),
]
_Exclusions = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="PATTERN",
        help="No tags like it, as *-rc*; may be given again. '' for none.",
        rich_help_panel=WHAT,
    ),
]
_Organization = Annotated[
    str | None,
    typer.Option(help="The organization on the other side; '' for that of the same name.", rich_help_panel=WHAT),
]
_Override = Annotated[
    bool | None,
    typer.Option("--override/--no-override", help="Replace another image of the name.", rich_help_panel=WHAT),
]
_Referrers = Annotated[
    bool | None,
    typer.Option("--referrers/--no-referrers", help="Signatures, SBOMs and the like come along.", rich_help_panel=WHAT),
]
_Deletes = Annotated[
    bool | None,
    typer.Option(
        "--delete/--no-delete",
        help="Delete what the rule copied with the tag it was copied from, if it still names the same.",
        rich_help_panel=WHAT,
    ),
]
_Every = Annotated[
    str | None,
    typer.Option("--every", help="Look for what differs so often, as 6h; '' for no longer.", rich_help_panel=_WHEN),
]
_At = Annotated[
    str | None,
    typer.Option(
        metavar="HH:MM", help="Look for what differs at this time (UTC); '' for no longer.", rich_help_panel=_WHEN
    ),
]
_Windows = Annotated[
    list[str] | None,
    typer.Option(
        "--window",
        metavar="HH:MM-HH:MM",
        help="Copy only within these times (UTC), as 22:00-06:00; may be given again. '' for always.",
        rich_help_panel=_WHEN,
    ),
]
_Rate = Annotated[
    str | None,
    typer.Option(
        metavar="BYTES",
        help="How much all its copies move each second, as 10MB; 0 for no limit.",
        rich_help_panel=_WHEN,
    ),
]


def what(
    tag: _Tags = None,
    exclude: _Exclusions = None,
    org: _Organization = None,
    override: _Override = None,
    referrers: _Referrers = None,
    deletes: _Deletes = None,
) -> Fields:
    """What is copied, to where, and what becomes of what is there."""
    patterns: Fields = {"tags": tag, "exclusions": exclude}
    fields = said(namespace=org, override=override, referrers=referrers, deletes=deletes)
    return fields | {key: _without_empty(given) for key, given in patterns.items() if given}


def when(every: _Every = None, at: _At = None, window: _Windows = None, rate: _Rate = None) -> Fields:
    """When, and how fast."""
    fields: Fields = {}
    if every is not None:
        fields["every_seconds"] = _read(every, "--every") if every else None
    if at is not None:
        fields["at"] = at or None
    if window:
        fields["windows"] = _without_empty(window)
    if rate is not None:
        fields["bytes_per_second"] = _read(rate, "--rate")
    return fields


def _without_empty(given: list[str]) -> list[str]:
    return [one for one in given if one]


def _read(text: str, option: str) -> int:
    from entrepot.plumbing.units import parse_bytes, parse_seconds

    try:
        return parse_seconds(text) if option == "--every" else parse_bytes(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None
