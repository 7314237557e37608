"""Allowance: what an answer says of how much may still be asked. Values in, value out; no clock.

Understood are the forms of Docker Hub (`RateLimit-Remaining: 76;w=21600`), of the drafts of the IETF
(draft-ietf-httpapi-ratelimit-headers, up to 06 three fields, 07 one with names, from 08 on `"default";r=50;t=30` beside
a policy), those with `X-` before them, and `Retry-After`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_CHARS_MAX: Final = 1_000
_SECONDS_MAX: Final = 86_400.0
"""Longer nobody is believed: what changed meanwhile is to be noticed."""
_EPOCH: Final = 1_000_000_000
"""More than this are not seconds to wait, but a time."""
_TOO_MANY: Final = 429
_number = re.compile(r"\s*(\d{1,15})", re.ASCII)
_parameter = re.compile(r"(?:^|[;,\s])(q|r|t|w|limit|remaining|reset)\s*=\s*\"?(\d{1,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Allowance:
    """`remaining` of `limit` requests may still be asked, within `window_seconds`. None: it was not said.

    `wait_seconds`: so long nothing is to be asked: nothing remains, or the answer said so; None when something may be.
    """

    limit: int | None = None
    remaining: int | None = None
    window_seconds: int | None = None
    wait_seconds: float | None = None


def parse_allowance(status: int, headers: Mapping[str, str], now: datetime, unsaid_seconds: float) -> Allowance | None:
    """What an answer says; None for nothing. `unsaid_seconds`: to wait where it does not say for how long."""
    said = _said(headers)
    wait = _retry_after(headers.get("retry-after", "")[:_CHARS_MAX].strip(), now)
    reset = _from(said.get("reset"), now)
    is_over = status == _TOO_MANY or said.get("remaining") == 0
    if not said and not is_over:
        return None
    if not is_over:
        waiting = None
    elif wait is None and reset is None:
        waiting = min(unsaid_seconds, said.get("window", unsaid_seconds))
    else:
        waiting = max(one for one in (wait, reset) if one is not None)
    waiting = None if waiting is None else min(float(waiting), _SECONDS_MAX)
    return Allowance(said.get("limit"), said.get("remaining"), said.get("window"), waiting)


def _said(headers: Mapping[str, str]) -> dict[str, int]:
    """limit, remaining, window and reset, as far as they are said."""
    found: dict[str, int] = {}
    for prefix in ("x-ratelimit-", "ratelimit-"):
        for name in ("limit", "remaining", "reset"):
            text = headers.get(prefix + name, "")[:_CHARS_MAX]
            if match := _number.match(text):
                found[name] = int(match[1])
                if name != "reset" and (window := dict(_parameter.findall(text)).get("w")):
                    found["window"] = int(window)
    scarce = min(_items(headers.get("ratelimit", "")), key=lambda item: item.get("remaining", _EPOCH), default={})
    found |= scarce
    if scarce and "limit" not in scarce:
        found |= next(iter(_items(headers.get("ratelimit-policy", ""))), {})
    return found


def _items(text: str) -> Iterator[dict[str, int]]:
    """The members of a list, each by its parameters; in the form with names there is one."""
    names = {"q": "limit", "r": "remaining", "t": "reset", "w": "window"}
    text = text[:_CHARS_MAX]
    for item in [text] if "remaining=" in text else text.split(","):
        if found := {names.get(name, name): int(number) for name, number in _parameter.findall(item)}:
            yield found


def _retry_after(text: str, now: datetime) -> float | None:
    if text.isascii() and text.isdigit():
        return _from(int(text[:15]), now)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)


def _from(number: int | None, now: datetime) -> float | None:
    """Seconds from now: some registries name the time instead."""
    return None if number is None else max(number - now.timestamp(), 0.0) if number > _EPOCH else float(number)
