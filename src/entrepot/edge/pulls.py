"""What an edge served, as the center wants to hear it: it accounts for all pulls."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from entrepot.registry.pulled import PullCounts

_TOLD_MAX: Final = 2_000
"""Of each kind, in one report; the rest goes with the next."""


@dataclass(slots=True)
class Streams:
    """How many clients blobs are being sent to."""

    count: int = 0


def take_some(counts: PullCounts) -> PullCounts:
    """What is to be told now; it is not counted any more, unless `add` gives it back."""
    told = PullCounts()
    for mine, theirs in ((counts.manifests, told.manifests), (counts.blobs, told.blobs)):
        for key in list(islice(mine, _TOLD_MAX)):
            theirs[key] = mine.pop(key)
    for key in list(islice(counts.asked, _TOLD_MAX)):
        told.asked[key] = counts.asked.pop(key)
    counts.last.clear()
    return told


def to_json(told: PullCounts) -> dict[str, Any]:
    """As `doors/edges` reads it."""
    return {
        "pulls": [
            {"path": path, "reference": reference, "count": count}
            for (path, reference), count in told.manifests.items()
        ],
        "asked": [
            {"path": path, "digest": digest, "reference": reference} for (path, digest), reference in told.asked.items()
        ],
        "sent": [{"path": path, "digest": digest, "bytes": size} for (path, digest), size in told.blobs.items()],
    }
