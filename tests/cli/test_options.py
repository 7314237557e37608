"""Options that are written once are those of each command that takes them."""

from typing import Annotated, Any

import typer
from typer.testing import CliRunner

from entrepot.cli.options import Fields, said, taking


def color_fields(color: Annotated[list[str] | None, typer.Option(help="A color.")] = None) -> Fields:
    return said(colors=color)


def size_fields(height: Annotated[int | None, typer.Option(help="In meters.")] = None) -> Fields:
    return said(height=height)


def run(*words: str) -> tuple[str, dict[str, Any]]:
    app = typer.Typer()
    seen: dict[str, Any] = {}

    @app.command()
    @taking(color_fields, size_fields)
    def paint(name: Annotated[str, typer.Argument()], fields: Fields, as_json: bool = False) -> None:
        """Paint something."""
        seen.update(name=name, fields=fields, as_json=as_json)

    return CliRunner().invoke(app, words).output, seen


def test_a_command_has_the_options_it_takes_and_gets_what_was_said() -> None:
    _, seen = run("wall", "--height", "0", "--color", "red", "--color", "blue", "--as-json")

    assert seen == {"name": "wall", "fields": {"colors": ["red", "blue"], "height": 0}, "as_json": True}
    assert run("wall")[1]["fields"] == {}


def test_its_help_tells_of_all_of_them() -> None:
    out, _ = run("--help")

    assert all(
        word in out for word in ("Paint something", "--color", "A color.", "--height", "In meters.", "--as-json")
    )
