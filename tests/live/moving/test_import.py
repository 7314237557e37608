"""`entrepot import` from a real docker-registry, over its API and from its folder."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_attached import digest_of, referrers
from tests.live.cli.test_commands import ok, read
from tests.live.docker_registry import running_docker_registry
from tests.live.moving.filling import Filling, fill, push
from tests.live.parts import command
from tests.live.process import Server
from tests.make.image import Image


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("source") / "docker-registry"


@pytest.fixture(scope="module")
def source(folder: Path) -> Iterator[str]:
    with running_docker_registry(folder) as url:
        yield url


@pytest.fixture(scope="module")
def filling(source: str) -> Filling:
    return fill(source)


def by_source(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["source"]: one for one in report["images"]}


def assert_is_whole(api: Api, organization: str, filling: Filling) -> None:
    for name, digest in filling.digests.items():
        repository, _, tag = name.partition(":")
        assert digest_of(api, f"{organization}/{repository}", tag) == digest, name
    index = filling.images["app:1.0"]
    assert referrers(api, f"{organization}/app", index) == {str(one.digest) for one in filling.attached}


def test_a_registry_and_its_folder_bring_the_same_images(
    as_admin: Run, server: Server, api: Api, source: str, folder: Path, filling: Filling, tmp_path: Path
) -> None:
    by_api, by_folder = api.create_org(), api.create_org()

    planned = read(as_admin("import", source, "--to", by_api, "--plan", "--json"))
    assert (planned["to_copy"], planned["failed"]) == (4, 0)
    assert planned["bytes_to_copy"] > 20_000
    assert digest_of(api, f"{by_api}/app", "1.0") is None, "a plan sends nothing"
    assert "Nothing was sent." in ok(as_admin("import", source, "--to", by_api, "--plan"))

    file = tmp_path / "report.json"
    done = read(as_admin("import", source, "--to", by_api, "--json", "--report", str(file)))
    assert (done["copied"], done["failed"]) == (4, 0)
    assert by_source(done)["app:1.0"]["referrers"] == 2, "the tags that are made of digests came along"
    assert done["bytes_sent"] <= planned["bytes_to_copy"]
    assert json.loads(file.read_text()) == done
    assert_is_whole(api, by_api, filling)

    again = read(as_admin("import", source, "--to", by_api, "--json"))
    assert (again["present"], again["bytes_sent"]) == (4, 0)

    offline = read(as_admin("import", str(folder / "data"), "--to", by_folder, "--json"))
    assert (offline["copied"], offline["failed"], offline["bytes_sent"]) == (4, 0, 0), "all is mounted"
    assert_is_whole(api, by_folder, filling)

    for organization in (by_api, by_folder):
        pulled = tmp_path / organization
        skopeo = [command("skopeo"), "copy", "--all", "--preserve-digests", "--src-tls-verify=false"]
        pair, image = f"{server.user}:{server.password}", f"docker://{server.host}/{organization}/app:1.0"
        subprocess.run([*skopeo, "--src-creds", pair, image, f"dir:{pulled}"], check=True, capture_output=True)
        assert (pulled / "manifest.json").read_bytes() == filling.images["app:1.0"].body


def test_a_tag_that_moved_at_the_source_moves_here(as_admin: Run, api: Api, source: str, filling: Filling) -> None:
    organization = api.create_org()
    name = "team/web"
    words = ("import", source, "--to", organization, "--strip-prefix", "team", "--repository", name, "--tag", "2.*")
    assert read(as_admin(*words, "--json"))["copied"] == 2
    old, new = filling.images[f"{name}:2.1"], Image.make()
    push(source, f"{name}:2.1", new)

    assert "will move" in ok(as_admin(*words, "--plan"))
    done = by_source(read(as_admin(*words, "--json")))

    assert [done[f"{name}:{tag}"]["outcome"] for tag in ("2.0", "2.1")] == ["there already", "copied"]
    assert digest_of(api, f"{organization}/web", "2.1") == str(new.digest)
    push(source, f"{name}:2.1", old)


def test_what_is_not_there_or_has_no_place_is_said(as_admin: Run, api: Api, source: str, filling: Filling) -> None:
    organization = api.create_org()
    words = ("import", source, "--to", organization, "--prefix", "Old", "--repository", "app", "--repository", "none")

    ran = as_admin(*words, "--json")

    assert (ran.code, ran.err) == (1, "")
    reasons = {one["source"]: one["reason"] for one in json.loads(ran.out)["images"]}
    assert all("is not a repository name" in reason for reason in reasons.values()), reasons
    ran = as_admin("import", source, "--to", organization, "--repository", "app", "--repository", "none")
    assert ran.code == 1
    assert "none failed: It is not there, or has no tags." in ran.out
    assert str(filling.images["app:1.0"].digest) == digest_of(api, f"{organization}/app", "1.0")


def test_a_signature_that_was_added_to_cosigns_tag_comes_with_the_next_run(
    as_admin: Run, api: Api, source: str, filling: Filling
) -> None:
    organization = api.create_org()
    tag = next(name for name in filling.images if name.endswith(".sig"))
    words = ("import", source, "--to", organization, "--repository", "app", "--json")
    assert read(as_admin(*words))["copied"] == 1
    old, more = filling.images[tag], Image.make(2)
    push(source, tag, more)

    done = [read(as_admin(*words)) for _ in range(2)]

    assert [(one["copied"], one["present"]) for one in done] == [(1, 0), (0, 1)]
    assert digest_of(api, f"{organization}/app", tag.partition(":")[2]) == str(more.digest)
    push(source, tag, old)
