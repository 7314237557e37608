"""Calls whose engine is not built yet: they check, keep and answer by the contract, and nothing pretends to have run.

Who builds an engine subscribes it in `app.py` and takes its lines out of this table; a test holds the two against each
other. The reference page of this API prints it.
"""

from collections.abc import Mapping
from typing import Final

_FIRING: Final = "nothing fires yet, whatever is pushed, and whether there is such a cluster is not asked"

MISSING: Final[Mapping[str, str]] = {
    "create_trigger": f"The trigger is checked and kept; {_FIRING}.",
    "update_trigger": f"It is switched; {_FIRING}.",
    "show_trigger": "`trigger_history` is empty, because nothing has fired.",
}
"""What does not happen yet, by the name of the call."""
