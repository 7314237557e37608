"""Rules for several regions between real installations and with docker-registry: both ways, resumed, with deletions."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.live.api import Api, fresh_name
from tests.live.conftest import StartServer
from tests.live.console.pushing import push
from tests.live.docker_registry import running_docker_registry
from tests.live.mirror.test_copies import ACCEPT, MIB, QUICK, know, random_image, settled, size_of, wait
from tests.live.mirror.wire import running_wire
from tests.live.postgres import Postgres
from tests.live.process import running_server
from tests.live.s3 import S3
from tests.make.image import Blob, Image

pytestmark = pytest.mark.live

SECONDS_MAX = 40.0
HOUR = 3_600


@dataclass
class Rule:
    """A rule of `api`, with an organization of its own."""

    api: Api
    name: str = field(default_factory=lambda: fresh_name("rule"))
    organization: str = field(default_factory=fresh_name)

    def __post_init__(self) -> None:
        self.api.create_org(self.organization)

    def make(self, **given: Any) -> None:
        least = {"name": self.name, "direction": "push", "repositories": [f"{self.organization}/*"]}
        made = self.api.client.post("/v2/manage/sync/rules", json=least | given)
        assert made.status_code == 201, made.text

    def run(self) -> None:
        assert self.api.client.post(f"/v2/manage/sync/rules/{self.name}/run").status_code == 202

    def copies(self) -> list[dict[str, Any]]:
        """The oldest first."""
        listed = self.api.client.get("/v2/manage/sync/copies", params={"rule": self.name}).json()
        found: list[dict[str, Any]] = listed["copies"]
        return found[::-1]

    def done(self, is_so: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """The rule, once its run is over, nothing of it waits, and it is so."""
        deadline = time.monotonic() + SECONDS_MAX
        while True:
            shown: dict[str, Any] = self.api.client.get(f"/v2/manage/sync/rules/{self.name}").json()
            if "last_run" in shown and not shown["under_way"] and is_so(shown):
                return shown
            assert time.monotonic() < deadline, (shown, self.copies())
            time.sleep(0.05)  # another process: it tells nobody

    def done_again(self) -> dict[str, Any]:
        """The same, after another run."""
        before = self.done()["last_run"]["at"]
        self.run()
        return self.done(lambda shown: shown["last_run"]["at"] != before)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_server(tmp_path_factory.mktemp("here"), **QUICK) as server, Api(server) as api:
        yield api


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_server(tmp_path_factory.mktemp("there")) as server, Api(server) as api:
        yield api


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[httpx2.Client]:
    """A docker-registry for this test alone: its catalog is asked for."""
    with running_docker_registry(tmp_path / "registry") as url, httpx2.Client(base_url=url, trust_env=False) as client:
        yield client


def account(api: Api) -> dict[str, str]:
    return {"username": api.user, "password": api.password}


def digest(client: httpx2.Client, path: str, reference: str) -> str | None:
    answer = client.head(f"/v2/{path}/manifests/{reference}", headers=ACCEPT)
    return answer.headers.get("docker-content-digest") if answer.status_code == 200 else None


def push_to_docker(client: httpx2.Client, path: str, tag: str, image: Image) -> None:
    for blob in image.blobs:
        begun = client.post(f"/v2/{path}/blobs/uploads/")
        put = client.put(f"{begun.headers['location']}&digest={blob.digest}", content=blob.content)
        assert put.status_code == 201, put.text
    headers = {"Content-Type": image.media_type}
    for reference in (tag, str(image.digest)):
        assert client.put(f"/v2/{path}/manifests/{reference}", content=image.body, headers=headers).status_code == 201


def test_two_regions_get_what_is_there_and_what_is_pushed_later(here: Api, there: Api, docker: httpx2.Client) -> None:
    rule = Rule(here)
    there.create_org(rule.organization)
    first = push(here, f"{rule.organization}/app", "v1", random_image())
    push(here, f"{rule.organization}/app", "v1-rc1")
    regions = [know(here, there.server.url, **account(there)), know(here, str(docker.base_url).rstrip("/"))]

    rule.make(regions=regions, tags=["v*"], exclusions=["*-rc*"])
    shown = rule.done()
    assert (shown["last_run"]["wanted"], shown["last_run"]["error"]) == (2, "")
    second = push(here, f"{rule.organization}/web", "v2", random_image())
    signature = push(here, f"{rule.organization}/app", None, Image.make(subject=first))
    path = f"{rule.organization}/app"
    clients = (there.client, docker)
    wait(lambda: {digest(one, f"{rule.organization}/web", "v2") for one in clients} == {str(second.digest)})
    wait(lambda: {digest(one, path, str(signature.digest)) for one in clients} == {str(signature.digest)})
    for client in clients:
        assert digest(client, path, "v1") == str(first.digest)
        assert digest(client, path, "v1-rc1") is None
    rule.done()
    assert {one["status"] for one in rule.copies()} == {"success"}


def test_deletions_follow_where_they_can_and_only_of_what_was_copied(
    here: Api, there: Api, docker: httpx2.Client
) -> None:
    rule = Rule(here)
    path = f"{rule.organization}/app"
    there.create_org(rule.organization)
    for tag in ("v1", "v2", "v3"):
        push(here, path, tag)
    regions = [know(here, there.server.url, **account(there)), know(here, str(docker.base_url).rstrip("/"))]
    rule.make(regions=regions, deletes=True)
    rule.done()
    other = push(there, path, "v3")
    own = push(there, path, "theirs")

    for tag in ("v2", "v3"):
        assert here.client.delete(f"/v2/{path}/manifests/{tag}").status_code == 202

    wait(lambda: digest(there.client, path, "v2") is None)
    wait(lambda: len([one for one in rule.copies() if one["action"] == "delete" and "ended_at" in one]) == 4)
    assert digest(there.client, path, "v1") is not None
    assert digest(there.client, path, "v3") == str(other.digest)
    assert digest(there.client, path, "theirs") == str(own.digest)
    deletions = {(one["region"], one["tag"]): one for one in rule.copies() if one["action"] == "delete"}
    assert deletions[regions[0], "v2"]["status"] == "success"
    assert deletions[regions[0], "v3"]["status"] == "existed"
    refused = deletions[regions[1], "v2"]  # docker-registry deletes no tags
    assert (refused["status"], "refuses" in refused["error"]) == ("failed", True)


def test_what_another_installation_has_comes_here_with_what_belongs_to_it(here: Api, there: Api) -> None:
    rule, source = Rule(here), fresh_name("source")
    there.create_org(source)
    children = [push(there, f"{source}/app", None, Image.make(architecture=one)) for one in ("amd64", "arm64")]
    index = push(there, f"{source}/app", "v1", Image.index(*children))
    signature = push(there, f"{source}/app", None, Image.make(subject=index))
    cosign = push(there, f"{source}/app", f"sha256-{index.digest.hex}.sig")
    with there.create_user() as reader, running_wire(there.server.url) as wire:
        there.grant(source, reader.user, "read")
        region = know(here, wire.url, username=reader.user, password=reader.password)
        pull = {"direction": "pull", "regions": [region], "repositories": [f"{source}/*"], "every_seconds": HOUR}
        rule.make(**pull, namespace=rule.organization, deletes=True, override=True)
        assert rule.done()["last_run"]["error"] == ""
        path = f"{rule.organization}/app"
        for one in (index, *children, signature, cosign):
            assert digest(here.client, path, str(one.digest)) == str(one.digest)
        assert digest(here.client, path, "v1") == str(index.digest)

        quiet = wire.blob_bytes
        assert rule.done_again()["last_run"]["wanted"] == 0
        assert wire.blob_bytes == quiet
        newer = push(there, f"{source}/app", "v1", random_image())
        rule.done_again()
        assert digest(here.client, path, "v1") == str(newer.digest)

        assert there.client.delete(f"/v2/{source}/app/manifests/v1").status_code == 202
        rule.done_again()
        assert digest(here.client, path, "v1") is None
        assert [one["action"] for one in rule.copies()] == ["copy", "copy", "delete"]


def test_what_docker_registry_has_comes_here(here: Api, docker: httpx2.Client) -> None:
    rule = Rule(here)
    first, second = random_image(), random_image()
    push_to_docker(docker, "vendor/app", "v1", first)
    push_to_docker(docker, "vendor/tools/web", "v2", second)
    push_to_docker(docker, "other/app", "v1", random_image())
    region = know(here, str(docker.base_url).rstrip("/"))

    pull = {"direction": "pull", "regions": [region], "repositories": ["vendor/*"], "every_seconds": HOUR}
    rule.make(**pull, namespace=rule.organization)

    assert rule.done()["last_run"]["wanted"] == 2
    assert digest(here.client, f"{rule.organization}/app", "v1") == str(first.digest)
    assert digest(here.client, f"{rule.organization}/tools/web", "v2") == str(second.digest)


def test_a_pull_that_breaks_off_goes_on_and_a_worker_that_is_killed_does_not_fetch_twice(
    start_server: StartServer, there: Api
) -> None:
    server, source = start_server(**QUICK, sync_at_once=1), fresh_name("source")
    there.create_org(source)
    image = push(there, f"{source}/app", "v1", random_image(MIB // 2, layers=16))
    with running_wire(there.server.url) as wire, Api(server) as api:
        rule = Rule(api)
        region = know(api, wire.url, **account(there))
        wire.cuts = [MIB // 4, MIB // 8]
        wire.bytes_per_second = 3 * MIB
        pull = {"direction": "pull", "regions": [region], "repositories": [f"{source}/app"], "every_seconds": HOUR}
        rule.make(**pull, namespace=rule.organization)
        wait(lambda: wire.blob_bytes > 5 * MIB)

        server.kill()
        assert digest(there.client, f"{rule.organization}/app", "v1") is None
        time.sleep(0.5)  # what was on the wire is over
        wire.bytes_per_second = 0
        before = wire.blob_bytes
        server.start()

        rule.done()
        assert digest(api.client, f"{rule.organization}/app", "v1") == str(image.digest)
        [copy] = rule.copies()
        assert (copy["status"], copy["attempts"], copy["error"]) == ("success", 2, "")
        assert wire.blob_bytes - before < size_of(image) - 2 * MIB


def test_a_layer_is_mounted_from_another_organization_of_docker_registry(here: Api, docker: httpx2.Client) -> None:
    base = Blob(os.urandom(MIB))
    one, other = Rule(here), Rule(here)
    push(here, f"{one.organization}/app", "v1", Image.make(layers=0, holding=[base]))
    with running_wire(str(docker.base_url).rstrip("/")) as wire:
        region = know(here, wire.url)
        one.make(regions=[region])
        one.done()
        before = settled(wire)
        image = push(here, f"{other.organization}/web", "v1", Image.make(layers=0, holding=[base]))
        other.make(regions=[region])
        other.done()

        assert digest(docker, f"{other.organization}/web", "v1") == str(image.digest)
        assert (wire.mounted, wire.upload_bytes - before) == (1, len(image.blobs[0].content))


def test_a_rule_has_a_limit_of_its_own(here: Api, there: Api) -> None:
    rule = Rule(here)
    there.create_org(rule.organization)
    push(here, f"{rule.organization}/app", "v1", random_image(2 * MIB))

    began = time.monotonic()
    rule.make(regions=[know(here, there.server.url, **account(there))], bytes_per_second=MIB)
    rule.done()

    assert time.monotonic() - began > 1.7
    assert rule.copies()[0]["status"] == "success"


def test_two_replicas_over_one_database_carry_a_rule_out_once(
    start_server: StartServer, there: Api, postgres: Postgres, s3: S3
) -> None:
    shared = {
        "database_url": postgres.new_database(),
        "storage_url": s3.new_bucket(),
        "secret_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }
    first = start_server(environment=dict(s3.environment), **shared, **QUICK)
    start_server(environment=dict(s3.environment), **shared, **QUICK)
    source = fresh_name("source")
    there.create_org(source)
    images = [push(there, f"{source}/app", f"v{number}", random_image()) for number in range(4)]
    with running_wire(there.server.url) as wire, Api(first) as api:
        rule = Rule(api)
        region = know(api, wire.url, **account(there))
        pull = {"direction": "pull", "regions": [region], "repositories": [f"{source}/app"], "every_seconds": HOUR}
        rule.make(**pull, namespace=rule.organization)
        rule.done()

        assert [(one["status"], one["attempts"]) for one in rule.copies()] == [("success", 1)] * 4
        assert wire.blob_bytes == sum(size_of(image) for image in images)
