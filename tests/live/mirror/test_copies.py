"""Copies between real installations: by rules and by hand, resumed after cuts and kills, and honest about failures."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.live.api import Api, fresh_name
from tests.live.certificates import Certificate
from tests.live.conftest import StartServer
from tests.live.console.pushing import push
from tests.live.mirror.wire import Wire, running_wire
from tests.live.postgres import Postgres
from tests.live.process import Server, running_server
from tests.live.s3 import S3
from tests.make.image import Blob, Image

pytestmark = pytest.mark.live

MIB = 1 << 20
ACCEPT = {"Accept": "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json"}
QUICK: dict[str, Any] = {"sync_retry_seconds": "1s"}


def random_image(size: int = 300_000, layers: int = 1) -> Image:
    return Image.make(layers=0, holding=[Blob(os.urandom(size)) for _ in range(layers)])


def wait(is_so: Callable[[], bool], seconds_max: float = 30.0) -> None:
    deadline = time.monotonic() + seconds_max
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # other processes: they tell nobody


def settled(wire: Wire) -> int:
    """How many bytes came over the wire, once no more come of what had been sent before its sender went."""
    wire.bytes_per_second = 0
    seen, since = wire.upload_bytes, time.monotonic()
    while time.monotonic() - since < 0.5:
        time.sleep(0.05)
        if wire.upload_bytes != seen:
            seen, since = wire.upload_bytes, time.monotonic()
    return seen


def size_of(image: Image) -> int:
    return sum(len(blob.content) for blob in image.blobs)


@dataclass
class Way:
    """From `api`, where images are, over a wire to a region known there as `region`, to an organization of it."""

    api: Api
    region: str
    wire: Wire
    organization: str = field(default_factory=fresh_name)
    there: str = field(default_factory=lambda: fresh_name("copies"))

    @property
    def path(self) -> str:
        return f"{self.organization}/app"

    @property
    def base(self) -> str:
        return f"/v2/manage/namespaces/{self.organization}/repos/app"

    @property
    def to(self) -> dict[str, Any]:
        return {"remoteRegionId": self.region, "remoteNamespace": self.there}

    def copy(self, *tags: str, override: bool = False) -> None:
        body = {**self.to, "imageTag": list(tags), "override": override}
        assert self.api.client.post(f"{self.base}/sync_images", json=body).status_code == 200

    def rule(self, *, override: bool = False) -> None:
        body = {**self.to, "syncAuto": True, "override": override}
        assert self.api.client.post(f"{self.base}/sync_repo", json=body).status_code == 200

    def copies(self) -> list[dict[str, Any]]:
        """The oldest first."""
        found: list[dict[str, Any]] = self.api.client.get(f"{self.base}/sync_copies").json()["copies"]
        return found[::-1]

    def ended(self, count: int = 1, seconds_max: float = 40.0) -> list[dict[str, Any]]:
        """All copies, once so many of them have ended."""
        return self.until(lambda found: sum("ended_at" in one for one in found) >= count, seconds_max)

    def until(self, is_so: Callable[[list[dict[str, Any]]], bool], seconds_max: float = 40.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + seconds_max
        while not is_so(found := self.copies()):
            assert time.monotonic() < deadline, found
            time.sleep(0.05)  # another process: it tells nobody
        return found

    def digest(self, client: httpx2.Client, reference: str, name: str = "app") -> str | None:
        """What a tag names at the region."""
        answer = client.head(f"/v2/{self.there}/{name}/manifests/{reference}", headers=ACCEPT)
        return answer.headers.get("docker-content-digest") if answer.status_code == 200 else None


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_server(tmp_path_factory.mktemp("here"), **QUICK) as server, Api(server) as api:
        yield api


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_server(tmp_path_factory.mktemp("there")) as server, Api(server) as api:
        yield api


def know(api: Api, url: str, **account: str) -> str:
    name = fresh_name("region")
    made = api.client.post("/v2/manage/regions", json={"regionID": name, "url": url, **account})
    assert made.status_code == 201, made.text
    return name


@pytest.fixture
def way(here: Api, there: Api) -> Iterator[Way]:
    """To another entrepot, as a user who may push there."""
    with running_wire(there.server.url) as wire, there.create_user() as user:
        way = Way(here, know(here, wire.url, username=user.user, password=user.password), wire)
        here.create_org(way.organization)
        there.create_org(way.there)
        there.grant(way.there, user.user, "edit")
        yield way


@pytest.fixture
def way_to_docker(here: Api, docker_registry: str) -> Iterator[tuple[Way, httpx2.Client]]:
    with running_wire(docker_registry) as wire, httpx2.Client(base_url=docker_registry, trust_env=False) as client:
        way = Way(here, know(here, wire.url), wire)
        here.create_org(way.organization)
        yield way, client


def test_what_is_asked_for_is_copied_with_its_platforms_signatures_and_what_those_have(way: Way, there: Api) -> None:
    children = [push(way.api, way.path, None, Image.make(architecture=one)) for one in ("amd64", "arm64")]
    index = push(way.api, way.path, "v1", Image.index(*children))
    signature = push(way.api, way.path, None, Image.make(subject=index))
    of_child = push(way.api, way.path, None, Image.make(subject=children[0]))
    of_signature = push(way.api, way.path, None, Image.make(subject=signature))
    cosign = push(way.api, way.path, f"sha256-{index.digest.hex}.sig")

    way.copy("v1")

    [copy] = way.ended()
    assert (copy["status"], copy["digest"], copy["error"]) == ("success", str(index.digest), "")
    assert way.digest(there.client, "v1") == str(index.digest)
    for one in (*children, signature, of_child, of_signature, cosign):
        assert way.digest(there.client, str(one.digest)) == str(one.digest)
    listed = there.client.get(f"/v2/{way.there}/app/referrers/{index.digest}").json()["manifests"]
    assert [one["digest"] for one in listed] == [str(signature.digest)]
    assert copy["bytes_sent"] == way.wire.upload_bytes


def test_a_rule_copies_what_is_pushed_and_tags_that_move_but_nothing_from_before(way: Way, there: Api) -> None:
    push(way.api, way.path, "old")
    way.rule(override=True)

    first = push(way.api, way.path, "v1", random_image())
    assert way.ended()[0]["digest"] == str(first.digest)
    second = push(way.api, way.path, "v1", random_image())
    way.ended(2)
    signature = push(way.api, way.path, None, Image.make(subject=second))
    found = way.ended(3)

    assert [(one["tag"], one["status"], one["is_automatic"]) for one in found] == [("v1", "success", True)] * 3
    assert way.digest(there.client, "v1") == str(second.digest)
    assert way.digest(there.client, str(signature.digest)) is not None
    assert way.digest(there.client, "old") is None


def test_another_image_of_the_name_stays_unless_it_may_be_replaced(way: Way, there: Api) -> None:
    other = push(there, f"{way.there}/app", "v1")
    image = push(way.api, way.path, "v1", random_image())

    way.copy("v1")
    [copy] = way.ended()
    assert (copy["status"], way.wire.upload_bytes) == ("existed", 0)
    assert str(other.digest) in copy["error"]
    assert way.digest(there.client, "v1") == str(other.digest)

    way.copy("v1", override=True)
    assert way.ended(2)[1]["status"] == "success"
    assert way.digest(there.client, "v1") == str(image.digest)


def test_what_is_there_is_not_sent_and_what_is_anywhere_there_is_mounted(way: Way, there: Api) -> None:
    base = Blob(os.urandom(MIB))
    push(there, f"{way.there}/base", "v1", Image.make(layers=0, holding=[base]))
    image = push(way.api, way.path, "v1", Image.make(layers=0, holding=[base]))

    way.copy("v1")
    assert way.ended()[0]["status"] == "success"
    assert (way.wire.upload_bytes, way.wire.mounted) == (len(image.blobs[0].content), 1)

    way.copy("v1")
    assert way.ended(2)[1]["bytes_sent"] == 0
    assert way.wire.upload_bytes == len(image.blobs[0].content)


def test_an_upload_that_breaks_off_goes_on_where_it_was(way: Way, there: Api) -> None:
    image = push(way.api, way.path, "v1", random_image(4 * MIB))
    way.wire.upload_cuts = [MIB * 3, MIB // 2]

    way.copy("v1")

    [copy] = way.ended()
    assert (copy["status"], copy["attempts"]) == ("success", 1)
    assert way.digest(there.client, "v1") == str(image.digest)
    assert way.wire.upload_bytes < size_of(image) + 2 * MIB


def test_a_region_that_is_away_is_tried_again_and_what_arrived_is_not_sent_twice(way: Way, there: Api) -> None:
    image = push(way.api, way.path, "v1", random_image(MIB, layers=3))
    way.wire.is_down = True
    way.copy("v1")
    [copy] = way.until(lambda found: bool(found[0]["error"]))
    assert copy["status"] == "waiting"
    assert "cannot be reached" in copy["error"]
    assert copy["next_at"] > copy["updated_at"]

    way.wire.is_down = False

    [copy] = way.ended()
    assert (copy["status"], copy["error"]) == ("success", "")
    assert copy["attempts"] >= 2
    assert way.wire.upload_bytes == size_of(image)


def test_a_worker_that_is_killed_in_the_middle_goes_on_after_the_restart(start_server: StartServer, there: Api) -> None:
    server = start_server(**QUICK, sync_at_once=1)
    with running_wire(there.server.url) as wire, Api(server) as api:
        way = Way(api, know(api, wire.url, username=there.user, password=there.password), wire)
        api.create_org(way.organization)
        there.create_org(way.there)
        image = push(api, way.path, "v1", random_image(MIB // 2, layers=16))
        wire.bytes_per_second = 3 * MIB
        way.copy("v1")
        wait(lambda: wire.upload_bytes > 5 * MIB)

        server.kill()
        assert way.digest(there.client, "v1") is None
        before = settled(wire)
        server.start()

        [copy] = way.ended()
        assert (copy["status"], copy["attempts"]) == ("success", 2)
        assert way.digest(there.client, "v1") == str(image.digest)
        assert wire.upload_bytes - before < size_of(image) - 2 * MIB  # blobs that had arrived were not sent again


def test_a_wrong_password_a_missing_organization_and_a_lack_of_rights_are_told_apart(way: Way, there: Api) -> None:
    push(way.api, way.path, "v1")

    def error_of(number: int) -> str:
        found = way.ended(number)[number - 1]
        assert (found["status"], found["attempts"]) == ("failed", 1)
        return str(found["error"])

    nowhere = fresh_name("nowhere")
    way.copy("v1")
    way.ended(1)
    way.there, known = nowhere, way.there
    way.copy("v1")
    assert f"there is no organization {nowhere}" in error_of(2) or f"make the organization {nowhere} there" in error_of(
        2
    )
    with there.create_user() as stranger:
        account = {"username": stranger.user, "password": stranger.password}
        assert way.api.client.patch(f"/v2/manage/regions/{way.region}", json=account).status_code == 200
        way.there = known
        push(way.api, way.path, "v2")
        way.copy("v2")
        assert f"{stranger.user} may not push to {known}/app at {way.region}" in error_of(3)
        assert way.api.client.patch(f"/v2/manage/regions/{way.region}", json={"password": "wrong"}).status_code == 200
        way.copy("v2")
        assert f"does not accept {stranger.user} with the password" in error_of(4)


def test_a_quota_at_the_region_is_told_in_its_words(way: Way, there: Api) -> None:
    push(way.api, way.path, "v1", random_image(2 * MIB))
    limits = there.client.patch(f"/v2/manage/namespaces/{way.there}/quotas", json={"bytes": MIB})
    assert limits.is_success, limits.text

    way.copy("v1")

    [copy] = way.ended()
    assert copy["status"] == "failed"
    assert "quota" in copy["error"].lower()


def test_a_copy_is_called_off_while_it_runs_and_tried_again(way: Way, there: Api) -> None:
    image = push(way.api, way.path, "v1", random_image(24 * MIB))
    way.wire.bytes_per_second = 2 * MIB
    way.copy("v1")
    [copy] = way.until(lambda found: found[0]["status"] == "running" and way.wire.upload_bytes > MIB)

    assert way.api.client.post(f"{way.base}/sync_copies/{copy['id']}/cancel").status_code == 200
    [called_off] = way.ended()
    assert called_off["status"] == "cancel"
    time.sleep(1.5)  # the worker looks once a second
    assert settled(way.wire) < size_of(image)
    assert way.digest(there.client, "v1") is None

    assert way.api.client.post(f"{way.base}/sync_copies/{copy['id']}/retry").status_code == 202
    [again] = way.until(lambda found: found[0]["status"] == "success")
    assert again["id"] == copy["id"]
    assert way.digest(there.client, "v1") == str(image.digest)


def test_to_docker_registry_by_hand_and_by_rule_with_referrers_in_their_tag(
    way_to_docker: tuple[Way, httpx2.Client],
) -> None:
    way, client = way_to_docker
    image = push(way.api, way.path, "v1", random_image())
    signature = push(way.api, way.path, None, Image.make(subject=image))
    way.copy("v1")
    assert way.ended()[0]["status"] == "success"
    assert way.digest(client, "v1") == str(image.digest)
    kept = client.get(f"/v2/{way.there}/app/manifests/sha256-{image.digest.hex}", headers=ACCEPT).json()
    assert [one["digest"] for one in kept["manifests"]] == [str(signature.digest)]

    way.rule()
    newer = push(way.api, way.path, "v1", random_image())
    found = way.ended(2)
    assert (found[1]["status"], found[1]["is_automatic"]) == ("existed", True)
    assert way.digest(client, "v1") == str(image.digest)
    way.copy("v1", override=True)
    way.ended(3)
    assert way.digest(client, "v1") == str(newer.digest)


def test_to_docker_registry_a_layer_is_mounted_from_what_was_copied_before(
    way_to_docker: tuple[Way, httpx2.Client],
) -> None:
    way, client = way_to_docker
    base = Blob(os.urandom(MIB))
    push(way.api, way.path, "v1", Image.make(layers=0, holding=[base]))
    way.copy("v1")
    way.ended()
    before = way.wire.upload_bytes
    other = Way(way.api, way.region, way.wire, way.organization, way.there)
    image = push(way.api, f"{way.organization}/other", "v1", Image.make(layers=0, holding=[base]))
    body = {**other.to, "imageTag": ["v1"], "override": False}
    asked = way.api.client.post(f"/v2/manage/namespaces/{way.organization}/repos/other/sync_images", json=body)
    assert asked.status_code == 200

    wait(lambda: way.digest(client, "v1", "other") is not None)

    assert way.digest(client, "v1", "other") == str(image.digest)
    assert (way.wire.upload_bytes - before, way.wire.mounted) == (len(image.blobs[0].content), 1)


@pytest.mark.slow
def test_copies_keep_to_the_bytes_they_may_send_and_to_their_time(start_server: StartServer, there: Api) -> None:
    server = start_server(**QUICK, sync_bytes_per_second="1MiB", sync_seconds_max="6s", sync_at_once=2)
    with running_wire(there.server.url) as wire, Api(server) as api:
        way = Way(api, know(api, wire.url, username=there.user, password=there.password), wire)
        api.create_org(way.organization)
        there.create_org(way.there)
        for tag in ("a", "b"):
            push(api, way.path, tag, random_image(MIB + MIB // 2))
        began = time.monotonic()
        way.copy("a", "b")
        found = way.ended(2)
        assert time.monotonic() - began > 2.5
        assert [one["status"] for one in found] == ["success", "success"]

        push(api, way.path, "large", random_image(20 * MIB))
        way.copy("large")
        found = way.ended(3)
        assert found[2]["status"] == "timeout"
        assert "entrepot sync retry" in found[2]["error"]


@pytest.mark.slow
def test_from_postgres_and_s3_two_workers_copy_each_image_once(
    start_server: StartServer, there: Api, postgres: Postgres, s3: S3
) -> None:
    shared = {
        "database_url": postgres.new_database(),
        "storage_url": s3.new_bucket(),
        "secret_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    }
    environment = dict(s3.environment)
    first: Server = start_server(environment=environment, **shared, **QUICK)
    start_server(environment=environment, **shared, **QUICK)
    with running_wire(there.server.url) as wire, Api(first) as api:
        way = Way(api, know(api, wire.url, username=there.user, password=there.password), wire)
        api.create_org(way.organization)
        there.create_org(way.there)
        api.create_repo(way.path)
        way.rule()
        images = [push(api, way.path, f"v{number}", random_image()) for number in range(6)]

        found = way.ended(6)

        assert [(one["status"], one["attempts"]) for one in found] == [("success", 1)] * 6
        assert wire.upload_bytes == sum(size_of(image) for image in images)


def test_nothing_secret_is_told(way: Way, there: Api) -> None:
    secret = secrets.token_hex(16)
    name = know(way.api, way.wire.url, username="we", password=secret)
    shown = way.api.client.get(f"/v2/manage/regions/{name}")
    assert (shown.json()["username"], shown.json()["has_password"]) == ("we", True)
    push(way.api, way.path, "v1")
    way.region = name
    way.copy("v1")
    [copy] = way.ended()
    assert copy["status"] == "failed"

    told = [
        shown.text,
        str(copy),
        way.api.client.get("/v2/manage/audit", params={"limit": "100"}).text,
        way.api.client.get("/v2/manage/regions").text,
        way.api.server.log_text(),
    ]
    assert [secret in one for one in told] == [False] * len(told)
    data = way.api.server.data
    assert secret.encode() not in b"".join(file.read_bytes() for file in data.rglob("*") if file.is_file())


def test_a_region_with_a_certificate_of_its_own_is_spoken_to_once_its_authority_is_known(
    here: Api, start_server: StartServer, certificate: Certificate
) -> None:
    server = start_server(tls_cert=certificate.certificate, tls_key=certificate.key)
    with Api(server) as there:
        region = know(here, server.url, username=server.user, password=server.password)
        way = Way(here, region, Wire(server.url))
        here.create_org(way.organization)
        there.create_org(way.there)
        image = push(here, way.path, "v1")
        way.copy("v1")
        [copy] = way.until(lambda found: bool(found[0]["error"]))
        assert f"entrepot region update {region} --authority FILE" in copy["error"]

        authority = certificate.authority.read_text()
        assert here.client.patch(f"/v2/manage/regions/{region}", json={"authority": authority}).status_code == 200

        [copy] = way.ended()
        assert (copy["status"], copy["error"]) == ("success", "")
        assert way.digest(there.client, "v1") == str(image.digest)
