"""Two replicas over one PostgreSQL and one S3: whichever a request meets, the answer is the same."""

import base64
import hashlib
import json
import os

import httpx2
import pytest

from tests.live.api import Api
from tests.live.conftest import StartServer
from tests.live.postgres import Postgres
from tests.live.process import Server
from tests.live.s3 import S3

pytestmark = pytest.mark.slow

KEY = base64.b64encode(bytes(range(32))).decode()
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def replicas(start_server: StartServer, postgres: Postgres, s3: S3) -> tuple[Server, Server]:
    shared = {"database_url": postgres.new_database(), "storage_url": s3.new_bucket(), "secret_key": KEY}
    environment = dict(s3.environment)
    first = start_server(environment=environment, job_worker=False, **shared)
    return first, start_server(environment=environment, job_worker=False, **shared)


def client_of(server: Server, token: str | None = None) -> httpx2.Client:
    if token is not None:
        return httpx2.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    return httpx2.Client(base_url=server.url, auth=(server.user, server.password), trust_env=False, timeout=30)


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def location(answer: httpx2.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    return str(answer.headers["Location"])


def push_in_turns(one: httpx2.Client, other: httpx2.Client, name: str, content: bytes) -> str:
    """Begin here, go on there, ask here, end there."""
    half = len(content) // 2
    session = location(one.post(f"/v2/{name}/blobs/uploads/"), 202)
    session = location(other.patch(session, content=content[:half]), 202)
    shown = one.get(session)
    assert (shown.status_code, shown.headers["Range"]) == (204, f"0-{half - 1}")
    session = location(one.patch(session, content=content[half:]), 202)
    return location(other.put(session, params={"digest": digest_of(content)}), 201)


def test_an_upload_goes_on_at_the_other_replica(replicas: tuple[Server, Server]) -> None:
    with Api(replicas[0]) as api:
        name = f"{api.create_org()}/app"
    content = os.urandom(3_000_000)
    with client_of(replicas[0]) as one, client_of(replicas[1]) as other:
        blob = push_in_turns(one, other, name, content)
        for client in (one, other):
            answer = client.get(blob, follow_redirects=False)
            assert answer.status_code == 307, "S3 serves the bytes itself, by a presigned URL"
            assert httpx2.get(answer.headers["Location"], trust_env=False).content == content


def test_a_manifest_pushed_here_is_pulled_there_with_a_token_from_here(replicas: tuple[Server, Server]) -> None:
    with Api(replicas[0]) as api:
        name = f"{api.create_org()}/app"
    config = json.dumps({"architecture": "amd64", "os": "linux"}).encode()
    described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config)}
    body = json.dumps(
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": {**described, "size": len(config)}, "layers": []}
    ).encode()
    with client_of(replicas[0]) as one, client_of(replicas[1]) as other:
        push_in_turns(one, other, name, config)
        pushed = one.put(f"/v2/{name}/manifests/latest", content=body, headers={"Content-Type": OCI_MANIFEST})
        assert pushed.status_code == 201, pushed.text
        token = one.get("/auth/token", params={"scope": f"repository:{name}:pull"}).json()["token"]
        assert other.delete(f"/v2/{name}/blobs/{digest_of(config)}").status_code == 405, "the manifest needs it"
    with client_of(replicas[1], token) as reader:
        assert reader.get(f"/v2/{name}/manifests/latest").content == body


def test_a_password_changed_here_ends_tokens_there(replicas: tuple[Server, Server]) -> None:
    with Api(replicas[0]) as api:
        organization = api.create_org()
        alice = api.create_user()
        api.grant(organization, alice.user, "read")
        with client_of(replicas[1]) as other:
            asked = {"scope": f"repository:{organization}/app:pull"}
            token = other.get("/auth/token", params=asked, auth=(alice.user, alice.password)).json()["token"]
        with client_of(replicas[1], token) as reader:
            path = f"/v2/{organization}/app/tags/list"
            assert reader.get(path).status_code == 404
            change = {"password": "another long password"}
            api.client.put(f"/v2/manage/users/{alice.user}/password", json=change).raise_for_status()
            assert reader.get(path).status_code == 401


def test_bytes_go_through_the_server_when_it_is_told_so(start_server: StartServer, s3: S3) -> None:
    server = start_server(
        environment=dict(s3.environment), storage_url=s3.new_bucket(), storage_redirect=False, workers=2
    )
    with Api(server) as api:
        name = f"{api.create_org()}/app"
    content = os.urandom(2_500_000)
    with client_of(server) as one, client_of(server) as other:
        blob = push_in_turns(one, other, name, content)
        assert one.get(blob).content == content
        part = other.get(blob, headers={"Range": "bytes=1000000-1000999"})
    assert (part.status_code, part.content) == (206, content[1_000_000:1_001_000])
