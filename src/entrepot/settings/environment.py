"""Effective settings as environment variables, for a child process that must see the same."""

from pydantic import SecretStr

from entrepot.settings.sources import Loaded, variable


def settings_environment(loaded: Loaded) -> dict[str, str]:
    """`ENTREPOT_…` variables for every setting that is not at its default; the settings file is not needed again."""
    given = (name for name, origin in loaded.origins.items() if origin != "default" and name != "config")
    return {variable(name): _text(getattr(loaded.settings, name)) for name in given}


def _text(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
