"""`entrepot image files` and `diff` against a real server."""

import json

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, read, refused
from tests.live.console.pushing import push
from tests.make.archive import tar
from tests.make.image import Blob, Image


def _image(command: str, *layers: bytes) -> Image:
    made = Image.make(0, holding=[Blob(layer) for layer in layers])
    config = Blob(json.dumps({"os": "linux", "architecture": "amd64", "config": {"Cmd": [command]}}).encode())
    document = json.loads(made.body)
    document["config"] |= {"digest": str(config.digest), "size": len(config.content)}
    return Image(json.dumps(document).encode(), blobs=(config, *made.blobs[1:]))


def test_files_of_an_image_are_listed_and_two_versions_compared(as_admin: Run, api: Api) -> None:
    app = f"{api.create_org()}/team/app"
    base = tar({"etc/passwd": b"root", "tmp/old": b"x" * 50})
    change = tar({"tmp/.wh.old": b"", "app/new": b"y" * 7})
    push(api, app, "v1", _image("one", base))
    image = push(api, app, "v2", _image("two", base, change))

    assert "2 files, 11 B" in ok(as_admin("image", "files", f"{app}:v2"))
    found = read(as_admin("image", "files", f"{app}:v2", "etc", "--json"))
    assert [(row["path"], row["kind"], row["size"], row["mode"]) for row in found["files"]] == [
        ("etc/passwd", "file", 4, "0644")
    ]
    upper = str(image.blobs[2].digest)
    assert "old (deleted)" in ok(as_admin("image", "files", f"{app}:v2", "tmp", "--layer", upper))
    assert "no file or folder" in refused(as_admin("image", "files", f"{app}:v2", "nothing"))

    found = read(as_admin("image", "diff", f"{app}:v1", "v2", "--json"))
    assert (found["added"], found["removed"], found["changed"]) == (1, 1, 0)
    assert [(row["field"], row["before"], row["after"]) for row in found["config"]] == [("command", "one", "two")]
    shown = ok(as_admin("image", "diff", f"{app}:v1", f"{app}:v2"))
    assert "1 added, 1 removed, 0 changed" in shown
    assert "tmp/old" in shown
