"""`entrepot search` against a real server."""

from tests.cli.run import Run
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import ok, read
from tests.live.console.pushing import push


def test_it_finds_images_tags_and_digests(as_admin: Run, api: Api) -> None:
    name = fresh_name("needle")
    path = f"{api.create_org()}/{name}"
    image = push(api, path, "1.0-first")

    assert [one["repository"] for one in read(as_admin("search", name, "--json"))["images"]] == [path]
    assert f"{path}:1.0-first" in ok(as_admin("search", f"{name}:1.0"))
    said = ok(as_admin("search", image.digest.hex[:12]))
    assert f"{path}@sha256:{image.digest.hex[:12]}" in said
    assert "1.0-first" in said
