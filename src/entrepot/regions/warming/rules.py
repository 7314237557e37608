"""What may be warmed up, which nodes are chosen for it, when one that failed begins again. Values in, value out."""

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from entrepot.access.patterns import fits
from entrepot.mirror.wide_rules import parse_patterns
from entrepot.values.errors import ParameterInvalid, TooMany, worded
from entrepot.values.manifest import Manifest
from entrepot.values.names import RegionName
from entrepot.values.platform import Platform

REGIONS_MAX: Final = 50
PLATFORMS_MAX: Final = 20
COPIES_MAX: Final = 1_000
WAITING_MAX: Final = 1_000
"""Warm-ups that have not ended, of an installation."""
RULES_MAX: Final = 100
"""Of an installation: each is looked at for what is pushed."""
ORDERS_MAX: Final = 10
"""What one node hears at once."""
ERROR_CHARS_MAX: Final = 500
_ATTEMPTS_MAX: Final = 12
_WAIT_SECONDS: Final = 5
_WAIT_SECONDS_MAX: Final = 900
_REPOSITORIES: Final = re.compile(r"[a-z0-9._/*-]+", re.ASCII)
_TAGS: Final = re.compile(r"[A-Za-z0-9._*-]+", re.ASCII)


class WarmState(StrEnum):
    """Of one node, and of all of a warm-up's nodes together. `FAILED`: it may be tried again."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody, or a rule, wants of an image. `platforms`: none: all there are. `copies`: how many nodes of each
    region get it; None: all.
    """

    regions: tuple[str, ...]
    platforms: tuple[str, ...] = ()
    copies: int | None = None

    @classmethod
    def parse(cls, regions: Sequence[str], platforms: Sequence[str] = (), copies: int | None = None) -> "Wish":
        """Raises NameInvalid or ParameterInvalid."""
        if not 1 <= len(set(regions)) <= REGIONS_MAX:
            raise ParameterInvalid(worded("A warm-up names 1 to {limit} regions.", limit=REGIONS_MAX), field="regions")
        if len(platforms) > PLATFORMS_MAX:
            raise ParameterInvalid(
                worded("A warm-up names at most {limit} platforms.", limit=PLATFORMS_MAX), field="platforms"
            )
        if copies is not None and not 1 <= copies <= COPIES_MAX:
            raise ParameterInvalid(
                worded("An image goes to 1 to {limit} nodes of a region, or to all.", limit=COPIES_MAX), field="copies"
            )
        return cls(
            tuple(dict.fromkeys(RegionName.parse(one) for one in regions)),
            tuple(dict.fromkeys(str(Platform.parse(one)) for one in platforms)),
            copies,
        )


@dataclass(frozen=True, slots=True)
class WarmRule:
    """Tags like one of `tags` (all without one), in repositories like one of `repositories`, are warmed up as wished
    when they are pushed.
    """

    repositories: tuple[str, ...]
    tags: tuple[str, ...]
    wish: Wish

    @classmethod
    def parse(cls, repositories: Sequence[str], tags: Sequence[str], wish: Wish) -> "WarmRule":
        """Raises ParameterInvalid."""
        if not repositories:
            raise ParameterInvalid("A rule names repositories, as acme/*.", field="scopes")
        return cls(parse_patterns(repositories, _REPOSITORIES, "scopes"), parse_patterns(tags, _TAGS, "tags"), wish)

    @property
    def document(self) -> dict[str, Any]:
        """As it is told to others."""
        return {
            "scopes": list(self.repositories),
            "tags": list(self.tags),
            "regions": list(self.wish.regions),
            "platforms": list(self.wish.platforms),
            "copies": self.wish.copies,
        }

    def is_about(self, path: str) -> bool:
        return any(fits(one, path) for one in self.repositories)

    def takes(self, tag: str) -> bool:
        return not self.tags or any(fits(one, tag) for one in self.tags)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A node as far as it matters here."""

    id: str
    name: str
    region: str
    is_ready: bool


def choose(candidates: Iterable[Candidate], wish: Wish, digest: str) -> list[Candidate]:
    """The nodes that get an image: of each region so many as are wished, those that are ready first.

    Of these always the same for one image, so that asking twice does not fill two nodes with it.
    """
    chosen: list[Candidate] = []
    found = list(candidates)
    for region in wish.regions:
        here = [one for one in found if one.region == region]
        here.sort(key=lambda one: (not one.is_ready, hashlib.sha256(f"{digest} {one.id}".encode()).digest()))
        chosen += here if wish.copies is None else here[: wish.copies]
    return chosen


def fits_platform(wished: Collection[str], has: Platform | None) -> bool:
    """Whether an image for the platform is wished. A wish without a variant means all variants."""
    if not wished:
        return True
    return has is not None and any(_fits(Platform.parse(one), has) for one in wished)


def check_platforms(manifest: Manifest, wish: Wish) -> None:
    """Pass when the image has each platform that is wished; an image for one platform is taken as it is.

    Raises ParameterInvalid.
    """
    if not manifest.is_index:
        return
    there = [child.platform for child in manifest.children]
    for one in wish.platforms:
        if not any(fits_platform([one], has) for has in there):
            known = ", ".join(sorted({str(has) for has in there if has is not None}))
            raise ParameterInvalid(
                worded("The image is not for {platform}; it is for: {known}.", platform=one, known=known),
                field="platforms",
            )


def next_after(attempts: int, at: datetime) -> datetime | None:
    """When a node is told again that failed so often; None: it is not."""
    if attempts >= _ATTEMPTS_MAX:
        return None
    return at + timedelta(seconds=min(_WAIT_SECONDS * 2 ** (attempts - 1), _WAIT_SECONDS_MAX))


def state_of(states: Collection[WarmState], is_cancelled: bool) -> WarmState:
    """How a warm-up is whose nodes are like this. One whose nodes are all gone has failed."""
    if is_cancelled:
        return WarmState.CANCELLED
    for one in (WarmState.RUNNING, WarmState.WAITING, WarmState.FAILED, WarmState.CANCELLED):
        if one in states:
            return one
    return WarmState.DONE if states else WarmState.FAILED


def check_waiting(count: int) -> None:
    """Pass when there may be one more warm-up that has not ended. Raises TooMany."""
    if count >= WAITING_MAX:
        raise TooMany(worded("At most {limit} warm-ups are under way at once.", limit=WAITING_MAX), limit=WAITING_MAX)


def check_rules(count: int) -> None:
    """Pass when there may be one rule more. Raises TooMany."""
    if count >= RULES_MAX:
        raise TooMany(worded("There are at most {limit} rules of warming up.", limit=RULES_MAX), limit=RULES_MAX)


def _fits(wished: Platform, has: Platform) -> bool:
    same = (wished.os, wished.architecture) == (has.os, has.architecture)
    return same and wished.variant in (None, has.variant) and wished.os_version in (None, has.os_version)
