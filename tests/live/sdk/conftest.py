"""The official client, unmodified, against the shared server.

`sdk` signs as the administrator. `again` is a second client of the same user: the same writing call twice in
one second has the same signature and is refused as a replay, unless another client (with another User-Agent) makes
it. `newcomer()` is a client of a new user, who may do nothing yet.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkswr.v2 import SwrClient

from tests.live.api import Api
from tests.live.process import Server

ClientOf = Callable[..., SwrClient]
Newcomer = Callable[[], tuple[SwrClient, Api]]

_numbers = count(1)


def create_key(server: Server, user: str, password: str) -> tuple[str, str]:
    """AK and SK of a new key, made by the command line as a user would."""
    environment = {**server.client_environment(), "ENTREPOT_USER": user, "ENTREPOT_PASSWORD": password}
    command = [sys.executable, "-m", "entrepot", "key", "create", "--json"]
    made = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    pair = json.loads(made.stdout)
    assert pair.keys() == {"access_key", "secret_key"}
    return pair["access_key"], pair["secret_key"]


@pytest.fixture(scope="session")
def admin_key(server: Server) -> tuple[str, str]:
    return create_key(server, server.user, server.password)


@pytest.fixture
def client_of(server: Server, tmp_path: Path) -> Iterator[Callable[..., SwrClient]]:
    """A client for a key: `client_of((ak, sk))`, `client_of((ak, sk), project_id="…")`."""
    clients = []

    def make(key: tuple[str, str], project_id: str | None = None) -> SwrClient:
        config = HttpConfig(user_agent=f"test {next(_numbers)}")
        builder = SwrClient.new_builder().with_http_config(config).with_endpoint(server.url)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(tmp_path))  # where the client leaves a file that names it
            client: SwrClient = builder.with_credentials(BasicCredentials(*key, project_id)).build()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.get_http_client().close()
        client.get_http_client().executor.shutdown()


@pytest.fixture
def sdk(client_of: Callable[..., SwrClient], admin_key: tuple[str, str]) -> SwrClient:
    return client_of(admin_key)


@pytest.fixture
def again(client_of: Callable[..., SwrClient], admin_key: tuple[str, str]) -> SwrClient:
    return client_of(admin_key)


@pytest.fixture
def newcomer(server: Server, api: Api, client_of: Callable[..., SwrClient]) -> Iterator[Newcomer]:
    made: list[Api] = []

    def sign_up() -> tuple[SwrClient, Api]:
        user = api.create_user()
        made.append(user)
        return client_of(create_key(server, user.user, user.password)), user

    yield sign_up
    for user in made:
        user.close()


def refused(call: Callable[[Any], Any], request: Any, status: int, code: str) -> str:
    """The message of the error that the client makes of a refusal: `refused(sdk.show_namespace, request, 404, "…")`."""
    with pytest.raises(ClientRequestException) as caught:
        call(request)
    error = caught.value
    assert (error.status_code, error.error_code) == (status, code), error.error_msg
    assert error.request_id
    message: str = error.error_msg
    assert message
    return message
