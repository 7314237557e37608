"""What pages of administration share: lists that go on by key, and pages that ask before something ends."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from entrepot.doors.console.visit import View

ROWS: Final = 50

_Row = TypeVar("_Row")


def page_of(found: Sequence[_Row], key_of: Callable[[_Row], str], rows: int = ROWS) -> tuple[Sequence[_Row], str]:
    """The rows of a page, and where the next one goes on; empty at the end.

    `found` has one row more when there is a next page.
    """
    if len(found) <= rows:
        return found, ""
    return found[:rows], key_of(found[rows - 1])


def asked(
    title: str, says: Sequence[str], action: str, label: str, back: str, names: Sequence[tuple[str, Sequence[str]]] = ()
) -> View:
    """A page that says what will end, and asks. `names`: headings with what they list; empty lists are left out."""
    values = {"title": title, "says": says, "action": action, "label": label, "back": back}
    return View("admin/confirm.html", {**values, "names": [(head, list_) for head, list_ in names if list_]})
