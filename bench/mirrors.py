"""A cold pull through a mirror: 32 clients ask for a layer at once, and the upstream gives it to one, at its pace.

The upstream is docker-registry behind nginx, which lets each connection have 100 Mbit/s and writes down what it sent.
"""

import getpass
import http.client
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import Pool
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from bench.client import CHUNK_BYTES, digest_of, push_blob
from bench.figures import Figure
from bench.servers import REPOSITORY, Target, docker_registry, running
from tests.live.api import Api
from tests.live.ports import free_port
from tests.live.process import running_server

BLOB_BYTES = 256 * 2**20
BYTES_PER_SECOND = 12_500_000
CLIENTS = 32
PROCESSES = 4
MIRROR = "far"

Pulled = tuple[float, float, int]
"""Seconds until the first byte and until the last one, and how many there were."""


def measure(folder: Path) -> Iterator[Figure]:
    """How long all of them take beside one direct download, and how much the upstream sent."""
    data = os.urandom(BLOB_BYTES)
    digest = digest_of(data)
    path = f"/v2/{REPOSITORY}/blobs/{digest}"
    with ExitStack() as servers:
        upstream = servers.enter_context(docker_registry(folder / "docker-registry"))
        push_blob(upstream, data, digest)
        log = folder / "sent"
        slow = servers.enter_context(_slow(folder / "nginx", upstream, log))
        server = servers.enter_context(running_server(folder / "entrepot", environment=None, workers=1))
        with Api(server) as api:
            body = {"name": MIRROR, "endpoints": [slow.url], "is_public": True}
            api.client.post("/v2/manage/mirrors", json=body).raise_for_status()
        first, whole, _ = _pull(f"{slow.url}{path}")
        log.write_bytes(b"")
        mirrored = f"{server.url}/v2/{MIRROR}/{REPOSITORY}/blobs/{digest}"
        with Pool(PROCESSES) as pool:
            cold = sorted(one for some in pool.map(_pull_many, [mirrored] * PROCESSES) for one in some)
            warm = sorted(one for some in pool.map(_pull_many, [mirrored] * PROCESSES) for one in some)
        sent = sum(int(line) for line in log.read_text().split())
        if any(size != BLOB_BYTES for _, _, size in (*cold, *warm)):
            raise RuntimeError("a client got something else")
    note = f"{CLIENTS} clients, 256 MiB, upstream at 100 Mbit/s for each connection"
    yield Figure("cold pull through a mirror: upstream sent", "entrepot", sent / BLOB_BYTES, "× the layer", note=note)
    last = max(taken for _, taken, _ in cold)
    yield Figure("cold pull through a mirror: all are done", "entrepot", last / whole, "× one direct download")
    late = median(begun for begun, _, _ in cold) - first
    yield Figure("cold pull through a mirror: first byte later than directly", "entrepot", late * 1_000, "ms")
    pace = CLIENTS * BLOB_BYTES / max(taken for _, taken, _ in warm) / 2**20
    yield Figure("warm pull through a mirror", "entrepot", pace, "MiB/s", note=f"{CLIENTS} clients together")


@contextmanager
def _slow(folder: Path, upstream: Target, log: Path) -> Iterator[Target]:
    """nginx before the upstream."""
    folder.mkdir(parents=True)
    port = free_port()
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""
user {getpass.getuser()};
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    log_format sent "$body_bytes_sent"; {temporary}
    map $request_method:$uri $is_blob {{ "~^GET:.*/blobs/" 1; default 0; }}
    server {{
        listen 127.0.0.1:{port};
        access_log {log} sent if=$is_blob;
        location / {{
            proxy_pass {upstream.url};
            proxy_max_temp_file_size 0;
            limit_rate {BYTES_PER_SECOND};
        }}
    }}
}}
"""
    )
    with running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, port) as pid:
        yield Target("nginx", port, pid)


def _pull_many(url: str) -> list[Pulled]:
    with ThreadPoolExecutor(CLIENTS // PROCESSES) as pool:
        return list(pool.map(_pull, [url] * (CLIENTS // PROCESSES)))


def _pull(url: str) -> Pulled:
    parts = urlsplit(url)
    buffer, received, began, first = bytearray(CHUNK_BYTES), 0, time.perf_counter(), 0.0
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} to GET {url}: {answer.read(2000)!r}")
        first = time.perf_counter() - began if answer.peek(1) else 0.0
        while taken := answer.readinto(buffer):
            received += taken
        return first, time.perf_counter() - began, received
    finally:
        connection.close()
