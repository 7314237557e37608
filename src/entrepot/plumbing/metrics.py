"""What the house counts, in Prometheus's form; every name and its meaning stands here.

With several worker processes the client library keeps its numbers in mapped files in the folder
that `PROMETHEUS_MULTIPROC_DIR` names, so any worker answers for all (set by `cli/serve.py`).
"""

import asyncio
import os
from bisect import bisect_left
from collections import defaultdict
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from entrepot.plumbing.processes import is_alive

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

requests = Counter("entrepot_http_requests_total", "Requests answered.", ["route", "method", "status"])
request_seconds = Histogram(
    "entrepot_http_request_seconds", "Time from request to the end of the answer.", ["route"], buckets=_SECONDS
)
bytes_in = Counter("entrepot_bytes_in_total", "Bytes of blobs and manifests received.")
bytes_out = Counter("entrepot_bytes_out_total", "Bytes of blobs and manifests sent.")
archives = Counter("entrepot_archives_total", "Archives of images that a worker came to an end with.", ["state"])
gc_reviews = Counter("entrepot_gc_reviews_total", "Things that lost a reference and were looked at again.", ["kind"])
gc_deleted_blobs = Counter("entrepot_gc_deleted_blobs_total", "Blobs removed from the store.")
gc_freed_bytes = Counter("entrepot_gc_freed_bytes_total", "Bytes of blobs removed from the store.")
retention_deleted_tags = Counter("entrepot_retention_deleted_tags_total", "Tags that retention deleted.")
retention_runs = Counter("entrepot_retention_runs_total", "Executions of retention that ended, and how.", ["state"])
verified_bytes = Counter("entrepot_verified_bytes_total", "Bytes of blobs that deep verifications have read again.")
blobs_wrong = Gauge(
    "entrepot_blobs_wrong",
    "Blobs that are not as they were acknowledged: missing, corrupt, of another size, or not linked.",
    ["kind"],
    multiprocess_mode="livemostrecent",
)
labelled = Counter("entrepot_labelled_versions_total", "Versions whose labels a worker wrote down for the search.")
processes_living = Gauge(
    "entrepot_processes_living",
    "Server processes and job workers that live.",
    ["kind"],
    multiprocess_mode="livemostrecent",
)
uploads_open = Gauge("entrepot_uploads_open", "Uploads begun and not yet ended.", multiprocess_mode="livemostrecent")
database_seconds = Histogram(
    "entrepot_database_seconds", "Time in one database transaction.", ["kind"], buckets=_SECONDS
)
storage_seconds = Histogram(
    "entrepot_storage_seconds", "Time in one storage operation.", ["operation"], buckets=_SECONDS
)
gates_refused = Counter("entrepot_gates_refused_total", "Changes that a gate refused: immutability, closed.", ["gate"])
logins_refused = Counter("entrepot_logins_refused_total", "Names and passwords that were not right.")
notes_dropped = Counter(
    "entrepot_notes_dropped_total", "Logins, refusals and pulls that the audit knows only as a number.", ["of"]
)

jwks_fetches = Counter("entrepot_jwks_fetches_total", "Looks at an issuer's keys.", ["outcome"])
provider_logins = Counter(
    "entrepot_provider_logins_total", "Logins that somebody else vouches for.", ["way", "outcome"]
)

