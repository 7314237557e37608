"""The command `entrepot`: one file for each group of commands.

A file offers `register(app)`, which adds its commands. Its top imports the standard library and
typer only; what a command needs it imports when it runs, so that `entrepot --help` answers at once.
"""

import sys
from importlib import import_module

import typer

from entrepot import __version__
from entrepot.cli.exit_codes import ExitCode

# Files of this folder with commands, in the order of `entrepot --help`.
COMMANDS = (
    "serve",
    "backup",
    "migrate",
    "worker",
    "config",
    "system",
    "job",
    "maintenance",
    "gc",
    "verify",
    "reference",
    "login",
    "whoami",
    "domain",
    "user",
    "group",
    "key",
    "session",
    "org",
    "repo",
    "tag",
    "image",
    "moving",
    "trigger",
    "webhook",
    "retention",
    "immutable",
    "mirror",
    "virtual",
    "sync",
    "region",
    "edge",
    "grant",
    "share",
    "token",
    "robot",
    "idp",
    "federation",
    "quota",
    "usage",
    "audit",
    "explain",
    "search",
    "secrets",
    "completion",
)


def main() -> None:
    """Run the command line of this process; errors the user can mend are sentences on standard error."""
    from entrepot.settings import SettingsInvalid
    from entrepot.values.errors import Elsewhere, EntrepotError

    try:
        build()()
    except SettingsInvalid as error:
        _complain(*error.problems)
        sys.exit(ExitCode.USAGE)
    except Elsewhere as error:
        _complain(error.sentence)
        sys.exit(ExitCode.UNREACHABLE)
    except EntrepotError as error:
        _complain(error.sentence)
        sys.exit(ExitCode.REFUSED)
    except OSError as error:
        _complain(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}.")
        sys.exit(ExitCode.MACHINE)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


def build() -> typer.Typer:
    """The command line with all its commands."""
    app = typer.Typer(
        name="entrepot",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_entrepot)
    for name in COMMANDS:
        import_module(f"{__name__}.{name}").register(app)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"entrepot {__version__}")
        raise typer.Exit


def _entrepot(
    version: bool = typer.Option(
        False, "--version", help="Show the version and leave.", callback=_print_version, is_eager=True
    ),
) -> None:
    """A container image service you can run yourself.

    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the server cannot be reached, 4 this machine failed.
    """


def _complain(*sentences: str) -> None:
    for sentence in sentences:
        typer.echo(f"entrepot: {sentence}", err=True)
