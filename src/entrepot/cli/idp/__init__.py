"""`entrepot idp`: identity providers, by which people sign in.

`providers.py` sets them up, with the options of `fields.py`; `links.py` says whose account is whose there.
"""

from importlib import import_module

import typer


def register(app: typer.Typer) -> None:
    idp = typer.Typer(help="Identity providers: by which people sign in.", no_args_is_help=True)
    for name in ("providers", "links"):
        import_module(f"{__name__}.{name}").register(idp)
    app.add_typer(idp, name="idp")
