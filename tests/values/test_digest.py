import dataclasses
import hashlib
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.digest import ALGORITHMS, Digest
from entrepot.values.errors import DigestInvalid

A = "a" * 64
B = "b" * 128


@pytest.mark.parametrize(("text", "algorithm"), [(f"sha256:{A}", "sha256"), (f"sha512:{B}", "sha512")])
def test_a_digest_reads_back_as_it_was_written(text, algorithm):
    digest = Digest.parse(text)
    assert (digest.algorithm, f"{algorithm}:{digest.hex}", str(digest)) == (algorithm, text, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        A,
        "sha256",
        "sha256:",
        f"sha256:{A[1:]}",
        f"sha256:{A}a",
        f"sha256:{B}",
        f"sha512:{A}",
        f"sha256:{'A' * 64}",
        f"SHA256:{A}",
        f"sha256:{A}\n",
        f" sha256:{A}",
        f"sha256:{'g' * 64}",
        f"sha256:{'١' * 64}",
        f"sha384:{'a' * 96}",
        f"md5:{'a' * 32}",
        "sha256:totallywrong",
        "sha256:baddigeststring",
        "\ud800:",
        "sha256:" + "a" * 1_000_000,
    ],
)
def test_what_is_no_digest_is_refused(text):
    with pytest.raises(DigestInvalid) as caught:
        Digest.parse(text)
    assert len(caught.value.message) < 400


@pytest.mark.parametrize("algorithm", ["md5", "sha384", ""])
def test_an_unknown_algorithm_is_refused_by_name(algorithm):
    with pytest.raises(DigestInvalid, match="not supported"):
        Digest.of(b"", algorithm)
    with pytest.raises(DigestInvalid, match="not supported; use sha256 or sha512"):
        Digest.parse(f"{algorithm}:{A}")


@given(st.text())
def test_any_text_is_a_digest_or_refused(text):
    try:
        assert str(Digest.parse(text)) == text
    except DigestInvalid:
        pass


@given(st.binary(), st.sampled_from(sorted(ALGORITHMS)))
def test_the_digest_of_bytes_agrees_with_hashlib_and_survives_a_round_trip(data, algorithm):
    digest = Digest.of(data, algorithm)
    assert digest.hex == hashlib.new(algorithm, data).hexdigest()
    assert len(digest.hex) == ALGORITHMS[algorithm]
    assert Digest.parse(str(digest)) == digest
    assert pickle.loads(pickle.dumps(digest)) == digest


def test_digests_are_values_that_sort_and_hash():
    one, two = Digest.parse(f"sha256:{A}"), Digest.parse(f"sha512:{B}")
    assert sorted({two, one, Digest.parse(str(one))}) == [one, two]
    assert one.__eq__(str(one)) is NotImplemented
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(one, "hex", "x")  # noqa: B010  # an assignment would not pass the type checker
