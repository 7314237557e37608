"""`entrepot completion`: what a shell needs to complete our commands and options by Tab."""

from enum import StrEnum
from typing import Annotated

import typer

_VARIABLE = "_ENTREPOT_COMPLETE"


class Shell(StrEnum):
    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def register(app: typer.Typer) -> None:
    app.command()(completion)


def completion(shell: Annotated[Shell, typer.Argument(help="Which shell.")]) -> None:
    """Print the completion of a shell, for its start-up file or a package: eval "$(entrepot completion bash)"."""
    from typer.completion import shell_complete
    from typer.main import get_command

    from entrepot import cli

    shell_complete(get_command(cli.build()), {}, "entrepot", _VARIABLE, f"source_{shell.value}")
