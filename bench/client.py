"""Pushing and pulling over a plain connection, with as little client in the way as can be."""

import hashlib
import http.client
import json
import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from bench.servers import REPOSITORY, Target

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CHUNK_BYTES = 2**20
LAYERS_COUNT = 7  # a manifest of about 1.5 kB, as most are


def digest_of(data: bytes | bytearray) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def push_blob(target: Target, data: bytes | bytearray, digest: str) -> float:
    """Push `data` the way docker does: POST, one PATCH, PUT. The seconds until it was acknowledged."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=120)
    try:
        started = time.perf_counter()
        location = _call(connection, target, "POST", f"/v2/{REPOSITORY}/blobs/uploads/", b"", 202)
        location = _call(connection, target, "PATCH", location, data, 202, {"Content-Type": "application/octet-stream"})
        _call(connection, target, "PUT", f"{location}{'&' if '?' in location else '?'}digest={digest}", b"", 201)
        return time.perf_counter() - started
    finally:
        connection.close()


def push_image(target: Target, tag: str) -> str:
    """Push a small image with several layers; the path of its manifest."""
    descriptors = []
    for size in (300, *[1000] * LAYERS_COUNT):
        data = os.urandom(size)
        push_blob(target, data, digest_of(data))
        descriptors.append({"digest": digest_of(data), "size": size})
    config, *layers = descriptors
    manifest: dict[str, Any] = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
        "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **layer} for layer in layers],
    }
    path = f"/v2/{REPOSITORY}/manifests/{tag}"
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=120)
    try:
        _call(connection, target, "PUT", path, json.dumps(manifest).encode(), 201, {"Content-Type": MANIFEST_TYPE})
    finally:
        connection.close()
    return path


def pull(target: Target, path: str) -> int:
    """Read `path` over a connection of its own into one buffer, again and again; the bytes received."""
    buffer = bytearray(CHUNK_BYTES)
    received = 0
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=120)
    try:
        connection.request("GET", path, headers=dict(target.headers))
        answer = connection.getresponse()
        if answer.status != 200:
            raise RuntimeError(f"{target.name} answered {answer.status} to GET {path}: {answer.read(2000)!r}")
        while taken := answer.readinto(buffer):
            received += taken
        return received
    finally:
        connection.close()


def _call(
    connection: http.client.HTTPConnection,
    target: Target,
    method: str,
    path: str,
    body: bytes | bytearray,
    expect: int,
    more: Mapping[str, str] | None = None,
) -> str:
    """One request; the path of its Location."""
    headers = {**target.headers, "Content-Length": str(len(body)), **(more or {})}
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    said = answer.read()
    if answer.status != expect:
        raise RuntimeError(f"{target.name} answered {answer.status} to {method} {path}: {said[:2000]!r}")
    location = urlsplit(answer.headers.get("Location", ""))
    return f"{location.path}?{location.query}" if location.query else location.path
