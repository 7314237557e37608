"""Markers: where a list of repositories or tags that goes on by key continues, as text that a program gives back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.registry.wanted import TagOrder, WalkOrder
from entrepot.values.errors import NameInvalid, ParameterInvalid
from entrepot.values.names import RepositoryName, TagName

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ROW_NUMBER_MAX: Final = 2**63 - 1
_DIGITS_MAX: Final = 19


def walk_marker(order: WalkOrder, row: Row[Any]) -> str:
    """The marker of what comes after `row`."""
    return f"{row.updated_at.isoformat()} {row.path}" if order is WalkOrder.UPDATED else str(row.path)


def parse_walk(order: WalkOrder, marker: str) -> Sequence[Any]:
    """The keys of the row that a marker comes after. Raises ParameterInvalid for one of another list."""
    moment, space, path = marker.rpartition(" ")
    try:
        parsed = RepositoryName.parse(path)
        if bool(space) is not (order is WalkOrder.UPDATED):
            raise ValueError
        match order:
            case WalkOrder.UPDATED:
                at = datetime.fromisoformat(moment)
                if at.tzinfo is None:
                    raise ValueError
                return (at, parsed)
            case WalkOrder.NAME:
                return (parsed.name, parsed)
            case WalkOrder.PATH:
                return (parsed,)
    except (NameInvalid, ValueError):
        raise ParameterInvalid("The marker is not one that this list gave.", kind="marker") from None


def tag_marker(order: TagOrder, row: Row[Any]) -> str:
    """The marker of what comes after the tag `row`: its name, or when it was last pushed and its number."""
    return str(row.name) if order is TagOrder.NAME else f"{(row.pushed_at - _EPOCH) // _MICROSECOND}.{row.id}"


def parse_tag(order: TagOrder, marker: str) -> Sequence[Any]:
    """The keys of the tag that a marker comes after. Raises NameInvalid or ParameterInvalid for one of another list."""
    if order is TagOrder.NAME:
        return (TagName.parse(marker),)
    moment, _, number = marker.partition(".")
    if all(one.isascii() and one.isdigit() and len(one) <= _DIGITS_MAX for one in (moment, number)):
        try:
            at = _EPOCH + int(moment) * _MICROSECOND
        except OverflowError:
            pass
        else:
            if int(number) <= _ROW_NUMBER_MAX:
                return (at, int(number))
    raise ParameterInvalid("The marker is not one that this list gave.", kind="marker")
