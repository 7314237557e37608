"""What can be limited, and the arithmetic of limits that are kept in slices (docs/decisions/0011). No await."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from entrepot.values.errors import ParameterInvalid, QuotaExceeded, worded

UNLIMITED: Final = -1
SLICES: Final = 16
"""Rows that a limit is spread over: so many pushes take from it at once without waiting for each other."""
_LIMIT_MAX: Final = 2**62


class Resource(StrEnum):
    """What a limit counts. The order of their names is the order in which a transaction takes from them.

    ARCHIVE_BYTES counts nothing: it is the size that each archive handed in may have.
    """

    ARCHIVE_BYTES = "archive_bytes"
    BYTES = "bytes"
    ORGANIZATIONS = "organizations"
    REPOSITORIES = "repositories"
    TAGS = "tags"


COUNTED: Final = (Resource.BYTES, Resource.ORGANIZATIONS, Resource.REPOSITORIES, Resource.TAGS)
OF_DOMAIN: Final = COUNTED
OF_ORGANIZATION: Final = (Resource.BYTES, Resource.REPOSITORIES, Resource.TAGS, Resource.ARCHIVE_BYTES)
SIZES: Final = (Resource.BYTES, Resource.ARCHIVE_BYTES)
# What the management API makes of a refusal is decided by this (contract §12).
_KINDS: Final[Mapping[str, str]] = {one: f"quota-{one}" for one in COUNTED}


@dataclass(frozen=True, slots=True)
class Slice:
    """One of the rows a limit is spread over. Only their sums mean something to anybody."""

    number: int
    used: int
    allowed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How much of a limit is used. `scope`: a domain's id or an organization's number."""

    scope: str
    resource: Resource
    used: int
    limit: int

    @property
    def left(self) -> int:
        return self.limit - self.used

    def check(self, amount: int) -> None:
        """Pass when `amount` more fits. Raises QuotaExceeded."""
        if amount > self.left:
            raise exceeded(self, amount)


def standing(scope: str, resource: Resource, slices: Sequence[Slice]) -> Standing:
    return Standing(scope, resource, sum(one.used for one in slices), sum(one.allowed for one in slices))


def spread(used: int, limit: int) -> list[Slice]:
    """`used` and `limit` over all slices, each with as much room as the others. Room may be negative, too."""
    uses, rooms = _evenly(used), _evenly(limit - used)
    return [Slice(number, uses[number], uses[number] + rooms[number]) for number in range(SLICES)]


def _evenly(amount: int) -> list[int]:
    each, rest = divmod(amount, SLICES)
    return [each + (number < rest) for number in range(SLICES)]


def check_limit(limit: int) -> int:
    """A limit somebody wants to set; UNLIMITED or from 0 on. Raises ParameterInvalid."""
    if limit != UNLIMITED and not 0 <= limit <= _LIMIT_MAX:
        raise ParameterInvalid(
            worded(
                "A limit is a number from 0 on, or {unlimited} for none; not {limit}.", unlimited=UNLIMITED, limit=limit
            )
        )
    return limit


def exceeded(standing: Standing, amount: int) -> QuotaExceeded:
    of = organization_or_domain(standing.scope)
    return QuotaExceeded(
        worded(
            "The quota of the {of} for {resource} is used up: {used} used, {limit} allowed, {amount} "
            "more would not fit. Delete what is not needed, or ask an operator for a higher limit.",
            of=of,
            resource=standing.resource,
            used=standing.used,
            limit=standing.limit,
            amount=amount,
        ),
        kind=_KINDS[standing.resource],
        quota=str(standing.resource),
        of=of,
        used=standing.used,
        limit=standing.limit,
        wanted=amount,
    )


def organization_scope(organization_id: int) -> str:
    """What limits of an organization are kept under; those of a domain under its id, which is never so short."""
    return str(organization_id)


def organization_or_domain(scope: str) -> str:
    return "organization" if scope.isdigit() and len(scope) < 20 else "domain"
