"""One store of every kind for the suites of this folder, and a look for litter after each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from entrepot.blobs.opening import open_store
from entrepot.blobs.settings import BlobSettings
from entrepot.blobs.store import BlobStore
from tests.contracts.streams import parts_left
from tests.live.s3 import S3, running_s3

STORES = ("memory", "files", "s3")


@pytest.fixture(scope="session")
def s3_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with running_s3(tmp_path_factory.mktemp("s3")) as service:
        yield service


@pytest.fixture
def bucket_url(s3_service: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """The storage URL of a new bucket, with credentials for it in the environment."""
    for name, text in s3_service.environment.items():
        monkeypatch.setenv(name, text)
    return s3_service.new_bucket()


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BlobStore]:
    """An empty store. Whatever a test does with it, in the end no part and no open file is left over."""
    urls = {"memory": lambda: "memory:", "files": lambda: str(tmp_path / "store")}
    url = urls[request.param]() if request.param in urls else request.getfixturevalue("bucket_url")
    opened = open_store(url, BlobSettings(free_bytes_min=0))
    yield opened
    assert await parts_left(opened) == []
    assert open_files_below(tmp_path) == []
    if request.param == "s3":
        assert unfinished_uploads(url) == 0
    await opened.close()


def open_files_below(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue  # the descriptor this very listing used
        if target.startswith(f"{folder}/"):
            found.append(target)
    return found


def unfinished_uploads(url: str) -> int:
    bucket, _, query = url.removeprefix("s3://").partition("?")
    endpoint = dict(pair.split("=", 1) for pair in query.split("&"))["endpoint"]
    answer = httpx2.get(f"{endpoint}/{bucket.partition('/')[0]}?uploads", trust_env=False)
    return answer.raise_for_status().text.count("<UploadId>")
