"""Calls whose engine is not built yet: they check, keep and answer by the contract, and nothing pretends to have run.

Who builds an engine subscribes it in `app.py` and takes its lines out of this table; a test holds the two against each
other. The reference page of this API prints it.
"""

from collections.abc import Mapping
from typing import Final

_FIRING: Final = "nothing fires yet, whatever is pushed, and whether there is such a cluster is not asked"
_COPYING: Final = "nothing is copied yet"

MISSING: Final[Mapping[str, str]] = {
    "create_trigger": f"The trigger is checked and kept; {_FIRING}.",
    "update_trigger": f"It is switched; {_FIRING}.",
    "show_trigger": "`trigger_history` is empty, because nothing has fired.",
    "create_image_sync_repo": f"The rule is checked and kept; {_COPYING}.",
    "create_manual_image_sync_repo": f"A copy of each tag is kept and waits; {_COPYING}.",
    "show_sync_job": "Copies stay `waiting`, or are cancelled when their region is deleted.",
}
"""What does not happen yet, by the name of the call."""

SYNC_RUNS: Final = "create_manual_image_sync_repo" not in MISSING
"""What the feature gate `enable_image_sync` says."""
