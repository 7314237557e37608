"""Passwords: argon2id hashes, checked a few at a time.

A check costs tens of milliseconds and 19 MiB by design, so at most `argon2_at_once` run together,
in threads: a flood of logins slows logins, not pulls. Clients that send their password with every
request (HTTP Basic) pay once: a checked password is remembered by a keyed digest of it and the hash
it was checked against, and counts only while that hash is still the user's.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from weakref import WeakValueDictionary

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from entrepot.accounts.common_passwords import is_common
from entrepot.accounts.settings import AccountSettings
from entrepot.values.errors import PasswordInvalid, worded

_REMEMBERED_MAX = 10_000
PASSWORD_CHARS_MAX = 1_024


class Passwords:
    def __init__(self, settings: AccountSettings) -> None:
        self._hasher = PasswordHasher(settings.argon2_passes, settings.argon2_memory_kib, 1)
        self._chars_min = settings.password_chars_min
        self._places = asyncio.Semaphore(settings.argon2_at_once)
        self._key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, None] = OrderedDict()
        self._of_nobody: str | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, name: str) -> asyncio.Lock:
        """Held while somebody's password is checked and what follows is written down: one at a time for each name."""
        return self._turns.setdefault(name, asyncio.Lock())

    def check_rules(self, password: str, name: str = "") -> None:
        """Pass a password that its user, who is called `name`, may have. Raises PasswordInvalid, saying which rule."""
        if not self._chars_min <= len(password) <= PASSWORD_CHARS_MAX:
            raise PasswordInvalid(
                worded(
                    "A password has {chars_min} to {password_chars_max} characters, not {count}.",
                    chars_min=self._chars_min,
                    password_chars_max=PASSWORD_CHARS_MAX,
                    count=len(password),
                )
            )
        if not _is_utf8(password):
            raise PasswordInvalid("A password is text; this one has what no text can hold.")
        if name and password.casefold() == name.casefold():
            raise PasswordInvalid("A password is not the user's name.")
        if is_common(password):
            raise PasswordInvalid(
                "This password is among the first that are tried; take several words, or a random one."
            )

    async def hash(self, password: str) -> str:
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one behind `stored`. None takes as long as a wrong password."""
        if len(password) > PASSWORD_CHARS_MAX or not _is_utf8(password):
            return False
        fingerprint = self._fingerprint(password, stored or "")
        if fingerprint in self._remembered:
            return True
        async with self._places:
            if stored is None:
                self._of_nobody = self._of_nobody or await asyncio.to_thread(self._hasher.hash, secrets.token_hex())
            fits = await asyncio.to_thread(self._verify, stored or self._of_nobody or "", password)
        if not fits or stored is None:
            return False
        self._remember(fingerprint)
        return True

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    def _fingerprint(self, password: str, stored: str) -> bytes:
        return hashlib.blake2b(f"{stored}\0{password}".encode(), key=self._key, digest_size=32).digest()

    def _remember(self, fingerprint: bytes) -> None:
        self._remembered[fingerprint] = None
        if len(self._remembered) > _REMEMBERED_MAX:
            self._remembered.popitem(last=False)


def _is_utf8(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can spell
        return False
    return True
