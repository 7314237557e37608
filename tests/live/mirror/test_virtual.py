"""A virtual organization between skopeo and a registry of somebody else's, made by the command line."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.conftest import as_admin, home, run  # noqa: F401  # fixtures
from tests.live.cli.test_commands import push
from tests.live.mirror.conftest import OCI_MANIFEST, MakeMirror, Mirror, Upstream
from tests.live.process import Server
from tests.make.waiting import until

pytestmark = pytest.mark.live


class Skopeo:
    """skopeo, signed in as somebody who may read the virtual organization and nothing else."""

    def __init__(self, server: Server, name: str, folder: Path) -> None:
        self._server = server
        self._folder = folder
        with Api(server) as api:
            user = api.create_user()
            api.grant(name, user.user, "read")
            self._account = f"{user.user}:{user.password}"

    def pull(self, image: str) -> "subprocess.CompletedProcess[str]":
        """An image of the server, `NAME/REPOSITORY:TAG`, into a folder."""
        source = ["--src-tls-verify=false", "--src-creds", self._account]
        return self._run([*source, f"docker://{self._server.host}/{image}", f"dir:{self._place(image)}"])

    def push(self, pulled: str, image: str) -> "subprocess.CompletedProcess[str]":
        target = ["--dest-tls-verify=false", "--dest-creds", self._account]
        return self._run([*target, f"dir:{self._place(pulled)}", f"docker://{self._server.host}/{image}"])

    def manifest(self, image: str) -> bytes:
        return (self._place(image) / "manifest.json").read_bytes()

    def blobs(self, image: str) -> Sequence[bytes]:
        named = {"manifest.json", "version"}
        return [one.read_bytes() for one in self._place(image).iterdir() if one.name not in named]

    def _place(self, image: str) -> Path:
        return self._folder / image.replace("/", "-").replace(":", "-")

    def _run(self, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        command = ["skopeo", "copy", "--quiet", "--retry-times=0", *words]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture
def name() -> str:
    return fresh_name("all")


def test_what_is_merged_is_pulled_by_one_name_and_nobody_pushes_there(
    as_admin: Run,  # noqa: F811
    api: Api,
    server: Server,
    upstream: Upstream,
    mirror: Mirror,
    name: str,
    tmp_path: Path,
) -> None:
    local, image = api.create_org(), upstream.push()
    push(api, f"{local}/app", "v1")
    made = as_admin("virtual", "create", name, "--member", mirror.organization, "--member", local, "--deny", "*/secret")
    assert (made.code, made.out) == (
        0,
        f"{name} merges {mirror.organization}, {local}: pull {server.host}/{name}/REPOSITORY.\n",
    )
    skopeo = Skopeo(server, name, tmp_path)

    theirs, ours = f"{name}/{image.name}:1.0", f"{name}/app:v1"
    for one in (theirs, ours):
        pulled = skopeo.pull(one)
        assert pulled.returncode == 0, pulled.stderr

    assert skopeo.manifest(theirs) == image.body
    assert image.layers[image.layer] in skopeo.blobs(theirs)
    assert f"{name}/{image.name}:1.0: served from {mirror.organization}/{image.name}." in _explained(as_admin, theirs)
    assert f"{local} holds app itself, so nobody else is asked." in _explained(as_admin, ours)
    refused = skopeo.push(theirs, f"{name}/app:v2")
    assert refused.returncode != 0
    assert f"push to one of these: {local}." in refused.stderr
    assert skopeo.pull(f"{mirror.organization}/{image.name}:1.0").returncode == 0, "a mirror for anybody"
    assert skopeo.pull(f"{local}/app:v1").returncode != 0
    assert "refused: deny */secret" in as_admin("virtual", "explain", name, "team/secret").out
    assert name in as_admin("virtual", "list").out


def test_a_name_of_ours_that_somebody_publishes_elsewhere_is_not_pulled_from_there(
    as_admin: Run,  # noqa: F811
    api: Api,
    server: Server,
    upstream: Upstream,
    mirror: Mirror,
    name: str,
    tmp_path: Path,
) -> None:
    local = api.create_org()
    attacked = upstream.push(tag="2.0")
    push(api, f"{local}/{attacked.name}", "1.0")
    as_admin("virtual", "create", name, "--member", mirror.organization, "--member", local)
    skopeo = Skopeo(server, name, tmp_path)

    assert skopeo.pull(f"{name}/{attacked.name}:1.0").returncode == 0
    refused = skopeo.pull(f"{name}/{attacked.name}:2.0")

    assert refused.returncode != 0
    assert "nobody else is asked for it" in refused.stderr
    assert upstream.wire.asked == []


def test_a_young_image_is_refused_until_it_is_old_enough(
    as_admin: Run,  # noqa: F811
    server: Server,
    upstream: Upstream,
    mirror: Mirror,
    name: str,
    tmp_path: Path,
) -> None:
    image = upstream.push()
    as_admin("virtual", "create", name, "--member", mirror.organization, "--quarantine", "3d")
    skopeo, path = Skopeo(server, name, tmp_path), f"{name}/{image.name}:1.0"

    refused = skopeo.pull(path)

    assert refused.returncode != 0
    assert f"{image.digest} is in the quarantine of {name}: it has been known since" in refused.stderr
    assert upstream.wire.count("GET blobs") == 0
    explained = _explained(as_admin, path)
    assert f"{path}: refused." in explained
    assert "Served from: " in explained

    changed = as_admin("virtual", "update", name, "--quarantine", "1s")
    assert (changed.code, changed.out) == (0, f"Changed {name}.\n")


async def test_what_a_tag_named_before_is_pulled_while_the_new_one_is_too_young(
    as_admin: Run,  # noqa: F811
    server: Server,
    upstream: Upstream,
    mirror: Mirror,
    name: str,
    tmp_path: Path,
) -> None:
    before = upstream.push()
    as_admin("virtual", "create", name, "--member", mirror.organization, "--quarantine", "1s")
    skopeo, path = Skopeo(server, name, tmp_path), f"{name}/{before.name}:1.0"
    await until(lambda: skopeo.pull(path).returncode == 0)
    as_admin("virtual", "update", name, "--quarantine", "1h")
    assert skopeo.pull(path).returncode != 0
    as_admin("virtual", "update", name, "--quarantine", "10s")
    await until(lambda: skopeo.pull(path).returncode == 0)
    after = upstream.push(before.name)

    pulled = skopeo.pull(path)

    assert pulled.returncode == 0, pulled.stderr
    assert skopeo.manifest(path) == before.body
    explained = _explained(as_admin, path)
    assert f"{path}: older from" in explained
    assert f"{after.digest} is in the quarantine" in explained


def test_it_is_shown_changed_and_ended_by_the_command_line(
    as_admin: Run,  # noqa: F811
    api: Api,
    mirror: Mirror,
    name: str,
) -> None:
    local = api.create_org()
    rules = ["--allow", f"{mirror.organization}:library/*", "--deny", f"{local}:x", "--deny", "y"]
    made = as_admin("virtual", "create", name, "--member", f"{local}/team-*", "--member", mirror.organization, *rules)
    assert made.code == 0, made.err
    shown = as_admin("virtual", "show", name).out
    assert f"{local}, allow team-*, deny x; {mirror.organization} (mirror of" in shown
    assert "allow library/*" in shown

    as_admin(
        "virtual", "update", name, "--member", mirror.organization, "--member", local, "--deny", "", "--forget", "*"
    )
    shown = as_admin("virtual", "show", name).out
    assert "(mirror of" in shown.partition(f"; {local}, allow team-*, deny x")[0]
    as_admin("virtual", "update", name, "--allow", f"{local}:", "--deny", f"{local}:")
    assert f"; {local}\n" in as_admin("virtual", "show", name).out
    wrong = as_admin("virtual", "update", name, "--allow", "nobody:x")
    assert wrong.code == 2
    assert "nobody is not a member" in wrong.err

    assert as_admin("virtual", "delete", name, "--yes").code == 0
    assert as_admin("virtual", "show", name).code == 1


def test_which_mirror_answers_for_a_registry_is_said_by_the_command_line(
    as_admin: Run,  # noqa: F811
    upstream: Upstream,
    make_mirror: MakeMirror,
    server: Server,
) -> None:
    host = fresh_name("registry") + ".example"
    older, younger = make_mirror(server, host=host), make_mirror(server, host=host)
    image = upstream.push()

    def holds(mirror: Mirror) -> bool:
        with Api(server) as api:
            path = f"/v2/{mirror.organization}/{image.name}/tags/list"
            upstream.wire.is_down = True
            found = bool(api.client.get(path).json().get("tags") == ["1.0"])
            upstream.wire.is_down = False
            return found

    changed = as_admin("mirror", "update", older.organization, "--no-transparent")
    assert (changed.code, changed.out) == (0, f"Changed the mirror {older.organization} of {host}.\n")
    path = f"/v2/{image.name}/manifests/1.0"
    answer = younger.client.get(path, params={"ns": host}, headers={"Accept": OCI_MANIFEST})

    assert answer.content == image.body
    assert (holds(younger), holds(older)) == (True, False)


def _explained(run: Run, path: str) -> str:  # noqa: F811
    name, _, what = path.partition("/")
    return run("virtual", "explain", name, what).out
