"""Secrets at rest: sealed with a key that is not in the database.

The key is 32 bytes, kept in a file of its own (mode 0600) or given by the environment, so that a
stolen database dump opens nothing. AES-256-GCM; the purpose of a secret is bound to it, so a
sealed value moved to another column does not open. There may be several keys, one a line: the first
one seals, all of them open, until everything is sealed anew (`entrepot secrets rotate`).
"""

import base64
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from entrepot.values.errors import Broken

_KEY_BYTES = 32
_NONCE_BYTES = 12


class SealBroken(Broken):
    """A stored secret cannot be opened with this installation's secret key."""


class Sealer:
    """Seals small secrets with the first of its keys, and opens them with any.

    Keys of a file are read again when it changed: before something is sealed, and before what does not open is
    given up. So a running server takes part in a rotation without being told.
    """

    def __init__(self, *keys: bytes, file: Path | None = None) -> None:
        self._file = file
        self._state = _state(file)
        self._ciphers = _ciphers(read_keys(file) if file else keys)

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """`secret`, readable only by `open` with the same key and `purpose`."""
        self._look_again()
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """What was sealed. Raises SealBroken when key, purpose or content do not fit."""
        opened = _opened(self._ciphers, sealed, purpose)
        if opened is None and self._look_again():
            opened = _opened(self._ciphers, sealed, purpose)
        if opened is None:
            raise SealBroken(purpose=purpose)
        return opened

    def is_current(self, sealed: bytes, purpose: str) -> bool:
        """Whether it was sealed with the key that seals now."""
        return _opened(self._ciphers[:1], sealed, purpose) is not None

    def _look_again(self) -> bool:
        """Whether there are other keys than before."""
        state = _state(self._file)
        if self._file is None or state == self._state:
            return False
        self._state, self._ciphers = state, _ciphers(read_keys(self._file))
        return True


def open_sealer(file: Path, given: str | None = None) -> Sealer:
    """A sealer with the keys that are `given`, or with those of `file`, made there at the first start."""
    if given:
        return Sealer(*parse_keys(given))
    if not file.exists():
        write_keys(file, [new_key()])
    return Sealer(file=file)


def new_key() -> bytes:
    return os.urandom(_KEY_BYTES)


def parse_keys(text: str) -> list[bytes]:
    """Keys in base64 with spaces, commas or line ends between them. Raises ValueError."""
    return [base64.b64decode(part, validate=True) for part in text.replace(",", " ").split()]


def read_keys(file: Path) -> list[bytes]:
    return parse_keys(file.read_text("ascii"))


def write_keys(file: Path, keys: Sequence[bytes]) -> None:
    """Let the file have these keys, the first one for sealing."""
    write_private(file, b"".join(base64.b64encode(key) + b"\n" for key in keys))


def _ciphers(keys: Sequence[bytes]) -> list[AESGCM]:
    wrong = [len(key) for key in keys if len(key) != _KEY_BYTES]
    if wrong or not keys:
        raise ValueError(f"a secret key has {wrong[0] if wrong else 0} bytes; it needs {_KEY_BYTES}")
    return [AESGCM(key) for key in keys]


def _opened(ciphers: Sequence[AESGCM], sealed: bytes, purpose: str) -> bytes | None:
    for cipher in ciphers:
        try:
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):  # the latter: too short to hold a nonce
            continue
    return None


def _state(file: Path | None) -> tuple[int, int, int]:
    """What tells one content of the file from another: it is replaced, never written over."""
    if file is None:
        return 0, 0, 0
    about = file.stat()
    return about.st_ino, about.st_mtime_ns, about.st_size


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
