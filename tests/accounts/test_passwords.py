"""Passwords: hashed once, checked a few at a time, remembered only while they are still right."""

import asyncio
import threading
from dataclasses import dataclass, field

import pytest

from entrepot.accounts.passwords import PASSWORD_CHARS_MAX, Passwords
from entrepot.accounts.settings import AccountSettings
from entrepot.values.errors import PasswordInvalid

WEAK = AccountSettings(argon2_memory_kib=8, argon2_passes=1, argon2_at_once=2)


@dataclass
class CountingHasher:
    """In the place of argon2: counts, and says how many ran side by side."""

    checks: int = 0
    hashes: int = 0
    running: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    both: threading.Barrier | None = None

    def hash(self, password: str) -> str:
        self.hashes += 1
        return f"hash of {password} {self.hashes}"

    def verify(self, stored: str, password: str) -> bool:
        with self.lock:
            self.checks += 1
            self.running += 1
            self.most = max(self.most, self.running)
        if self.both is not None:
            self.both.wait(timeout=10)
        with self.lock:
            self.running -= 1
        return stored.startswith(f"hash of {password} ")


def counting() -> tuple[Passwords, CountingHasher]:
    passwords, hasher = Passwords(WEAK), CountingHasher()
    passwords._hasher = hasher  # type: ignore[assignment]  # in argon2's place
    return passwords, hasher


async def test_a_hash_tells_the_right_password_from_others() -> None:
    passwords = Passwords(WEAK)
    stored = await passwords.hash("correct horse")

    assert stored.startswith("$argon2id$") and "correct horse" not in stored
    assert await passwords.hash("correct horse") != stored
    for _ in range(2):
        assert await passwords.matches("correct horse", stored)
        assert not await passwords.matches("correct hors", stored)
        assert not await passwords.matches("", stored)
    assert await passwords.matches("pässwörd\0", await passwords.hash("pässwörd\0"))


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$v=19$broken", "hash\0"])
async def test_what_is_no_hash_matches_nothing(stored: str) -> None:
    assert not await Passwords(WEAK).matches("anything", stored)


async def test_an_unknown_user_costs_a_check_as_a_known_one_does() -> None:
    """Else the time of an answer would tell which names exist."""
    passwords, hasher = counting()
    stored = await passwords.hash("right")

    for number in range(1, 4):
        assert not await passwords.matches("wrong", stored)
        assert hasher.checks == 2 * number - 1
        assert not await passwords.matches("wrong", None)
        assert hasher.checks == 2 * number
    assert hasher.hashes == 2  # the one above, and nobody's, made once


async def test_nobody_has_no_password() -> None:
    passwords, hasher = counting()
    await passwords.matches("x", None)
    nobodys = passwords._of_nobody
    assert nobodys is not None

    assert not await passwords.matches(nobodys.removeprefix("hash of ").rpartition(" ")[0], None)
    assert hasher.checks == 2


async def test_a_right_password_is_checked_once_and_a_wrong_one_each_time() -> None:
    passwords, hasher = counting()
    stored = await passwords.hash("right")

    for _ in range(5):
        assert await passwords.matches("right", stored)
    assert hasher.checks == 1
    for _ in range(5):
        assert not await passwords.matches("wrong", stored)
    assert hasher.checks == 6


async def test_two_users_with_one_password_are_both_remembered() -> None:
    passwords, hasher = counting()
    ann, bob = await passwords.hash("same"), await passwords.hash("same")

    for _ in range(4):
        assert await passwords.matches("same", ann)
        assert await passwords.matches("same", bob)

    assert hasher.checks == 2


async def test_a_remembered_password_ends_with_its_hash() -> None:
    passwords, _ = counting()
    old = await passwords.hash("old")
    assert await passwords.matches("old", old)

    new = await passwords.hash("new")

    assert not await passwords.matches("old", new)
    assert await passwords.matches("new", new)


async def test_a_flood_of_logins_runs_a_few_at_a_time() -> None:
    passwords, hasher = counting()
    hasher.both = threading.Barrier(WEAK.argon2_at_once)  # the test hangs unless two run together
    stored = await passwords.hash("right")

    await asyncio.gather(*(passwords.matches(f"wrong {number}", stored) for number in range(20)))

    assert (hasher.checks, hasher.most) == (20, WEAK.argon2_at_once)


def test_a_password_has_a_length() -> None:
    passwords = Passwords(WEAK)
    passwords.check_rules(("correct horse " * 100)[: WEAK.password_chars_min])
    passwords.check_rules(("correct horse " * 100)[:PASSWORD_CHARS_MAX])
    for wrong in ("", "x" * (WEAK.password_chars_min - 1), "x" * (PASSWORD_CHARS_MAX + 1)):
        with pytest.raises(PasswordInvalid):
            passwords.check_rules(wrong)


async def test_a_password_that_is_no_text_is_refused_and_matches_nothing() -> None:
    """JSON can spell half of a surrogate pair."""
    passwords, wrong = Passwords(WEAK), "half \ud800 a pair"

    with pytest.raises(PasswordInvalid):
        passwords.check_rules(wrong)
    assert not await passwords.matches(wrong, await passwords.hash("right"))
    assert not await passwords.matches(wrong, None)


async def test_a_password_too_long_to_be_one_is_not_even_checked() -> None:
    passwords, hasher = counting()
    stored = await passwords.hash("right")

    assert not await passwords.matches("x" * 1_000_000, stored)
    assert hasher.checks == 0
