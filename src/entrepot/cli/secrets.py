"""`entrepot secrets`: the key that seals secrets in the database, replaced while servers run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entrepot.cli.config import ConfigFile
from entrepot.cli.output import AsJson, done

if TYPE_CHECKING:
    from entrepot.settings import Settings

secrets = typer.Typer(help="The key that seals secrets at rest.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(secrets, name="secrets")


@secrets.command()
def rotate(
    data: Annotated[Path | None, typer.Option(help="Folder for everything kept on this machine.")] = None,
    database_url: Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")] = None,
    only_server: Annotated[
        bool, typer.Option("--only-server", help="No server on another machine uses this PostgreSQL database.")
    ] = False,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Seal every secret anew, and drop the old key. Run it beside the server, with its settings; servers go on.

    The key in DATA/secret-key is replaced. Keys in ENTREPOT_SECRET_KEY are the operator's to replace: with the
    new one first and the old one behind it, on all servers, this seals with the first.
    """
    import asyncio

    from entrepot.settings import load

    loaded = load({"data": data, "database_url": database_url, "config": config})
    for warning in loaded.warnings:
        typer.echo(f"warning: {warning}", err=True)
    settings = loaded.settings
    if settings.secret_key is not None:
        count = asyncio.run(_seal_with_first_of_environment(settings))
        said = "Take the old keys out of ENTREPOT_SECRET_KEY on every server, and restart them."
    else:
        if settings.database_url.startswith("postgresql:") and not only_server:
            raise typer.BadParameter(
                "servers on other machines need the new key, too: give the keys in ENTREPOT_SECRET_KEY, "
                "or say that there are none.",
                param_hint="--only-server",
            )
        count = asyncio.run(_replace_key_of_file(settings))
        said = "The old key is gone."
    done(f"Sealed {count} secrets anew. {said}", {"sealed": count}, as_json)


async def _replace_key_of_file(settings: "Settings") -> int:
    """A new key is added, everything is sealed with it, the old ones go; broken off, it goes on where it was."""
    from entrepot.app import SECRET_KEY_FILE
    from entrepot.plumbing.sealing import Sealer, new_key, read_keys, write_keys
    from entrepot.safekeeping import seal_all_anew
    from entrepot.values.errors import ParameterInvalid

    file = settings.data / SECRET_KEY_FILE
    if not file.exists():
        raise ParameterInvalid(f"There is no key in {file}. Is this the data folder of the server?")
    keys = read_keys(file)
    if len(keys) == 1:
        keys.insert(0, new_key())
        write_keys(file, keys)
    count = await seal_all_anew(settings, Sealer(file=file))
    write_keys(file, keys[:1])
    return count


async def _seal_with_first_of_environment(settings: "Settings") -> int:
    from entrepot.plumbing.sealing import Sealer, parse_keys
    from entrepot.safekeeping import seal_all_anew
    from entrepot.values.errors import ParameterInvalid

    assert settings.secret_key is not None, "the caller looked"
    keys = parse_keys(settings.secret_key.get_secret_value())
    if len(keys) == 1:
        raise ParameterInvalid("ENTREPOT_SECRET_KEY has one key. Put a new one before it on every server first.")
    return await seal_all_anew(settings, Sealer(*keys))
