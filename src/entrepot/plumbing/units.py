"""Amounts as a person writes them: `30s`, `24h`, `4MiB`; inside the house they are whole seconds and bytes."""

import re

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
BYTES = {
    "B": 1,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
    "TiB": 1 << 40,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
}
_BYTES_BY_LOWER = {unit.lower(): factor for unit, factor in BYTES.items()}

_DURATION = re.compile(r"(?:\d+[smhd])+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+)([smhd])", re.ASCII)
_SIZE = re.compile(r"(\d+)\s*([A-Za-z]+)", re.ASCII)


def parse_seconds(text: str) -> int:
    """The seconds of `90`, `90s`, `24h`, `1h30m`. Raises ValueError."""
    if text.isascii() and text.isdigit():
        return int(text)
    if not _DURATION.fullmatch(text):
        raise ValueError("should be a duration such as 90s, 15m, 24h or 30d")
    return sum(int(count) * SECONDS[unit] for count, unit in _DURATION_PART.findall(text))


def parse_bytes(text: str) -> int:
    """The bytes of `4096`, `4MiB`, `10 GB`; letters in any case. Raises ValueError."""
    if text.isascii() and text.isdigit():
        return int(text)
    match = _SIZE.fullmatch(text)
    factor = _BYTES_BY_LOWER.get(match[2].lower()) if match else None
    if match is None or factor is None:
        raise ValueError(f"should be a size such as 4096, 512KiB, 4MiB or 10GB (units: {', '.join(BYTES)})")
    return int(match[1]) * factor


def show_seconds(seconds: int) -> str:
    """The shortest text that `parse_seconds` reads back: 86,400 is `1d`, 90 is `90s`."""
    return _show(seconds, sorted(SECONDS.items(), key=_factor, reverse=True), "s")


def show_bytes(size: int) -> str:
    """The shortest text that `parse_bytes` reads back, in powers of two: 4,194,304 is `4MiB`."""
    binary = [(unit, factor) for unit, factor in BYTES.items() if factor & (factor - 1) == 0]
    return _show(size, sorted(binary, key=_factor, reverse=True), "B")


def _show(amount: int, units: list[tuple[str, int]], smallest: str) -> str:
    if amount == 0:
        return "0"
    for unit, factor in units:
        if amount % factor == 0:
            return f"{amount // factor}{unit}"
    return f"{amount}{smallest}"


def _factor(unit: tuple[str, int]) -> int:
    return unit[1]


def retry_after(said: str) -> float | None:
    """Seconds that an answer's `Retry-After` asks to wait (RFC 9110 §10.2.3); None when it names no number of them."""
    return float(said) if said.isascii() and said.isdigit() and len(said) < 9 else None
