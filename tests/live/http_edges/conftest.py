"""The registry as its administrator, and the question after every test: is it still well?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.conformance.builders import Manifest
from tests.live.conformance.client import Registry
from tests.live.conformance.conftest import (
    PASSWORD,
    URL,
    USER,
    create_organization,
    fresh_make,
    fresh_repository,
)
from tests.live.conformance.repository import Repository
from tests.live.http_edges.wire import exchange


@pytest.fixture(scope="session")
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    if URL:
        registry = Registry(URL, "basic" if PASSWORD else "none", USER, PASSWORD or "")
    else:
        server = request.getfixturevalue("server")
        registry = Registry(server.url, "basic", server.user, server.password)
    yield registry
    registry.close()


@pytest.fixture(autouse=True)
def still_well(registry: Registry) -> Iterator[None]:
    """After whatever the test did, a new client is served."""
    yield
    reply = exchange(registry, "GET", "/v2/")
    assert reply.status == 200, f"the server is no longer well\n{reply}"


@pytest.fixture(scope="session")
def organization(registry: Registry) -> str:
    return create_organization(registry)


@pytest.fixture
def repo(registry: Registry, organization: str) -> Repository:
    return fresh_repository(registry, organization)


@pytest.fixture(scope="session")
def image() -> Manifest:
    return fresh_make().image()


@pytest.fixture(scope="session")
def home(registry: Registry, organization: str, image: Manifest) -> Repository:
    """A repository with an image under `latest`; no test changes it."""
    repo = fresh_repository(registry, organization)
    repo.publish(image, "latest")
    return repo
