"""`entrepot image copy` takes along what is attached to an image: between servers, and through one without the API."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read, refused
from tests.live.conftest import StartServer
from tests.live.docker_registry import running_docker_registry
from tests.live.process import Server
from tests.make.image import Image


class Signed:
    """A repository `app`: an index of two platforms, and what is attached to it, to a platform, to a signature."""

    def __init__(self, api: Api, organization: str) -> None:
        self.name = f"{organization}/app"
        self.api = api
        self.platforms = [self.put(Image.make(architecture=one)) for one in ("amd64", "arm64")]
        self.index = self.put(Image.index(*self.platforms), "1.0")
        self.signature = self.put(Image.make(subject=self.index, artifactType="application/vnd.example.signature"))
        self.countersignature = self.put(Image.make(subject=self.signature))
        self.sbom = self.put(Image.make(subject=self.platforms[1]))
        self.report = self.put(Image.index(self.put(Image.make()), subject=self.index))
        self.cosign = self.put(Image.make(), f"sha256-{self.index.digest.hex}.sig")
        self.attached = 5

    def put(self, image: Image, reference: str = "") -> Image:
        for blob in image.blobs:
            self.api.client.post(f"/v2/{self.name}/blobs/uploads/?digest={blob.digest}", content=blob.content)
        path = f"/v2/{self.name}/manifests/{reference or image.digest}"
        headers = {"content-type": image.media_type}
        assert self.api.client.put(path, content=image.body, headers=headers).status_code == 201
        return image

    def assert_is_whole(self, api: Api, name: str) -> None:
        assert referrers(api, name, self.index) == {str(self.signature.digest), str(self.report.digest)}
        assert referrers(api, name, self.platforms[1]) == {str(self.sbom.digest)}
        assert referrers(api, name, self.signature) == {str(self.countersignature.digest)}
        assert digest_of(api, name, f"sha256-{self.index.digest.hex}.sig") == str(self.cosign.digest)


def referrers(api: Api, name: str, subject: Image) -> set[str]:
    found: set[str] = set()
    following: str | None = f"/v2/{name}/referrers/{subject.digest}"
    while following is not None:
        answer = api.client.get(following)
        found |= {one["digest"] for one in answer.json()["manifests"]}
        following = answer.links.get("next", {}).get("url")
    return found


def digest_of(api: Api, name: str, reference: str) -> str | None:
    answer = api.client.head(f"/v2/{name}/manifests/{reference}", headers={"accept": "*/*"})
    return answer.headers.get("docker-content-digest")


@pytest.fixture
def signed(api: Api) -> Signed:
    return Signed(api, api.create_org())


@pytest.fixture
def there(run: Run, server: Server, start_server: StartServer) -> Iterator[Api]:
    """Another server, with the organization acme; the shell is logged in to both."""
    other = start_server(referrers_page_max=1)
    for one in (other, server):
        ok(run("login", one.url, "-u", "admin", "-p", one.password))
    with Api(other) as api:
        api.create_org("acme")
        yield api


def test_what_is_attached_comes_along_to_another_server(run: Run, signed: Signed, there: Api) -> None:
    host = there.server.host
    copied = read(run("image", "copy", f"{signed.name}:1.0", f"{host}/acme/app:2.0", "--json"))

    assert (copied["digest"], copied["referrers"]) == (str(signed.index.digest), signed.attached)
    signed.assert_is_whole(there, "acme/app")
    again = read(run("image", "copy", f"{signed.name}:1.0", f"{host}/acme/app:2.0", "--json"))
    assert again["bytes_sent"] == 0
    back = read(run("image", "copy", f"{host}/acme/app:2.0", f"{signed.name}-back", "--json"))
    assert back["referrers"] == signed.attached, "its lists have pages of one"


def test_inside_one_server_it_comes_along_without_moving(run: Run, signed: Signed, api: Api, there: Api) -> None:
    target = f"{signed.name}-copy"

    copied = read(run("image", "copy", f"{signed.name}:1.0", target, "--json"))
    renamed = read(run("image", "copy", f"{signed.name}:1.0", f"{signed.name}:stable", "--json"))

    assert (copied["referrers"], copied["bytes_sent"]) == (signed.attached, 0)
    assert renamed["referrers"] == 0, "there already"
    signed.assert_is_whole(api, target)


def test_it_stays_behind_when_told_so(run: Run, signed: Signed, there: Api) -> None:
    host = there.server.host
    copied = read(run("image", "copy", f"{signed.name}:1.0", f"{host}/acme/bare:1.0", "--no-referrers", "--json"))

    assert (copied["digest"], copied["referrers"]) == (str(signed.index.digest), 0)
    assert referrers(there, "acme/bare", signed.index) == set()


def test_of_one_platform_comes_what_is_attached_to_it(run: Run, signed: Signed, there: Api) -> None:
    host = there.server.host
    words = ("image", "copy", f"{signed.name}:1.0", f"{host}/acme/arm:1.0", "--platform", "linux/arm64", "--json")

    assert read(run(*words))["referrers"] == 1
    assert referrers(there, "acme/arm", signed.platforms[1]) == {str(signed.sbom.digest)}


def test_a_registry_without_the_api_keeps_and_gives_it_by_tags(
    run: Run, signed: Signed, there: Api, tmp_path: Path
) -> None:
    with running_docker_registry(tmp_path / "docker-registry") as url:
        host = urlsplit(url).netloc
        out = read(run("image", "copy", f"{signed.name}:1.0", f"{host}/acme/app:1.0", "--json"))
        back = read(run("image", "copy", f"{host}/acme/app:1.0", f"{there.server.host}/acme/app:1.0", "--json"))

    assert (out["referrers"], back["referrers"]) == (signed.attached, signed.attached)
    signed.assert_is_whole(there, "acme/app")


def test_a_signature_by_tag_at_the_target_is_not_overwritten(run: Run, signed: Signed, there: Api) -> None:
    own = push(there, "acme/app", f"sha256-{signed.index.digest.hex}.sig")

    ok(run("image", "copy", f"{signed.name}:1.0", f"{there.server.host}/acme/app:1.0"))

    assert digest_of(there, "acme/app", f"sha256-{signed.index.digest.hex}.sig") == str(own.digest)


def test_what_is_nested_without_end_is_refused_before_anything_moves(run: Run, signed: Signed, there: Api) -> None:
    deep = signed.countersignature
    for _ in range(8):
        deep = signed.put(Image.make(subject=deep))

    assert "--no-referrers" in refused(run("image", "copy", f"{signed.name}:1.0", f"{there.server.host}/acme/deep:1.0"))
    assert digest_of(there, "acme/deep", "1.0") is None
