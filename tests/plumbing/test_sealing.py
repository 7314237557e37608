"""Secrets at rest: what is sealed opens with the same key and purpose, and with nothing else."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.plumbing.sealing import SealBroken, Sealer, new_key, open_sealer, read_keys, write_keys, write_private

SEALER = Sealer(bytes(range(32)))


@given(st.binary(max_size=200), st.text(st.characters(codec="utf-8"), max_size=20))
def test_what_is_sealed_opens_again(secret: bytes, purpose: str) -> None:
    assert SEALER.open(SEALER.seal(secret, purpose), purpose) == secret


def test_one_secret_is_never_sealed_twice_alike_and_does_not_show() -> None:
    sealed = {SEALER.seal(b"the secret", "p") for _ in range(50)}
    assert len(sealed) == 50
    assert not any(b"secret" in one for one in sealed)


def test_another_key_purpose_or_content_opens_nothing() -> None:
    sealed = SEALER.seal(b"the secret", "p")
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for wrong in changed + [sealed[:cut] for cut in range(12, len(sealed))] + [sealed + b"x"]:
        with pytest.raises(SealBroken):
            SEALER.open(wrong, "p")
    with pytest.raises(SealBroken):
        SEALER.open(sealed, "q")
    with pytest.raises(SealBroken):
        Sealer(bytes(32)).open(sealed, "p")


@pytest.mark.parametrize("length", [0, 11, 12, 27])
def test_what_is_too_short_to_be_sealed_is_broken(length: int) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(bytes(length), "p")


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_has_its_length(length: int) -> None:
    with pytest.raises(ValueError, match="32"):
        Sealer(bytes(length))


def test_the_key_is_made_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "secret-key"

    sealed = open_sealer(file).seal(b"the secret", "p")

    assert open_sealer(file).open(sealed, "p") == b"the secret"
    assert len(read_keys(file)) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["secret-key"]


@pytest.mark.parametrize("between", [",", " ", ", ", "\n"])
def test_keys_that_are_given_need_no_file(tmp_path: Path, between: str) -> None:
    first, second = bytes(32), bytes(range(32))
    given_keys = between.join(base64.b64encode(key).decode() for key in (first, second))

    sealer = open_sealer(tmp_path / "none", given_keys)

    assert list(tmp_path.iterdir()) == []
    assert sealer.open(Sealer(second).seal(b"old", "p"), "p") == b"old"
    assert Sealer(first).open(sealer.seal(b"new", "p"), "p") == b"new"
    assert not sealer.is_current(Sealer(second).seal(b"old", "p"), "p")
    assert sealer.is_current(Sealer(first).seal(b"new", "p"), "p")


def test_whoever_runs_takes_part_when_the_file_changes(tmp_path: Path) -> None:
    file, old, new = tmp_path / "secret-key", new_key(), new_key()
    write_keys(file, [old])
    running, before = open_sealer(file), Sealer(old).seal(b"before", "p")

    write_keys(file, [new, old])
    assert Sealer(new).open(running.seal(b"now", "p"), "p") == b"now"
    assert running.open(before, "p") == b"before"

    other = open_sealer(file)
    write_keys(file, [newest := new_key(), new])
    assert other.open(Sealer(newest).seal(b"newest", "p"), "p") == b"newest"
    with pytest.raises(SealBroken):
        other.open(before, "p")


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("old, and readable by all")
    file.chmod(0o644)

    write_private(file, b"new")

    assert file.read_bytes() == b"new"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
