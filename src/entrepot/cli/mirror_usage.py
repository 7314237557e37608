"""What `entrepot mirror show` says of what a mirror holds and saves, and of how much its upstream may be asked."""

from collections.abc import Mapping, Sequence
from typing import Any

from entrepot.cli.output import counted, second, size

_REQUESTS = {
    "manifest_heads": "HEAD of manifests",
    "manifest_gets": "GET of manifests",
    "blobs": "blobs",
    "tokens": "tokens",
    "others": "others",
}


def told(usage: Mapping[str, Any], pins: Sequence[Mapping[str, str]]) -> dict[str, object]:
    """Lines of a page, by what they are about."""
    days = usage["days"]
    limit = f" of {size(usage['limit_bytes'])}" if usage["limit_bytes"] else ""
    return {
        "holds": size(usage["held_bytes"]) + limit,
        "pins": ", ".join(_pin(one) for one in pins) or "-",
        "today": _traffic(days[-1:]),
        f"last {len(days)} days": _traffic(days),
        "requests": _requests(days),
        "requests left": ", ".join(_left(one) for one in usage["addresses"]),
    }


def _traffic(days: Sequence[Mapping[str, Any]]) -> str:
    served, fetched, sent, brought = (
        sum(day[name] for day in days) for name in ("served", "fetched", "served_bytes", "fetched_bytes")
    )
    hits = max(served - fetched, 0)
    rate = f" ({100 * hits // served} % without fetching)" if served else ""
    return f"{counted(served, 'layer')} sent{rate}, {size(sent)}; {fetched} fetched, {size(brought)}"


def _requests(days: Sequence[Mapping[str, Any]]) -> str:
    counts = {said: sum(day[name] for day in days) for name, said in _REQUESTS.items()}
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"
    limited = sum(day["limited"] for day in days)
    return f"{said}; {limited} refused for now" if limited else said


def _left(one: Mapping[str, Any]) -> str:
    if one["again_at"]:
        said = f"none until {second(one['again_at'])}"
    elif one["remaining"] is None:
        said = "it does not say"
    else:
        said = f"{one['remaining']}" + (f" of {one['limit']}" if one["limit"] is not None else "")
        said += f" in {one['window_seconds']} s" if one["window_seconds"] else ""
    return f"{one['address']}: {said}"


def _pin(row: Mapping[str, str]) -> str:
    return f"{row['repositories']}:{row['tags']}" if row["tags"] else row["repositories"]
