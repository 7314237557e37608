"""Waiting for the end of a process that need not be our child."""

import os
import select


def ends(pid: int, seconds_max: float) -> bool:
    """True as soon as `pid` has ended; False if it is still there after so long."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([handle], [], [], seconds_max)
        return bool(ready)
    finally:
        os.close(handle)
