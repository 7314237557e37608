"""`entrepot image` against a real server: list, inspect, history, copy, delete; files, and lines that break."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.cutting import Line, cutting_line
from tests.live.cli.test_commands import ok, push, read, refused
from tests.live.conftest import StartServer
from tests.live.process import Server
from tests.make.archive import DockerArchive, LayoutArchive, tar


@pytest.fixture
def organization(api: Api) -> str:
    return api.create_org()


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    with cutting_line(server.port) as line:
        yield line


def layout(folder: Path, *architectures: str) -> Path:
    archive = LayoutArchive()
    archive.name(archive.platforms(*architectures), "1.0")
    file = folder / "layout.tar"
    file.write_bytes(archive.pack())
    return file


def large(folder: Path) -> Path:
    """A layer of 24 MiB that does not shrink, compressed already by being in a layout."""
    archive = LayoutArchive()
    archive.name(archive.image(layers=(tar({"srv/large": os.urandom(24 << 20)}),)), "1.0")
    file = folder / "large.tar"
    file.write_bytes(archive.pack())
    return file


def test_images_are_listed_inspected_copied_and_deleted(
    as_admin: Run, server: Server, organization: str, tmp_path: Path
) -> None:
    name = f"{organization}/app"
    [pushed] = read(as_admin("image", "push", str(layout(tmp_path, "amd64", "arm64")), name, "--json"))
    assert pushed["references"] == [f"{server.host}/{name}:1.0"]

    [row] = read(as_admin("image", "list", organization, "--json"))
    assert (row["name"], row["num_images"]) == ("app", 1)
    assert name in ok(as_admin("image", "list"))
    [row] = read(as_admin("image", "list", name, "--json"))
    assert (row["tag"], row["digest"], row["platforms"]) == ("1.0", pushed["digest"], ["linux/amd64", "linux/arm64"])
    assert "linux/amd64, linux/arm64" in ok(as_admin("image", "list", name))

    seen = read(as_admin("image", "inspect", f"{name}:1.0", "--json"))
    assert (seen["digest"], seen["platforms"]) == (pushed["digest"], ["linux/amd64", "linux/arm64"])
    assert [one["layers"][0]["created_by"] for one in seen["images"]] == ["COPY 0", "COPY 0"]
    assert seen["manifest"]["manifests"][1]["digest"] == seen["images"][1]["digest"]
    assert "linux/arm64" in ok(as_admin("image", "inspect", f"{name}:1.0"))
    [step] = read(as_admin("image", "history", f"{name}:1.0", "--platform", "linux/arm64", "--json"))
    assert step["digest"] == seen["images"][1]["layers"][0]["digest"]
    assert "COPY 0" in ok(as_admin("image", "history", f"{name}:1.0"))
    assert "There is: linux/amd64, linux/arm64." in refused(
        as_admin("image", "inspect", f"{name}:1.0", "--platform", "linux/s390x")
    )

    copied = read(as_admin("image", "copy", f"{name}:1.0", f"{organization}/copied/app", "--json"))
    assert (copied["digest"], copied["bytes_sent"], copied["blobs"]["mounted"]) == (pushed["digest"], 0, 4)
    assert copied["target"] == f"{server.host}/{organization}/copied/app:1.0"
    ok(as_admin("image", "copy", f"{name}@{pushed['digest']}", f"{name}:stable"))

    ran = as_admin("image", "delete", f"{name}:1.0")
    assert ran.code == 2
    assert "other tags of the image stay" in " ".join(ran.err.replace("│", "").split())
    ok(as_admin("image", "delete", f"{name}:1.0", "--yes"))
    gone = read(as_admin("image", "delete", f"{name}@{pushed['digest']}", "--yes", "--json"))
    assert gone["tags"] == ["stable"]
    assert "entrepot image list" in refused(as_admin("image", "inspect", f"{name}:stable"))


def test_an_artifact_is_shown_as_one(as_admin: Run, api: Api, organization: str) -> None:
    image = push(api, f"{organization}/app", "1.0")

    seen = read(as_admin("image", "inspect", f"{organization}/app:1.0", "--json"))

    assert seen["images"][0]["digest"] == str(image.digest)


def test_an_upload_and_a_download_go_on_when_the_line_breaks(
    as_admin: Run, line: Line, organization: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENTREPOT_URL", line.url)
    file = large(tmp_path)
    line.up = [5 << 20, 9 << 20, 3 << 20]

    [pushed] = read(as_admin("image", "push", str(file), f"{organization}/app", "--json"))
    assert line.cuts == 3

    line.down = [5 << 20, 9 << 20, 3 << 20]
    pulled = tmp_path / "pulled.tar"
    ok(as_admin("image", "pull", f"{organization}/app:1.0", "-o", str(pulled)))
    assert line.cuts == 6
    [again] = read(as_admin("image", "push", str(pulled), f"{organization}/app:again", "--json"))
    assert (again["digest"], again["blobs"]["sent"]) == (pushed["digest"], 0)


def test_a_pull_that_was_ended_is_gone_on_with(
    as_admin: Run, line: Line, organization: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{organization}/app:1.0"
    ok(as_admin("image", "push", str(large(tmp_path)), name))
    target = tmp_path / "pulled.tar"
    first = read(as_admin("image", "pull", name, "-o", str(target), "--json"))
    target.rename(target.with_name("pulled.tar.part"))

    monkeypatch.setenv("ENTREPOT_URL", line.url)
    line.down = [1 << 20]
    assert read(as_admin("image", "pull", name, "-o", str(target), "--json"))["images"][0]["size"]

    assert line.cuts == 0, "everything was there, so nothing large came"
    assert first["images"][0]["digest"]


def test_images_go_through_pipes(server: Server, organization: str) -> None:
    archive = DockerArchive()
    archive.add(f"{organization}/app:1.0")
    environment = {**os.environ, **server.client_environment()}

    def piped(*words: str, stdin: bytes = b"") -> bytes:
        command = [sys.executable, "-m", "entrepot", "image", *words]
        return subprocess.run(command, env=environment, input=stdin, capture_output=True, check=True).stdout

    [pushed] = json.loads(piped("push", "-", "--json", stdin=archive.pack()))
    pulled = piped("pull", f"{organization}/app:1.0", "-o", "-")
    [again] = json.loads(piped("push", "-", f"{organization}/again", "--json", stdin=pulled))

    assert (again["digest"], again["blobs"]["sent"]) == (pushed["digest"], 0)


def test_copies_between_registries_are_streamed(
    run: Run, server: Server, start_server: StartServer, organization: str, tmp_path: Path
) -> None:
    there = start_server()
    for one in (there, server):
        ok(run("login", one.url, "-u", "admin", "-p", one.password))
    [pushed] = read(run("image", "push", str(layout(tmp_path, "amd64", "arm64")), f"{organization}/app", "--json"))
    ok(run("login", there.url))
    ok(run("org", "create", "acme"))
    ok(run("login", server.url))

    copied = read(run("image", "copy", f"{organization}/app:1.0", f"{there.host}/acme/app:2.0", "--json"))

    assert (copied["digest"], copied["blobs"]["sent"]) == (pushed["digest"], 4)
    assert read(run("image", "inspect", f"{there.host}/acme/app:2.0", "--json"))["digest"] == pushed["digest"]


def test_a_robot_logs_in_and_pushes_where_it_may(run: Run, server: Server, organization: str, tmp_path: Path) -> None:
    ok(run("login", server.url, "-u", "admin", "-p", server.password))
    robot = read(run("robot", "create", f"ci-{organization}", "--push", f"{organization}/app", "--json"))
    ok(run("login", server.url, "-u", robot["login"], "--password-stdin", stdin=f"{robot['secret']}\n"))

    [pushed] = read(run("image", "push", str(layout(tmp_path, "amd64")), f"{organization}/app", "--json"))

    assert pushed["blobs"]["sent"] == 2
    refused(run("image", "push", str(layout(tmp_path, "amd64")), f"{organization}/other"))


def test_what_may_not_be_seen_or_pushed_is_refused_with_a_next_step(
    run: Run, server: Server, api: Api, organization: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(api, f"{organization}/app", "1.0")
    stranger = api.create_user()
    file = layout(tmp_path, "amd64")
    monkeypatch.setenv("ENTREPOT_URL", server.url)
    assert "not logged in" in refused(run("image", "list", organization))

    monkeypatch.setenv("ENTREPOT_USER", stranger.user)
    monkeypatch.setenv("ENTREPOT_PASSWORD", stranger.password)
    assert "entrepot " in refused(run("image", "inspect", f"{organization}/app:1.0"))
    refused(run("image", "push", str(file), f"{organization}/app:2.0"))
    monkeypatch.setenv("ENTREPOT_PASSWORD", "wrong")
    assert f"entrepot login {server.url}" in refused(run("image", "inspect", f"{organization}/app:1.0"))


def test_wrong_usage_is_told_before_anything_is_sent(as_admin: Run, organization: str, tmp_path: Path) -> None:
    archive = LayoutArchive()
    archive.name(archive.image(), "a")
    archive.name(archive.image(), "b")
    two = tmp_path / "two.tar"
    two.write_bytes(archive.pack())

    for words in (
        ("push", str(two)),
        ("push", str(two), f"{organization}/a"),
        ("push", str(two), f"{organization}/a:1", f"{organization}/b@sha256:{'0' * 64}"),
        ("pull", f"{organization}/a:1"),
        ("pull", f"{organization}/a:1", "-o", str(tmp_path), "--format", "docker-archive"),
        ("pull", f"{organization}/a:1", "-o", "-", "--json"),
        ("copy", f"{organization}/a:1", f"{organization}/b@sha256:{'0' * 64}"),
        ("delete", f"{organization}/a", "--yes"),
        ("list", f"{organization}/a:1"),
    ):
        assert as_admin("image", *words).code == 2, words
    assert read(as_admin("image", "list", organization, "--json")) == []


def test_a_file_that_cannot_be_read_or_written_is_this_machines_trouble(
    as_admin: Run, organization: str, tmp_path: Path
) -> None:
    absent = str(tmp_path / "absent" / "a.tar")
    ok(as_admin("image", "push", str(layout(tmp_path, "amd64")), f"{organization}/a:1"))

    for words in (("push", absent), ("pull", f"{organization}/a:1", "-o", absent)):
        ran = as_admin("image", *words)
        assert (ran.code, ran.out) == (4, "") and "No such file or directory" in ran.err, ran
