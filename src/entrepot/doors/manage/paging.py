"""Paging, ordering and filters of the contract (§14), parsed as the contract wants them refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

from entrepot.db.walking import ListOrder
from entrepot.doors.manage.paths import repository_text
from entrepot.values.errors import ParameterInvalid, quoted

LIMIT_DEFAULT = 100
LIMIT_MAX = 1_000
_DIGITS_MAX = 9
_ROW_DIGITS_MAX = 18

BY_AGE: Final = {"name": ListOrder.NAME, "created_at": ListOrder.CREATED}
BY_END: Final = {**BY_AGE, "expires_at": ListOrder.ENDS}

_Order = TypeVar("_Order", bound=Enum)


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows of a list."""

    limit: int
    offset: int

    def content_range(self, count: int, total: int) -> str:
        """The `Content-Range` header: start, rows on this page, rows in all; not the byte range of HTTP."""
        return f"{self.offset}-{count}/{total}"


def parse_window(limit: str | None, offset: str | None, default: int = LIMIT_DEFAULT, most: int = LIMIT_MAX) -> Window:
    """The page asked for; what is missing has its default. Raises ParameterInvalid."""
    return Window(parse_limit(limit, default, most), 0 if offset is None else _number("offset", offset, 0))


def parse_limit(limit: str | None, default: int = LIMIT_DEFAULT, most: int = LIMIT_MAX) -> int:
    """Rows on a page. Raises ParameterInvalid."""
    wanted = default if limit is None else _number("limit", limit, 1)
    if wanted > most:
        raise ParameterInvalid(f"limit is at most {most}.", kind="page")
    return wanted


def parse_filter(text: str | None, keys: Sequence[str]) -> dict[str, str]:
    """The parts of `key::value|key::value`; empty when there is no filter. Raises ParameterInvalid."""
    if text is None:
        return {}
    found: dict[str, str] = {}
    for part in text.split("|"):
        key, colons, value = part.partition("::")
        if not colons or key not in keys or key in found:
            raise ParameterInvalid(
                f"A filter is KEY::VALUE parts joined by |, each KEY once, one of {', '.join(keys)}; "
                f"not {quoted(part)}.",
                kind="filter",
            )
        found[key] = value
    return found


def parse_name_part(text: str | None) -> str:
    """What `name::PART` narrows a list by; empty for all of it. Raises ParameterInvalid."""
    return parse_filter(text, ("name",)).get("name", "")


def parse_repository_part(text: str | None) -> str | None:
    """A part of a repository's name, in which clients write `$` for `/` (contract §1)."""
    return None if text is None else repository_text(text)


def parse_order(
    column: str | None, direction: str | None, columns: Mapping[str, _Order], default: _Order
) -> tuple[_Order, bool]:
    """What to sort by and whether descending: names from a to z, everything else the newest or largest first.

    Raises ParameterInvalid.
    """
    if column is not None and column not in columns:
        raise ParameterInvalid(f"order_column is one of {', '.join(columns)}; not {quoted(column)}.", kind="order")
    descending = parse_direction("order_type", direction)
    order = default if column is None else columns[column]
    return order, order.name != "NAME" if descending is None else descending


def parse_walk(column: str | None, direction: str | None, columns: Mapping[str, ListOrder]) -> tuple[ListOrder, bool]:
    """What a list that goes on by key is sorted by, and whether descending: what was made last comes first.

    Raises ParameterInvalid.
    """
    order, _ = parse_order(column, direction, columns, ListOrder.NAME)
    descending = parse_direction("order_type", direction)
    return order, order is ListOrder.CREATED if descending is None else descending


def parse_direction(name: str, text: str | None) -> bool | None:
    """Whether `desc` was said; None when nothing was. Raises ParameterInvalid."""
    if text not in (None, "asc", "desc"):
        raise ParameterInvalid(f"{name} is asc or desc, not {quoted(text or '')}.", kind="query")
    return None if text is None else text == "desc"


def parse_flag(name: str, text: str | None) -> bool | None:
    """`true` or `false` in a query. Raises ParameterInvalid."""
    if text is None:
        return None
    if text not in ("true", "false"):
        raise ParameterInvalid(f"{name} is true or false, not {quoted(text)}.", kind=name)
    return text == "true"


def parse_marker(text: str | None) -> int:
    """A marker that is the number of a row; 0, which is before every row, when there is none."""
    return 0 if text is None else _number("marker", text, 0, _ROW_DIGITS_MAX)


def parse_row_number(name: str, text: str) -> int:
    """The number of a row in a query. Raises ParameterInvalid."""
    return _number(name, text, 0, _ROW_DIGITS_MAX)


def _number(name: str, text: str, least: int, digits_max: int = _DIGITS_MAX) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > digits_max or int(text) < least:
        raise ParameterInvalid(f"{name} is a number from {least} on, not {quoted(text)}.", kind="page")
    return int(text)
