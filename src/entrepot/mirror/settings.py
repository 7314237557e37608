"""What the mirror room is told; `app.py` makes it from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.plumbing.networks import Network


@dataclass(frozen=True, slots=True)
class MirrorSettings:
    """`docker_url`: where Docker Engines find their mirror of Docker Hub; empty: nowhere.

    `near`: private networks that an upstream or a region may send us on to. `upstream_seconds_max`: so long an
    answer about a manifest may take.

    `piece_bytes`: what is fetched is readable by other processes in pieces of this size at most; `piece_seconds`: or
    after so long. `lease_seconds`: after so long without a word, another process goes on with a fetch;
    `watch_seconds`: how often the others look how far it is. `trouble_seconds`: so long an upstream that just failed
    is not asked again for a tag that can be served stale.

    An upstream that wants to be left alone, and does not say for how long, is for `unsaid_seconds`.

    What holds more than its limit is trimmed to `trim_low_percent` of it; what was brought or pulled within
    `trim_spare_seconds` stays. A process that fetches looks whether it is too much every `trim_rest_seconds` at most.

    Copies to regions: `sync_at_once` at the same time, with `sync_bytes_per_second` all together (0: as fast as it
    goes), each for `sync_seconds_max` at a time; one that breaks off is begun `sync_attempts` times, the second time
    after `sync_retry_seconds`. What became of them is known for `sync_history_days`. `idle_poll_seconds`: how long
    nobody looks whether there is something to copy.
    """

    near: Sequence[Network] = ()
    docker_url: str = ""
    upstream_seconds_max: float = 20.0
    piece_bytes: int = 4 << 20
    piece_seconds: float = 2.0
    lease_seconds: float = 15.0
    watch_seconds: float = 0.05
    trouble_seconds: float = 30.0
    unsaid_seconds: float = 300.0
    trim_low_percent: int = 90
    trim_spare_seconds: float = 300.0
    trim_rest_seconds: float = 15.0
    endpoints_max: int = 10
    tags_max: int = 100_000
    """Of one repository of an upstream that are listed."""
    referrers_max: int = 100
    """Of one image that are brought along."""
    sync_at_once: int = 2
    sync_bytes_per_second: int = 0
    sync_seconds_max: int = 6 * 3_600
    sync_attempts: int = 5
    sync_retry_seconds: int = 30
    sync_history_days: int = 90
    idle_poll_seconds: float = 1.0
