"""What pages of administration share: lists that go on by key, and pages that ask before something ends."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

from entrepot.db.walking import ListOrder
from entrepot.doors.console.forms import Form
from entrepot.doors.console.visit import View, Visit
from entrepot.values.errors import ParameterInvalid, worded

ROWS: Final = 50
BY_AGE: Final[Mapping[str, ListOrder]] = {"name": ListOrder.NAME, "created": ListOrder.CREATED}
BY_END: Final[Mapping[str, ListOrder]] = {**BY_AGE, "ends": ListOrder.ENDS}

_Row = TypeVar("_Row")


def page_of(found: Sequence[_Row], key_of: Callable[[_Row], str], rows: int = ROWS) -> tuple[Sequence[_Row], str]:
    """The rows of a page, and where the next one goes on; empty at the end.

    `found` has one row more when there is a next page.
    """
    if len(found) <= rows:
        return found, ""
    return found[:rows], key_of(found[rows - 1])


def sorting(visit: Visit, orders: Mapping[str, ListOrder]) -> tuple[str, ListOrder, bool]:
    """How a list is to be sorted: the name of the order as addresses have it, the order, whether descending.

    Raises ParameterInvalid.
    """
    key = visit.query("order") or "name"
    if key not in orders:
        raise ParameterInvalid(
            worded("This list is sorted by one of {orders}.", orders=", ".join(orders)), kind="query"
        )
    return key, orders[key], visit.query("direction") == "desc"


def asked(
    title: str, says: Sequence[str], action: str, label: str, back: str, names: Sequence[tuple[str, Sequence[str]]] = ()
) -> View:
    """A page that says what will end, and asks. `names`: headings with what they list; empty lists are left out."""
    values = {"title": title, "says": says, "action": action, "label": label, "back": back}
    return View("admin/confirm.html", {**values, "names": [(head, list_) for head, list_ in names if list_]})


def pairs_of(form: Form, first: str, second: str) -> Sequence[tuple[str, str]]:
    """What was typed in rows of two fields; rows with nothing in both are left out."""
    found = zip(form.many(first), form.many(second), strict=False)
    return [(one.strip(), other.strip()) for one, other in found if one.strip() or other.strip()]


def with_empty(rows: Sequence[tuple[str, str]], count: int = 3) -> Sequence[tuple[str, str]]:
    """Rows of a form, and some empty ones for more."""
    return [*rows, *[("", "")] * count]


@contextmanager
def at_its_field(**fields: str) -> Iterator[None]:
    """What is wrong is said at the field it is about: rooms name it or its kind, `fields` say which field that is here.

    Raises ParameterInvalid for what is raised inside.
    """
    try:
        yield
    except ParameterInvalid as error:
        kind = str(error.detail.get("kind", ""))
        field = error.detail.get("field") or fields.get(kind, kind)
        raise ParameterInvalid(error.message, kind=kind, field=field) from error
