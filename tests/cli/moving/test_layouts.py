"""Folders of OCI layouts: what they hold is found by its name, and a damaged one harms no other."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from entrepot.cli.moving.layouts import Layouts
from entrepot.plumbing.threads import Threads
from entrepot.values.errors import ArchiveInvalid, ParameterInvalid
from entrepot.values.names import RepositoryName, TagName
from tests.make.archive import LayoutArchive


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads(1)
    yield threads
    threads.close()


def lay(folder: Path, *names: str) -> LayoutArchive:
    archive = LayoutArchive()
    archive.name(archive.image(), *names)
    write(folder, archive.members())
    return archive


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


async def all_tags(layouts: Layouts) -> dict[str, list[str]]:
    return {name: list(await layouts.tags(RepositoryName(name))) for name in await layouts.repositories()}


async def test_a_layout_is_a_repository_by_the_name_of_its_folder(tmp_path: Path, threads: Threads) -> None:
    lay(tmp_path / "all" / "app", "1.0", "latest")
    lay(tmp_path / "all" / "team" / "web", "2.0")
    lay(tmp_path / "all" / "docker", "docker.io/library/nginx:1.25")

    assert await all_tags(Layouts(tmp_path / "all", threads)) == {
        "app": ["1.0", "latest"],
        "library/nginx": ["1.25"],
        "team/web": ["2.0"],
    }
    assert await all_tags(Layouts(tmp_path / "all" / "app", threads)) == {"app": ["1.0", "latest"]}


async def test_what_has_no_name_is_told_by_its_digest(tmp_path: Path, threads: Threads) -> None:
    archive = lay(tmp_path / "app")

    assert await all_tags(Layouts(tmp_path / "app", threads)) == {"app": [f"@{archive.entries[0]['digest']}"]}


async def test_a_damaged_layout_harms_no_other(tmp_path: Path, threads: Threads) -> None:
    lay(tmp_path / "good", "1")
    lay(tmp_path / "bad", "1")
    (tmp_path / "bad" / "index.json").write_text("{")
    torn = lay(tmp_path / "torn", "1")
    digest = torn.entries[0]["digest"].partition(":")[2]
    (tmp_path / "torn" / "blobs" / "sha256" / digest).write_bytes(b"something else")
    layouts = Layouts(tmp_path, threads)

    assert await layouts.repositories() == ["bad", "good", "torn"]
    with pytest.raises(ArchiveInvalid):
        await layouts.tags(RepositoryName("bad"))
    for name, is_whole in (("good", True), ("torn", False)):
        shelf = layouts.shelf(RepositoryName(name), await layouts.tags(RepositoryName(name)))
        if is_whole:
            assert await shelf.find(TagName("1")) is not None
        else:
            with pytest.raises(ArchiveInvalid, match=r"damaged|bytes where"):
                await shelf.find(TagName("1"))


async def test_links_to_folders_are_not_followed(tmp_path: Path, threads: Threads) -> None:
    lay(tmp_path / "outside", "1")
    lay(tmp_path / "all" / "app", "1")
    (tmp_path / "all" / "linked").symlink_to(tmp_path / "outside")

    assert await Layouts(tmp_path / "all", threads).repositories() == ["app"]


async def test_a_folder_without_layouts_is_refused(tmp_path: Path, threads: Threads) -> None:
    with pytest.raises(ParameterInvalid, match="neither"):
        await Layouts(tmp_path, threads).repositories()
