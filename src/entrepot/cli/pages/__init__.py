"""Reference pages, printed from the tables of the code. `printer` knows them by name; start reading there.

Here, on the top floor, because a page may look into any room. Settings have their own page, in
`settings/reference.py`.
"""

from collections.abc import Callable
from enum import StrEnum
from importlib import import_module


class Page(StrEnum):
    """The pages there are; each is a file of this folder and a file of docs/reference."""

    ERRORS = "errors"
    PERMISSIONS = "permissions"
    METRICS = "metrics"
    COMMANDS = "commands"
    EXIT_CODES = "exit-codes"
    REGISTRY_API = "registry-api"
    MANAGEMENT_API = "management-api"


def printer(page: Page) -> Callable[[], str]:
    """What prints `page`, in Markdown. Imports only the rooms that this page is about."""
    found: Callable[[], str] = import_module(f"{__name__}.{page.name.lower()}").page
    return found
