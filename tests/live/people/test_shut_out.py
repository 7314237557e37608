"""Who is shut out is out: everything they are signed in with stops on the next request to a real server."""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.live.api import Api
from tests.live.process import Server
from tests.make.image import Blob

PASSWORD = "a long enough password"
BLOB = Blob(b"0123456789")

Ending = Callable[[Api, str], httpx2.Response]
ENDINGS: dict[str, Ending] = {
    "disabled": lambda api, name: api.client.post(f"/v2/manage/users/{name}/disable"),
    "deleted": lambda api, name: api.client.delete(f"/v2/manage/users/{name}"),
}


@dataclass(frozen=True)
class Holder:
    """A user of `repository`, which they may push to, with one of each thing that opens it."""

    name: str
    repository: str
    headers: dict[str, dict[str, str]]
    auths: dict[str, tuple[str, str]]
    refresh_token: str
    upload: str


def registry_token(server: Server, auth: tuple[str, str], repository: str) -> dict[str, str]:
    parameters = {"scope": f"repository:{repository}:pull,push", "offline_token": "true"}
    answer = httpx2.get(f"{server.url}/auth/token", params=parameters, auth=auth)
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()
    return found


@pytest.fixture
def holder(server: Server, api: Api) -> Holder:
    organization = api.create_org()
    repository = f"{organization}/app"
    monolith = f"/v2/{repository}/blobs/uploads/?digest={BLOB.digest}"
    assert api.client.post(monolith, content=BLOB.content).status_code == 201
    with api.create_user(password=PASSWORD) as user:
        api.grant(organization, user.user, "manage")
        token = user.client.post("/v2/manage/tokens", json={"name": "laptop"}).json()
        body = {"name": organization, "rights": [{"scope": organization, "access": "push"}]}
        robot = user.client.post("/v2/manage/robots", json=body).json()
        key = user.client.post("/v2/manage/keys", json={}).json()
        upload = user.client.post(f"/v2/{repository}/blobs/uploads/").headers["location"]
        assert user.client.patch(upload, content=b"01234").status_code == 202
        name = user.user
    auths = {"password": (name, PASSWORD), "token": (name, token["secret"]), "robot": (robot["login"], robot["secret"])}
    signed = hmac.new(key["secret_key"].encode(), key["access_key"].encode(), hashlib.sha256).hexdigest()
    auths["key"] = (f"local@{key['access_key']}", signed)
    registry_tokens = {kind: registry_token(server, auth, repository) for kind, auth in auths.items()}
    headers = {kind: {"authorization": f"Bearer {one['token']}"} for kind, one in registry_tokens.items()}
    headers["bearer"] = {"authorization": f"Bearer {token['secret']}"}
    refresh_token = registry_tokens["password"]["refresh_token"]
    return Holder(name, repository, headers, auths, refresh_token, upload)


@pytest.mark.parametrize("ending", ENDINGS)
def test_everything_of_a_user_stops_with_them(server: Server, api: Api, holder: Holder, ending: str) -> None:
    with httpx2.Client(base_url=server.url) as client:
        blob = f"/v2/{holder.repository}/blobs/{BLOB.digest}"

        def pulled() -> dict[str, int]:
            by_header = {f"bearer of {kind}": client.get(blob, headers=one) for kind, one in holder.headers.items()}
            by_login = {kind: client.get(blob, auth=auth) for kind, auth in holder.auths.items()}
            form = {"grant_type": "refresh_token", "refresh_token": holder.refresh_token}
            renewed = {"refresh token": client.post("/auth/token", data=form)}
            return {kind: answer.status_code for kind, answer in (by_header | by_login | renewed).items()}

        before = pulled()
        assert set(before.values()) == {200}, before

        assert ENDINGS[ending](api, holder.name).is_success

        after = pulled()
        assert set(after.values()) == {401}, after
        finish = f"{holder.upload}?digest={BLOB.digest}"
        assert client.put(finish, content=b"56789", auth=holder.auths["password"]).status_code == 401


def test_an_upload_that_is_running_stops_when_its_user_is_deleted(server: Server, api: Api, holder: Holder) -> None:
    """In the middle of a request, which then records nothing."""

    def content() -> Iterator[bytes]:
        yield b"567"
        assert ENDINGS["deleted"](api, holder.name).is_success
        yield b"89"

    with httpx2.Client(base_url=server.url, auth=holder.auths["password"]) as client:
        answer = client.patch(holder.upload, content=content())

    assert answer.status_code == 401
