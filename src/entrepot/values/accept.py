"""Accept: which media types a client takes, and how gladly (RFC 9110 §12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from entrepot.values.media_types import bare

_ANYTHING: Final = "*/*"
_QUOTED_STRING = re.compile(r'"[^"]*"?')
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_TCHARS = r"[a-z0-9!#$%&'*+.^_`|~-]+"
_match_range = re.compile(rf"{_TCHARS}/{_TCHARS}").fullmatch
_match_weight = re.compile(r"[0-9]{0,9}\.?[0-9]{0,9}").fullmatch


@dataclass(frozen=True, slots=True)
class Accept:
    """A client's preferences. With no preference stated, everything is welcome."""

    ranges: dict[str, float] = field(default_factory=dict, hash=False)
    """Quality by media range, in lower case: `a/b`, `a/*` or `*/*`."""

    @classmethod
    def parse(cls, values: Iterable[str]) -> Accept:
        """The preferences in all Accept lines of a request. Never fails: what cannot be read is passed over.

        Parameters other than the weight do not matter. Of one range given twice the higher weight counts.
        """
        ranges: dict[str, float] = {}
        for value in values:
            # A quoted parameter may hold commas; no parameter matters here.
            bare_value = _QUOTED_STRING.sub("", _ESCAPE.sub("", value)) if '"' in value else value
            for element in bare_value.split(","):
                media_range = bare(element)
                if media_range == "*":  # old Java clients
                    media_range = _ANYTHING
                if _match_range(media_range):
                    ranges[media_range] = max(ranges.get(media_range, 0.0), _weight(element))
        return cls(ranges)

    def allows(self, media_type: str) -> bool:
        """Whether the client takes the media type at all."""
        return self.quality(media_type) > 0

    def quality(self, media_type: str) -> float:
        """From 0 (not at all) to 1; the most specific range that covers the media type decides."""
        if not self.ranges:
            return 1.0
        media_type = bare(media_type)
        for media_range in (media_type, f"{media_type.partition('/')[0]}/*", _ANYTHING):
            if media_range in self.ranges:
                return self.ranges[media_range]
        return 0.0


def _weight(element: str) -> float:
    """The `q` of an element; 1 if there is none or it cannot be read, as the client did name the type."""
    for parameter in element.split(";")[1:]:
        name, _, text = parameter.partition("=")
        if name.strip().lower() == "q":
            text = text.strip()
            return min(float(text), 1.0) if _match_weight(text) and text not in ("", ".") else 1.0
    return 1.0
