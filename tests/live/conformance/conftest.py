"""The registry under test, once with Basic and once with Bearer tokens, and a fresh repository for every test."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator

import pytest

from tests.live.conformance.answers import expect
from tests.live.conformance.builders import Make
from tests.live.conformance.client import Registry
from tests.live.conformance.repository import Repository

URL = os.environ.get("ENTREPOT_CONFORMANCE_URL")
USER = os.environ.get("ENTREPOT_CONFORMANCE_USER", "admin")
PASSWORD = os.environ.get("ENTREPOT_CONFORMANCE_PASSWORD")
SEED = os.environ.get("ENTREPOT_CONFORMANCE_SEED")
MODES = ["none"] if URL and not PASSWORD else ["basic", "bearer"]


@pytest.fixture(scope="session", params=MODES)
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    """The registry, spoken to as its administrator."""
    if URL:
        registry = Registry(URL, request.param, USER, PASSWORD or "")
    else:
        server = request.getfixturevalue("server")
        registry = Registry(server.url, request.param, server.user, server.password)
    yield registry
    registry.close()


@pytest.fixture(scope="session")
def organization(registry: Registry) -> str:
    """An organization of this run's own."""
    return create_organization(registry)


@pytest.fixture(scope="session")
def sparse_organization(registry: Registry) -> str:
    """An organization that takes manifests whose parts are not all here."""
    name = create_organization(registry)
    if registry.mode != "none":
        body = b'{"sparse": true}'
        path = f"/v2/manage/namespaces/{name}"
        answer = registry.send("PATCH", path, headers=JSON, body=body, authorization=registry.basic)
        assert answer.status == 201, str(answer)
    return name


@pytest.fixture
def repo(registry: Registry, organization: str) -> Repository:
    """A repository nobody has pushed to."""
    return fresh_repository(registry, organization)


@pytest.fixture
def repo2(registry: Registry, organization: str) -> Repository:
    """Another one, in the same organization."""
    return fresh_repository(registry, organization)


@pytest.fixture
def make() -> Make:
    return fresh_make()


JSON = [("Content-Type", "application/json")]


def create_organization(registry: Registry) -> str:
    name = f"conf-{secrets.token_hex(4)}"
    if registry.mode != "none":
        body = f'{{"namespace": "{name}"}}'.encode()
        path = "/v2/manage/namespaces"
        expect(registry.send("POST", path, headers=JSON, body=body, authorization=registry.basic), 201)
    return name


def fresh_repository(registry: Registry, organization: str) -> Repository:
    return Repository(registry, f"{organization}/r-{secrets.token_hex(5)}")


def fresh_make(algorithm: str = "sha256") -> Make:
    seed = int(SEED) if SEED else secrets.randbits(32)
    sys.stdout.write(f"repeat the content with ENTREPOT_CONFORMANCE_SEED={seed}\n")  # pytest shows it on failure
    return Make(seed, algorithm)
