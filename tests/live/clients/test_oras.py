"""oras, by its Python library: things that are no images, and things attached to images."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from oras.client import OrasClient
from oras.oci import Subject

from tests.live.clients.images import MANIFEST
from tests.live.clients.registries import Account, Registry

SIGNATURE = "application/vnd.example.signature"
REPORT = "application/vnd.example.report+json"


def oras_client(registry: Registry, account: Account | None, backend: str = "token") -> OrasClient:
    """A client that is signed in as `account`; `None` is nobody.

    With `token` the library pulls and pushes like everybody else. It cannot delete so: it looks for the
    manifest with a token that says `pull`, keeps it, and is refused the rest. That takes `basic`.
    """
    verify = str(registry.authority) if registry.authority else True
    if registry.server is None:
        backend = "basic"  # somebody else's may know nothing else
    client = OrasClient(registry.host, insecure=not registry.is_tls, tls_verify=verify, auth_backend=backend)
    client.session.trust_env = False
    if account is not None:
        client.auth.set_basic_auth(account.name, account.password)
    return client


@pytest.fixture
def oras(registry: Registry, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> OrasClient:
    monkeypatch.setenv("HOME", str(workspace))  # nobody's Docker login is read
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.chdir(workspace)  # the library pushes what lies below the current folder only
    return oras_client(registry, registry.owner)


@pytest.fixture
def puller(oras: OrasClient, registry: Registry) -> OrasClient:
    return oras_client(registry, registry.owner)


def push(oras: OrasClient, target: str, files: list[str], **options: Any) -> dict[str, Any]:
    """Push `files`; the descriptor of what was pushed."""
    answer = oras.push(target, files=files, quiet=True, **options)
    assert answer.status_code == 201
    body = answer.request.body
    return {"mediaType": MANIFEST, "digest": answer.headers["docker-content-digest"], "size": len(body)}


def test_files_and_folders_come_back_as_they_were(
    oras: OrasClient, puller: OrasClient, registry: Registry, workspace: Path
) -> None:
    Path("report.json").write_text(json.dumps({"findings": []}))
    Path("model").mkdir()
    Path("model/weights").write_bytes(os.urandom(200_000))
    target = registry.image(registry.new_repository("artifact"))

    push(oras, target, ["report.json:application/json", "model"])
    pulled = puller.pull(target, outdir=str(workspace / "pulled"))

    assert [Path(path).name for path in pulled] == ["report.json", "model"]
    for name in ("report.json", "model/weights"):
        assert (workspace / "pulled" / name).read_bytes() == Path(name).read_bytes()


def test_a_file_may_travel_in_small_chunks(
    oras: OrasClient, puller: OrasClient, registry: Registry, workspace: Path
) -> None:
    Path("payload").write_bytes(os.urandom(300_001))
    target = registry.image(registry.new_repository("artifact"))

    push(oras, target, ["payload"], do_chunked=True, chunk_size=65_536)

    puller.pull(target, outdir=str(workspace / "pulled"))
    assert (workspace / "pulled/payload").read_bytes() == Path("payload").read_bytes()


def test_annotations_and_the_artifacts_type_are_kept(oras: OrasClient, puller: OrasClient, registry: Registry) -> None:
    Path("payload").write_text("hello")
    Path("config.json").write_text("{}")
    target = registry.image(registry.new_repository("artifact"))

    annotations = {"org.example.by": "me"}
    push(oras, target, ["payload"], manifest_config=f"config.json:{REPORT}", manifest_annotations=annotations)

    manifest = puller.get_manifest(target)
    assert manifest["annotations"] == annotations
    assert manifest["config"]["mediaType"] == REPORT


def test_what_is_attached_to_an_image_is_discovered(oras: OrasClient, puller: OrasClient, registry: Registry) -> None:
    registry.need_ours()  # docker-registry has no referrers
    for name in ("image", "signature", "report"):
        Path(name).write_text(f"this is the {name}")
    Path("config.json").write_text("{}")
    repository = registry.new_repository("artifact")
    subject = push(oras, registry.image(repository), ["image"])
    attached = {
        kind: push(
            oras,
            registry.image(repository, name),
            [name],
            manifest_config=f"config.json:{kind}",
            manifest_annotations={"org.example.kind": name},
            subject=Subject(subject["mediaType"], subject["digest"], subject["size"]),
        )
        for name, kind in (("signature", SIGNATURE), ("report", REPORT))
    }

    found = discover(puller, registry, repository, subject["digest"])
    assert {entry["artifactType"]: entry["digest"] for entry in found} == {
        kind: descriptor["digest"] for kind, descriptor in attached.items()
    }
    only = discover(puller, registry, repository, subject["digest"], f"?artifactType={SIGNATURE}")
    assert [(entry["digest"], entry["annotations"]) for entry in only] == [
        (attached[SIGNATURE]["digest"], {"org.example.kind": "signature"})
    ]


def discover(
    client: OrasClient, registry: Registry, repository: str, digest: str, wanted: str = ""
) -> list[dict[str, Any]]:
    """The library has no word for it yet: its own request, with its own authentication."""
    answer = client.do_request(f"{registry.url}/v2/{repository}/referrers/{digest}{wanted}")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["manifests"]
    return found


def test_tags_are_listed_and_deleted(oras: OrasClient, puller: OrasClient, registry: Registry) -> None:
    repository = registry.new_repository("artifact")
    for tag in ("1.0", "2.0", "3.0"):
        Path("payload").write_text(f"version {tag}")
        push(oras, registry.image(repository, tag), ["payload"])

    target = registry.image(repository)
    assert sorted(puller.get_tags(target)) == ["1.0", "2.0", "3.0"]
    assert oras_client(registry, registry.owner, "basic").delete_tag(target, "2.0")
    assert {"1.0", "3.0"} <= set(puller.get_tags(target))
    gone = puller.do_request(f"{registry.url}/v2/{repository}/manifests/2.0", headers={"Accept": MANIFEST})
    assert gone.status_code == 404


def test_anybody_pulls_what_is_public(oras: OrasClient, registry: Registry, workspace: Path) -> None:
    Path("payload").write_text("for everybody")
    repository = registry.new_repository("artifact")
    push(oras, registry.image(repository), ["payload"])
    registry.set_public(repository)

    oras_client(registry, None).pull(registry.image(repository), outdir=str(workspace / "pulled"))
    assert (workspace / "pulled/payload").read_text() == "for everybody"
