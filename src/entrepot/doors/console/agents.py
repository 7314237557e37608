"""Browsers by the names people know them by, from what they send as User-Agent."""

from typing import Final

# The first that fits: browsers name those they want to be taken for, too.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_SHOWN_CHARS_MAX: Final = 60


def name_of_agent(agent: str) -> str:
    """`Firefox, Linux`; what is no known browser as it named itself, shortened; empty for who sent nothing."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    if not browser:
        return agent if len(agent) <= _SHOWN_CHARS_MAX else f"{agent[:_SHOWN_CHARS_MAX]}…"
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser}, {system}" if system else browser
