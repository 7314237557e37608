"""Where providers are in the management API."""

from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(help="Name of the provider.")]

PROVIDERS = "/v2/manage/identity-providers"


def path_of(name: str) -> str:
    from entrepot.values.names import ProviderName

    return f"{PROVIDERS}/{ProviderName.parse(name)}"
