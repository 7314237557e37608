"""What a person can do about a refusal, by the code of the management API and by what the server said."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "SVCSTG.SWR.4040058": "See which there are: entrepot org list",
        "SVCSTG.SWR.4040113": "See which there are: entrepot repo list",
        "SVCSTG.SWR.4040115": "See which there are: entrepot tag list ORG/REPO",
        "SVCSTG.SWR.4060074": "See which: entrepot repo list ORG",
        "SVCSTG.SWR.4040091": "See what was given: entrepot grant list ORG[/REPO]",
        "SVCSTG.SWR.4001090": "See with whom it is: entrepot share list ORG/REPO",
        "ENTREPOT.4090041": "To move it, add: --move",
        "ENTREPOT.4040001": "See which there are: entrepot user list",
        "ENTREPOT.4040002": "See which there are: entrepot domain list",
        "ENTREPOT.4040003": "See which there are: entrepot group list",
        "ENTREPOT.4040004": "See which there are: entrepot robot list",
        "ENTREPOT.4040005": "See which there are: entrepot token list",
        "ENTREPOT.4040006": "See which there are: entrepot key list",
        "ENTREPOT.4040007": "See which there are: entrepot session list",
    }
)
# As `access/check.py` says it, in English, whatever door it comes through.
_DENIED: Final = re.compile(r" may not do [a-z]+:(?P<action>[a-z-]+) on (?P<what>[^ :]+):")


def next_step(message: str, code: str = "") -> str:
    """What to do next, as a sentence; empty when nothing helps that is not said already."""
    if "entrepot " in message:  # a server often says it itself
        return ""
    if denied := _DENIED.search(message):
        return f"See why: entrepot explain me {denied['action']} {denied['what']}"
    return _STEPS.get(code, "")
