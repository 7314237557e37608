"""Layout: where things lie in a store, in a folder and in a bucket alike.

    <root>
    ├── blobs
    │   ├── sha256
    │   │   ├── 00 … ff             the first two digits of the digest
    │   │   │   └── <64 hex>        the bytes, and nothing else
    │   └── sha512
    │       └── 00 … ff
    │           └── <128 hex>
    ├── aside
    │   └── sha256
    │       └── <64 hex>            bytes that were found not to be this blob's; for people to look at
    └── parts
        └── <32 hex>                bytes of an upload; nobody's blob yet

Only this file makes keys and reads them back. What a listing shows and this file does not
recognise is not ours: it is never listed, read or removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from entrepot.plumbing.ids import new_id
from entrepot.values.digest import ALGORITHMS, Digest
from entrepot.values.errors import DigestInvalid, UploadUnknown, quoted

BLOBS = "blobs"
ASIDE = "aside"
PARTS = "parts"

_is_part_id = re.compile(r"[0-9a-f]{32}").fullmatch


def blob_key(digest: Digest) -> str:
    return f"{BLOBS}/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}"


def aside_key(digest: Digest) -> str:
    return f"{ASIDE}/{digest.algorithm}/{digest.hex}"


def blob_of(key: str) -> Digest | None:
    """The digest whose blob lies at `key`; None if no blob of ours can."""
    try:
        _, algorithm, _, hex_digits = key.split("/")
        digest = Digest.parse(f"{algorithm}:{hex_digits}")
    except (ValueError, DigestInvalid):
        return None
    return digest if blob_key(digest) == key else None


def blob_folders() -> Iterator[str]:
    """The folders whose folders hold blobs."""
    for algorithm in ALGORITHMS:
        yield f"{BLOBS}/{algorithm}"


def new_part_key() -> str:
    return f"{PARTS}/{new_id()}"


def check_part_key(key: str) -> str:
    """`key`, if it can be one of `new_part_key`'s. Raises UploadUnknown for anything else."""
    if not is_part_key(key):
        raise UploadUnknown(f"{quoted(key)} names no part of an upload")
    return key


def is_part_key(key: str) -> bool:
    folder, _, name = key.partition("/")
    return folder == PARTS and _is_part_id(name) is not None
