"""Secrets at rest: sealed with a key that is not in the database.

The key is 32 bytes, kept in a file of its own (mode 0600) or given by the environment, so that a
stolen database dump opens nothing. AES-256-GCM; the purpose of a secret is bound to it, so a
sealed value moved to another column does not open.
"""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from entrepot.values.errors import Broken

_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Broken):
    """A stored secret cannot be opened with this installation's secret key."""


class Sealer:
    """Seals and opens small secrets."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the secret key has {len(key)} bytes; it needs {_KEY_BYTES}")
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """`secret`, readable only by `open` with the same key and `purpose`."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed. Raises SealBroken when key, purpose or content do not fit."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError) as error:  # the latter: too short to hold a nonce
            raise SealBroken(purpose=purpose) from error


def load_key(file: Path, given: str | None = None) -> bytes:
    """The installation's secret key: `given` (base64), or from `file`, made there at the first start."""
    if given:
        return base64.b64decode(given, validate=True)
    if not file.exists():
        write_private(file, base64.b64encode(os.urandom(_KEY_BYTES)))
    return base64.b64decode(file.read_bytes(), validate=True)


def write_private(file: Path, content: bytes) -> None:
    """Write `content` so that it is on disk, whole, and readable by its owner only."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
