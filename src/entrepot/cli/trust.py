"""Options and answers that `entrepot idp` and `entrepot federation` share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from entrepot.cli.options import Fields, said
from entrepot.cli.output import show_json

CHECK_FAILED = 1


class Reaching(StrEnum):
    PUBLIC = "public"
    PRIVATE = "private"
    PLAIN = "plain"


Enabled = Annotated[bool | None, typer.Option("--enable/--disable", help="Let it work, or stop it at once.")]


def trust_fields(
    condition: Annotated[
        list[str] | None,
        typer.Option(
            "--condition",
            metavar="CLAIM=PATTERN",
            help="A claim that must fit; * is anything but / and :, ** is anything. May be given again.",
        ),
    ] = None,
    reach: Annotated[
        Reaching | None,
        typer.Option(
            help="public: a public address, with TLS. private: in a private network, too. plain: and without TLS."
        ),
    ] = None,
    authority: Annotated[
        Path | None,
        typer.Option(metavar="FILE", exists=True, dir_okay=False, help="PEM file with who signs its certificate."),
    ] = None,
) -> Fields:
    """How far another server is trusted."""
    return said(
        conditions=[_condition(one) for one in condition or ()],
        reach=None if reach is None else reach.value,
        authority=None if authority is None else authority.read_text(),
    )


def say_checked(checked: Any, as_json: bool) -> None:
    """What a check found; leaves with 1 when something is wrong."""
    if as_json:
        show_json(checked)
    else:
        for sentence in checked["says"]:
            typer.echo(sentence)
    if not checked["is_good"]:
        raise typer.Exit(CHECK_FAILED)


def _condition(text: str) -> dict[str, str]:
    claim, equals, pattern = text.partition("=")
    if not equals or not claim or not pattern:
        raise typer.BadParameter(f"should be CLAIM=PATTERN, not {text!r}.", param_hint="--condition")
    return {"claim": claim, "pattern": pattern}