webhook_deliveries = Counter("entrepot_webhook_deliveries_total", "Attempts to deliver to a webhook.", ["result"])
mirror_answers = Counter(
    "entrepot_mirror_answers_total",
    "Questions to upstreams: fetched, unchanged, absent, or not answered, so that what is here was served stale.",
    ["result"],
)
virtual_answers = Counter(
    "entrepot_virtual_answers_total",
    "Manifests that were asked for in virtual organizations: from a local member, from a mirror, an older one as the "
    "newest is too young, refused by a rule, or absent.",
    ["result"],
)
mirror_requests = Counter(
    "entrepot_mirror_requests_total",
    "Requests to upstreams by what they are about, and how they were answered: limited is 429, held back was not sent.",
    ["kind", "result"],
)
mirror_served_blobs = Counter(
    "entrepot_mirror_served_blobs_total", "Blobs of mirrors that were sent to clients, from here or on their way here."
)
mirror_served_bytes = Counter("entrepot_mirror_served_bytes_total", "Bytes of those.")
mirror_blobs = Counter(
    "entrepot_mirror_blobs_total", "Blobs that were fetched from upstreams, and how it ended.", ["result"]
)
mirror_trimmed_images = Counter(
    "entrepot_mirror_trimmed_images_total", "Images that were deleted because more was held than the limit."
)
mirror_trimmed_bytes = Counter(
    "entrepot_mirror_trimmed_bytes_total",
    "Bytes that nothing needs any more since then; garbage collection frees them.",
)
mirror_bytes = Counter("entrepot_mirror_bytes_total", "Bytes that were fetched from upstreams.")
edge_kept_bytes = Gauge(
    "entrepot_edge_kept_bytes", "Bytes of blobs that this edge keeps.", multiprocess_mode="livemostrecent"
)
edge_evicted_bytes = Counter("entrepot_edge_evicted_bytes_total", "Bytes of blobs that this edge let go of.")
edge_decisions = Counter(
    "entrepot_edge_decisions_total",
    "Pulls at this edge by how they were decided: held, asked, offline, refused, unknown as the center is away, or "
    "sent on by it.",
    ["how"],
)
sync_copies = Counter(
    "entrepot_sync_copies_total",
    "Attempts to copy images to and from regions, and how they ended: by the copy's status, broken off and tried again,"
    " or put off until the window of its rule opens.",
    ["result"],
)
sync_bytes = Counter("entrepot_sync_bytes_total", "Bytes of blobs that were sent to regions.")
sync_received = Counter("entrepot_sync_received_bytes_total", "Bytes of blobs that rules brought from regions.")
warmups = Counter(
    "entrepot_warmups_total",
    "Images to be warmed up, one for each node, by what became of them: waiting, running, done, failed (each attempt), "
    "cancelled.",
    ["state"],
)
webhook_queue_seconds = Gauge(
    "entrepot_webhook_queue_seconds",
    "Age of the oldest delivery that waits for a webhook which is not paused.",
    multiprocess_mode="livemostrecent",
)

edge_choices = Counter(
    "entrepot_edge_choices_total",
    "Decisions on who serves a blob: by which rule, and the region that serves; `-`: the center itself.",
    ["rule", "region"],
)
edges_distrusted = Gauge(
    "entrepot_edges_distrusted",
    "Edges that a server process sends nobody to for now, because clients of several networks had no luck there.",
    multiprocess_mode="livemax",
)

CONTENT_TYPE = CONTENT_TYPE_LATEST
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_FLUSH_SECONDS = 1.0


class Tally:
    """Counts answered requests at a tenth of the library's cost; its numbers follow within a second.

    The library takes a lock, asks for the process id and writes a mapped file for each number of each
    request: 5 µs, where a whole pull of a manifest may take 50.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], int] = defaultdict(int)
        self._buckets: dict[tuple[str, int], int] = defaultdict(int)
        self._seconds: dict[str, float] = defaultdict(float)
        self._bytes_out = 0
        self._flushing: asyncio.TimerHandle | None = None

    def add(self, route: str, method: str, status: int, seconds: float, bytes_out: int = 0) -> None:
        """One request, answered in a running event loop."""
        self._counts[route, method, status] += 1
        self._buckets[route, bisect_left(_SECONDS, seconds)] += 1
        self._seconds[route] += seconds
        self._bytes_out += bytes_out
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(_FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Hand everything counted so far to the library."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        for (route, method, status), count in self._counts.items():
            requests.labels(route, method, str(status)).inc(count)
        for route, seconds in self._seconds.items():
            request_seconds.labels(route)._sum.inc(seconds)  # noqa: SLF001  # see the loop below
        for (route, bucket), count in self._buckets.items():
            # The library offers no way to observe many values at once; a test holds this to its public numbers.
            request_seconds.labels(route)._buckets[bucket].inc(count)  # noqa: SLF001
        bytes_out.inc(self._bytes_out)
        self._counts.clear()
        self._buckets.clear()
        self._seconds.clear()
        self._bytes_out = 0


tally = Tally()


def exposition() -> bytes:
    """All numbers of all worker processes, as Prometheus reads them."""
    tally.flush()
    if _FOLDER not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own gap
    return generate_latest(registry)


def forget_the_dead() -> None:
    """Of processes that are gone the gauges go, too; what they counted stays, or the sums would fall.

    For a worker to call when it starts: it may be there because another one died. The library's
    `mark_process_dead` does the same, but stumbles when two workers call it at once.
    """
    if _FOLDER in os.environ:
        for gauges in Path(os.environ[_FOLDER]).glob("gauge_live*_*.db"):
            if not is_alive(int(gauges.stem.rpartition("_")[2])):
                gauges.unlink(missing_ok=True)
