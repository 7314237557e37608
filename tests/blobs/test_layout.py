"""Layout: keys there and back."""

import pytest

from entrepot.blobs import layout
from entrepot.values.digest import ALGORITHMS, Digest
from entrepot.values.errors import UploadUnknown

SHA256 = Digest.of(b"")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_leads_back_to_its_digest(algorithm: str) -> None:
    digest = Digest.of(b"abc", algorithm)
    assert layout.blob_of(layout.blob_key(digest)) == digest
    assert layout.blob_key(digest).rsplit("/", 2)[0] in set(layout.blob_folders())


@pytest.mark.parametrize(
    "key",
    [
        "",
        "blobs",
        f"blobs/sha256/e3/../e3/{SHA256.hex}",
        f"blobs/sha256/../{SHA256.hex}",
        f"blobs/sha256/ff/{SHA256.hex}",
        f"blobs/sha256/e3/{SHA256.hex.upper()}",
        f"blobs/sha256/e3/{SHA256.hex}\n",
        f"blobs/sha256/e3/{SHA256.hex}.tmp",
        f"blobs/sha512/e3/{SHA256.hex}",
        f"blobs/md5/e3/{SHA256.hex}",
        f"parts/sha256/e3/{SHA256.hex}",
        f"/blobs/sha256/e3/{SHA256.hex}",
        f"blobs/sha256/e3/{SHA256.hex}/",
        "blobs/sha256/../../../etc/passwd",
    ],
)
def test_what_is_not_exactly_a_key_of_ours_names_no_blob(key: str) -> None:
    assert layout.blob_of(key) is None


def test_part_keys_are_new_every_time_and_pass_the_check() -> None:
    keys = {layout.new_part_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert layout.check_part_key(key) == key


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a" * 31, "a" * 33, "A" * 32, "g" * 32, f"{'a' * 32}\n", "../" + "a" * 32]
)
def test_other_names_are_no_parts(name: str) -> None:
    assert not layout.is_part_key(f"parts/{name}")
    with pytest.raises(UploadUnknown):
        layout.check_part_key(f"parts/{name}")
