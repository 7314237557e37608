"""Opening: the store that a URL names."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from entrepot.blobs import opening
from entrepot.blobs.files import FilesStore
from entrepot.blobs.memory import MemoryStore
from entrepot.blobs.opening import open_store
from entrepot.blobs.s3 import S3Store
from entrepot.blobs.settings import BlobSettings
from entrepot.values.errors import ParameterInvalid, Unsupported

SETTINGS = BlobSettings()


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("/srv/images", FilesStore),
        ("images", FilesStore),
        ("file:///srv/images", FilesStore),
        ("file://localhost/srv/images", FilesStore),
        ("memory:", MemoryStore),
        ("memory://", MemoryStore),
        ("s3://bucket", S3Store),
        ("s3://bucket/a/b?endpoint=https://s3.test&region=eu-1&virtual_host=true&bulk_delete=false", S3Store),
    ],
)
async def test_a_url_names_a_store(url: str, kind: type) -> None:
    store = open_store(url, SETTINGS)
    assert type(store) is kind
    await store.close()


def test_opening_touches_nothing(tmp_path: Path) -> None:
    open_store(str(tmp_path / "store"), SETTINGS)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_with_a_space_in_its_url_is_found(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}/two%20words", BlobSettings(free_bytes_min=0))
    await store.check()
    assert (tmp_path / "two words" / "parts").is_dir()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "file://",
        "file://elsewhere/srv",
        "file:///srv?x=1",
        "s3://",
        "ftp://host/folder",
        "s3://bucket?secret=x",
        "s3://bucket?bulk_delete=maybe",
    ],
)
def test_a_url_that_means_nothing_is_refused(url: str) -> None:
    with pytest.raises(ParameterInvalid):
        open_store(url, SETTINGS)


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(opening, "find_spec", find_nothing)
    monkeypatch.delitem(sys.modules, "entrepot.blobs.s3")
    with pytest.raises(Unsupported, match=r"entrepot\[s3\]"):
        open_store("s3://bucket", SETTINGS)
