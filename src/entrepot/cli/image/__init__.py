"""`entrepot image`: images in a registry and in files. One file of this folder for each command.

These commands speak the registry's own protocol (`entrepot/remote`), with tokens for the user of `entrepot login`; what
the protocol has no words for (sizes, when a tag was pushed) is asked of the management API.
"""

from importlib import import_module

import typer

# Files of this folder with commands, in the order of `--help`.
_COMMANDS = ("listing", "inspect", "files", "push", "pull", "copy", "delete")


def register(app: typer.Typer) -> None:
    image = typer.Typer(help="Images: in the registry, in files, and between registries.", no_args_is_help=True)
    for name in _COMMANDS:
        import_module(f"{__name__}.{name}").register(image)
    app.add_typer(image, name="image")
