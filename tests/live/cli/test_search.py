"""`entrepot search` and `entrepot tag list --long` against a real server."""

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, read
from tests.live.console.pushing import push
from tests.make.image import Image


def test_it_finds_images_tags_and_digests(as_admin: Run, api: Api) -> None:
    name = fresh_name("needle")
    path = f"{api.create_org()}/{name}"
    image = push(api, path, "1.0-first")

    assert [one["repository"] for one in read(as_admin("search", name, "--json"))["images"]] == [path]
    assert f"{path}:1.0-first" in ok(as_admin("search", f"{name}:1.0"))
    said = ok(as_admin("search", image.digest.hex[:12]))
    assert f"{path}@sha256:{image.digest.hex[:12]}" in said
    assert "1.0-first" in said


def test_tags_are_listed_with_their_platforms_and_who_pushed_them(as_admin: Run, api: Api) -> None:
    path = f"{api.create_org()}/app"
    image = push(api, path, "1.0")
    push(api, path, image=Image.make(subject=image, artifactType="application/spdx+json"))

    [row] = read(as_admin("tag", "list", path, "--long", "--json"))
    assert (row["tag"], row["kind"], row["platforms"]) == ("1.0", "image", ["linux/amd64"])
    assert (row["pushed_by"], row["belonging"]) == ("admin", ["sbom"])
    assert "linux/amd64" in ok(as_admin("tag", "list", path, "-l"))
