"""`entrepot import` where repositories are listed by another API: Harbor's and Quay's (faked), SWR's (our own)."""

import json
from pathlib import Path

import pytest

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.certificates import Certificate
from tests.live.cli.test_attached import digest_of
from tests.live.cli.test_commands import ok, push, read
from tests.live.moving.fake_peer import FakePeer, running_fake_peer
from tests.live.process import Server
from tests.make.archive import LayoutArchive, to_json
from tests.make.image import Image


def test_of_a_harbor_come_projects_and_members_but_no_robots(as_admin: Run, api: Api, peer: FakePeer) -> None:
    organization = api.create_org()
    peer.api, peer.lists = "harbor", False
    image = peer.put("library/app:1", Image.make())
    peer.put("team/deep/web:1", Image.make())
    with api.create_user() as user:
        peer.members = [
            {"entity_name": user.user, "entity_type": "u", "role_id": 2, "role_name": "developer"},
            {"entity_name": "nobody-here", "entity_type": "u", "role_id": 1, "role_name": "projectAdmin"},
            {"entity_name": "operators", "entity_type": "g", "role_id": 9, "role_name": "auditor"},
        ]
    access = [{"resource": "repository", "action": action} for action in ("pull", "push")]
    rights = [{"kind": "project", "namespace": "team", "access": access}]
    peer.robots = [{"q": "Level=project,ProjectID=2", "name": "robot$ci", "permissions": rights}]
    words = ("import", peer.url, "--to", organization, "--strip-prefix", "library", "--source-user", "someone")
    secret = "their password"

    planned = read(as_admin(*words, "--source-password-stdin", "--plan", "--json", stdin=secret))
    by_person = {(one["project"], one["name"]): one for one in planned["people"]}
    theirs = by_person["team", user.user]
    assert (theirs["level"], theirs["scope"], theirs["outcome"]) == ("edit", f"{organization}/team/*", "to be given")
    assert by_person["library", user.user]["scope"] == f"{organization}/*"
    robot = by_person["team", "robot$ci"]
    assert (robot["level"], robot["outcome"]) == ("edit", "to be made anew")
    assert "auditor" in by_person["team", "operators"]["reason"]
    assert granted(api, organization) == set()

    out = as_admin(*words, "--source-password-stdin", "--with-members", "--json", stdin=secret)
    done = json.loads(out.out)
    given = {(one["project"], one["name"]): one["outcome"] for one in done["people"]}
    assert given["team", user.user] == given["library", user.user] == "given"
    assert given["team", "nobody-here"] == "not given"
    assert granted(api, organization) == {
        (user.user, f"{organization}/team/*", 3),
        (user.user, f"{organization}/*", 3),
    }
    assert digest_of(api, f"{organization}/app", "1") == str(image.digest)
    assert done["copied"] == 2
    assert secret not in out.out + out.err


def test_images_come_though_their_members_cannot_be_read(as_admin: Run, api: Api, peer: FakePeer) -> None:
    organization = api.create_org()
    peer.api, peer.lists = "harbor", False
    peer.put("team/app:1", Image.make())
    peer.members = [{"entity_name": ["no", "text"]}]
    words = ("import", peer.url, "--to", organization, "--source-user", "someone", "--source-password-stdin")

    refused = as_admin(*words, "--with-members", stdin="a password")
    assert refused.code == 3 and "role_name" in refused.err
    assert digest_of(api, f"{organization}/team/app", "1") is None

    done = read(as_admin(*words, "--json", stdin="a password"))
    assert (done["copied"], done["people"]) == (1, [])
    assert "role_name" in done["people_unread"]


def granted(api: Api, organization: str) -> set[tuple[str, str, int]]:
    """To others than who made the organization."""
    rows = api.client.get(f"/v2/manage/namespaces/{organization}/grants").json()["grants"]
    return {(row["name"], row["scope"], row["auth"]) for row in rows if row["name"] != api.user}


def test_of_a_quay_comes_one_namespace(as_admin: Run, api: Api, peer: FakePeer) -> None:
    organization = api.create_org()
    peer.api, peer.lists = "quay", False
    for name in ("team/app:1", "team/web:1", "other/app:1"):
        peer.put(name, Image.make())
    words = ("--kind", "quay", "--to", organization, "--source-user", "$oauthtoken", "--source-password-stdin")

    done = read(as_admin("import", f"{peer.url}/team", *words, "--json", stdin="a-token"))

    assert [one["target"] for one in done["images"]] == [f"{organization}/team/app:1", f"{organization}/team/web:1"]
    assert "Bearer a-token" in peer.authorizations
    assert "name it" in as_admin("import", peer.url, *words, stdin="a-token").err


