"""The registry under test, as a client sees it: an address, an authority to trust, accounts."""

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx2
import pytest

from tests.live.api import Api, Level, fresh_name
from tests.live.process import Server

URL = "ENTREPOT_CLIENTS_URL"
AUTHORITY = "ENTREPOT_CLIENTS_AUTHORITY"
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


# For tests about what the same bytes mean to a client, however they travel.
plain_only = pytest.mark.parametrize("registry", ["plain"], indirect=True)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in."""

    name: str
    password: str

    @property
    def pair(self) -> str:
        return f"{self.name}:{self.password}"


@dataclass(frozen=True, slots=True)
class Registry:
    """Where clients push to and pull from. `owner` may do everything."""

    url: str
    owner: Account
    authority: Path | None  # whom a client must trust; None: plain HTTP
    server: Server | None  # None: somebody else's registry

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def is_tls(self) -> bool:
        return self.authority is not None

    def new_organization(self) -> str:
        if self.server is None:
            return fresh_name()
        with self._api() as api:
            return api.create_org()

    def new_repository(self, name: str = "app") -> str:
        """`ORG/name` in a new organization; the repository itself appears with the first push."""
        return f"{self.new_organization()}/{name}"

    def image(self, repository: str, tag: str = "1.0") -> str:
        """How a person writes the image to an engine."""
        return f"{self.host}/{repository}:{tag}"

    def need_ours(self) -> Server:
        """Ends the test where the registry is somebody else's: it is about something only ours has."""
        if self.server is None:
            pytest.skip(f"{URL} names another registry")
        return self.server

    def new_user(self, scope: str | None = None, level: Level = "read") -> Account:
        """A new user, who may do `level` on `scope` and nothing else."""
        with self._api() as api, api.create_user() as user:
            if scope is not None:
                api.grant(scope, user.user, level)
            return Account(user.user, user.password)

    def set_public(self, repository: str, public: bool = True) -> None:
        with self._api() as api:
            api.set_public(repository, public)

    def make_immutable(self, repository: str, tags: str) -> int:
        """The number of a new rule by which tags of the repository's organization stay where they are."""
        with self._api() as api:
            rules = f"/v2/manage/namespaces/{repository.partition('/')[0]}/immutability"
            made = api.client.post(rules, json={"tags": tags})
            assert made.status_code == 201, made.text
            return int(made.json()["id"])

    def make_read_only(self, repository: str, message: str) -> None:
        with self._api() as api:
            path = f"/v2/manage/namespaces/{repository.partition('/')[0]}/read-only"
            assert api.client.put(path, json={"message": message}).status_code == 204

    def manifest(self, repository: str, reference: str) -> httpx2.Response:
        """The bytes that are really there, whatever a client may show."""
        answer = httpx2.get(
            f"{self.url}/v2/{repository}/manifests/{reference}",
            auth=(self.owner.name, self.owner.password),
            headers={"Accept": ", ".join(MANIFEST_TYPES)},
            verify=ssl.create_default_context(cafile=self.authority),
            trust_env=False,
        )
        assert answer.status_code == 200, answer.text
        return answer

    def _api(self) -> Api:
        return Api(self.need_ours())


def of_server(server: Server, authority: Path | None = None) -> Registry:
    return Registry(server.url, Account(server.user, server.password), authority, server)


def elsewhere() -> Registry | None:
    """The registry the environment names, if it names one."""
    written = os.environ.get(URL)
    if not written:
        return None
    parts = urlsplit(written)
    authority = Path(os.environ[AUTHORITY]) if parts.scheme == "https" else None
    owner = Account(unquote(parts.username or ""), unquote(parts.password or ""))
    return Registry(f"{parts.scheme}://{parts.hostname}:{parts.port}", owner, authority, None)
