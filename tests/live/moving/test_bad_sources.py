"""`entrepot import` from a source that lies, is busy, changes, or from which it is torn away."""

import json
import os
import signal
import subprocess
import sys
from typing import Any

from tests.cli.run import Ran, Run
from tests.live.api import Api
from tests.live.cli.test_attached import digest_of
from tests.live.cli.test_commands import read
from tests.live.moving.fake_peer import FakePeer
from tests.live.process import Server
from tests.make.image import Image


def lines(ran: Ran) -> dict[str, dict[str, Any]]:
    return {one["source"]: one for one in json.loads(ran.out)["images"]}


def test_what_is_not_what_it_is_said_to_be_fails_alone(as_admin: Run, api: Api, peer: FakePeer) -> None:
    organization = api.create_org()
    honest = peer.put("app:honest", Image.make(2))
    swapped = peer.put("app:swapped", Image.make())
    peer.blobs[str(swapped.blobs[1].digest)] = swapped.blobs[1].content[::-1]
    longer = peer.put("app:longer", Image.make())
    peer.blobs[str(longer.blobs[1].digest)] += b"and more"
    forged = Image.make()
    peer.put("app:index", forged, Image.index(forged))
    peer.manifests[str(forged.digest)] = (forged.media_type, Image.make().body)
    peer.put("app:old", Image.make())
    old = b'{"schemaVersion": 1, "name": "app", "tag": "old"}'
    peer.manifests[peer.tags["app"]["old"]] = ("application/vnd.docker.distribution.manifest.v1+prettyjws", old)
    peer.put("Team/App:1", Image.make())
    peer.tags["app"]["-odd"] = str(honest.digest)
    peer.busy = 2

    ran = as_admin("import", peer.url, "--to", organization, "--json")

    assert (ran.code, ran.err) == (1, "")
    reasons = {name: line["reason"] for name, line in lines(ran).items() if line["outcome"] == "failed"}
    assert "another digest" in reasons["app:swapped"]
    assert "more than" in reasons["app:longer"]
    assert "does not have the digest" in reasons["app:index"]
    assert "schema 1" in reasons["app:old"]
    assert "is not a repository name" in reasons["Team/App"]
    assert "is not a tag" in reasons["app:-odd"]
    assert set(lines(ran)) - set(reasons) == {"app:honest"}
    assert digest_of(api, f"{organization}/app", "honest") == str(honest.digest)
    assert digest_of(api, f"{organization}/app", "swapped") is None


def test_a_tag_that_moves_while_it_is_copied_is_one_image_or_the_other(as_admin: Run, api: Api, peer: FakePeer) -> None:
    organization = api.create_org()
    old, new = peer.put("app:1", Image.make()), Image.make()
    peer.blob_asked = lambda _: None if peer.tags["app"]["1"] == str(new.digest) else void(peer.put("app:1", new))

    first = as_admin("import", peer.url, "--to", organization, "--json")

    line = lines(first)["app:1"]
    assert (first.code, line["outcome"], line["digest"]) == (0, "copied", str(old.digest))
    assert f"moved to {new.digest}" in line["reason"]
    assert digest_of(api, f"{organization}/app", "1") == str(old.digest)
    again = read(as_admin("import", peer.url, "--to", organization, "--json"))
    assert again["images"][0]["digest"] == digest_of(api, f"{organization}/app", "1") == str(new.digest)


def void(_: object) -> None: ...


def test_an_import_that_is_killed_twice_goes_on_and_sends_nothing_twice(
    as_admin: Run, server: Server, api: Api, peer: FakePeer
) -> None:
    organization = api.create_org()
    images = [peer.put(f"app:{number}", Image.make()) for number in range(6)]
    words = ["import", peer.url, "--to", organization, "--parallel", "1", "--json"]
    environment = {**os.environ, **server.client_environment()}

    for whole in (3, 7):  # blobs that were there before the line was cut
        peer.hold_at = len(peer.blobs_asked()) + 1 + whole - (0 if whole == 3 else 3)
        with subprocess.Popen([sys.executable, "-m", "entrepot", *words], env=environment) as torn:
            assert peer.held.wait(60)
            torn.send_signal(signal.SIGKILL)
        peer.held.clear()
        peer.let_go.set()
        peer.let_go.clear()
    peer.hold_at = None
    before = len(peer.blobs_asked())
    done = read(as_admin(*words))

    assert (done["copied"], done["present"], done["failed"]) == (3, 3, 0)
    asked = peer.blobs_asked()
    assert len(asked) == 12 + 2, "each blob once, and those two again that were cut in the middle"
    assert len(asked) - before == 12 - 7
    for number, image in enumerate(images):
        assert digest_of(api, f"{organization}/app", str(number)) == str(image.digest)
