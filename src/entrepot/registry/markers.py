"""Markers: where a list of repositories that goes on by key continues, as text that a program gives back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.registry.wanted import WalkOrder
from entrepot.values.errors import NameInvalid, ParameterInvalid
from entrepot.values.names import RepositoryName


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