def test_of_a_registry_that_lists_nothing_come_those_that_are_named(
    as_admin: Run, api: Api, peer: FakePeer, tmp_path: Path
) -> None:
    organization = api.create_org()
    peer.lists = False
    peer.put("app:1", Image.make())
    peer.put("web:1", Image.make())
    names = tmp_path / "names"
    names.write_text("# ours\nweb\n")

    refused = as_admin("import", peer.url, "--to", organization)
    assert refused.code == 1 and "--repository NAME" in refused.err
    done = read(as_admin("import", peer.url, "--to", organization, "--repositories", str(names), "--json"))

    assert [one["source"] for one in done["images"]] == ["web:1"]


def test_a_certificate_is_believed_when_told_to(as_admin: Run, api: Api, certificate: Certificate) -> None:
    organization = api.create_org()
    with running_fake_peer(certificate) as peer:
        peer.put("app:1", Image.make())
        words = ("import", peer.url, "--to", organization, "--json")

        doubted = as_admin(*words)
        assert doubted.code == 3 and "is not trusted" in doubted.err
        assert read(as_admin(*words, "--source-ca", str(certificate.authority)))["copied"] == 1
        assert read(as_admin(*words, "--source-insecure"))["present"] == 1
        assert "cannot be read" in as_admin(*words, "--source-ca", __file__).err


def test_who_may_not_push_here_is_told_so(
    as_admin: Run, api: Api, peer: FakePeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = api.create_org()
    peer.put("app:1", Image.make())
    with api.create_user() as user:
        api.grant(organization, user.user, "read")
        monkeypatch.setenv("ENTREPOT_USER", user.user)
        monkeypatch.setenv("ENTREPOT_PASSWORD", user.password)

    ran = as_admin("import", peer.url, "--to", organization)

    assert ran.code == 1
    assert "0 images copied" in ran.out and "app:1 failed: " in ran.out
    assert f"{organization}" in ran.out.splitlines()[1], ran.out


@pytest.mark.parametrize("kind", ["swr", "registry"])
def test_of_another_entrepot_come_images_by_its_apis(
    as_admin: Run, server: Server, api: Api, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    here, there = api.create_org(), api.create_org()
    images = {f"{there}/{name}": push(api, f"{there}/{name}", "1") for name in ("app", "team/web")}
    words = ["import", f"{server.url}/{there}", "--kind", kind, "--to", here, "--strip-prefix", there, "--json"]
    if kind == "swr":
        key = api.client.post("/v2/manage/keys", json={}).json()
        words += ["--source-user", key["access_key"], "--source-password-stdin", "--source-project", "any-region"]
        done = read(as_admin(*words, stdin=key["secret_key"]))
        api.client.delete(f"/v2/manage/keys/{key['access_key']}").raise_for_status()
    else:
        monkeypatch.setenv("ENTREPOT_SOURCE_USER", server.user)
        monkeypatch.setenv("ENTREPOT_SOURCE_PASSWORD", server.password)
        done = read(as_admin(*words))

    assert (done["copied"], done["bytes_sent"]) == (2, 0), "one server: all is mounted"
    for name, image in images.items():
        assert digest_of(api, name.replace(there, here, 1), "1") == str(image.digest)


def test_of_layouts_come_images_with_what_is_attached(as_admin: Run, api: Api, tmp_path: Path) -> None:
    organization = api.create_org()
    archive = LayoutArchive()
    index = archive.name(archive.platforms("amd64", "arm64"), "1.0", "registry.example/team/web:2.0")
    signed = archive.image()
    body = json.loads(archive.files[f"blobs/sha256/{signed['digest'].partition(':')[2]}"])
    signature = archive.blob(to_json({**body, "subject": index}), body["mediaType"])
    archive.name(signature)
    for name, content in archive.members().items():
        file = tmp_path / "layouts" / "app" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    done = read(as_admin("import", str(tmp_path / "layouts"), "--to", organization, "--json"))

    assert [(one["target"], one["referrers"]) for one in done["images"]] == [
        (f"{organization}/app:1.0", 1),
        (f"{organization}/team/web:2.0", 1),
    ]
    listed = api.client.get(f"/v2/{organization}/app/referrers/{index['digest']}").json()["manifests"]
    assert [one["digest"] for one in listed] == [signature["digest"]]
    assert "to copy (about 0 B), 2 there already" in ok(
        as_admin("import", str(tmp_path / "layouts"), "--to", organization, "--plan")
    )
