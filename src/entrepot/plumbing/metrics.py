"""What the house counts, in Prometheus's form; every name and its meaning stands here.

With several worker processes the client library keeps its numbers in mapped files in the folder
that `PROMETHEUS_MULTIPROC_DIR` names, so any worker answers for all (set by `cli/serve.py`).
"""

import os

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

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

requests = Counter("entrepot_http_requests_total", "Requests answered.", ["route", "method", "status"])
request_seconds = Histogram(
    "entrepot_http_request_seconds", "Time from request to the end of the answer.", ["route"], buckets=_SECONDS
)
bytes_in = Counter("entrepot_bytes_in_total", "Bytes of blobs and manifests received.")
bytes_out = Counter("entrepot_bytes_out_total", "Bytes of blobs and manifests sent.")
uploads_open = Gauge("entrepot_uploads_open", "Uploads begun and not yet ended.", multiprocess_mode="mostrecent")
database_seconds = Histogram(
    "entrepot_database_seconds", "Time in one database transaction.", ["kind"], buckets=_SECONDS
)
storage_seconds = Histogram(
    "entrepot_storage_seconds", "Time in one storage operation.", ["operation"], buckets=_SECONDS
)

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """All numbers of all worker processes, as Prometheus reads them."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's own gap
    return generate_latest(registry)
