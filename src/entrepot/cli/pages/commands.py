"""The page of commands: every command with its arguments and options, as `--help` shows them."""

from collections.abc import Iterator
from typing import Any

import typer

from entrepot import cli
from entrepot.cli.pages import Page, markdown

_INTRODUCTION = """\
`entrepot serve` and `entrepot worker` run the registry; `config` and `reference` only print. All others talk to a
server: the one that `entrepot login` named last, or the one in `ENTREPOT_URL`, as `ENTREPOT_USER` with
`ENTREPOT_PASSWORD`.

Every command has `--help`, and ends with one of the [exit codes](exit-codes.md). `eval "$(entrepot completion bash)"`
(or zsh; in fish: `entrepot completion fish | source`) lets the Tab key complete commands and options.
"""

# Typer carries its own copy of click and exports no names for commands and parameters.
Command = Any
Parameter = Any


def page() -> str:
    root = typer.main.get_command(cli.build())
    lines = [*markdown.heading("Commands", Page.COMMANDS, "src/entrepot/cli/"), _INTRODUCTION]
    for context in _leaves(typer.Context(root, info_name="entrepot")):
        lines += _described(context)
    return "\n".join(lines)


def _leaves(context: typer.Context) -> Iterator[typer.Context]:
    """Every command that does something, in the order of `--help`."""
    command: Command = context.command
    if not hasattr(command, "commands"):
        yield context
        return
    for name in command.list_commands(context):
        below: Command = command.get_command(context, name)
        if not below.hidden:
            yield from _leaves(typer.Context(below, info_name=name, parent=context))


def _described(context: typer.Context) -> list[str]:
    command: Command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    shown = [one for one in command.get_params(context) if one.name != "help" and not getattr(one, "hidden", False)]
    lines = [f"## {context.command_path}", "", "```sh", " ".join(usage.split()), "```", "", _text(command.help), ""]
    for kind in ("argument", "option"):
        rows = [_row(one, context) for one in shown if one.param_type_name == kind]
        lines += markdown.table((kind, "what it is"), rows) if rows else []
    return lines


def _row(parameter: Parameter, context: typer.Context) -> tuple[str, str]:
    names, about = parameter.get_help_record(context)
    return markdown.code(names), " ".join(about.split())


def _text(text: str) -> str:
    """Paragraphs, each in one line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n"))
