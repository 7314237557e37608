"""Remembered: what was read and worked out once, as much as is allowed; what nobody asked for longest goes first."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Remembered(Generic[Kept]):
    """Values by key. `weight_max`: of all together; a value heavier than that is not kept."""

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._kept: OrderedDict[Hashable, tuple[int, Kept]] = OrderedDict()

    def get(self, key: Hashable) -> Kept | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][1]

    def keep(self, key: Hashable, value: Kept, weight: int) -> None:
        """Remember `value`, in the place of what has its key."""
        if weight > self._weight_max:
            return
        old, _ = self._kept.pop(key, (0, None))
        self._kept[key] = weight, value
        self._weight += weight - old
        while self._weight > self._weight_max:
            _, (gone, _value) = self._kept.popitem(last=False)
            self._weight -= gone
