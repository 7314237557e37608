"""What an upstream and its repositories are called."""

import pytest

from entrepot.mirror.upstream_rules import (
    check_proxy,
    host_of,
    known_host,
    parse_endpoints,
    parse_host,
    upstream_name,
)
from entrepot.values.errors import ParameterInvalid
from entrepot.values.names import RepositoryName


@pytest.mark.parametrize(
    ("text", "endpoint", "host"),
    [
        ("https://docker.io", "https://registry-1.docker.io", "docker.io"),
        ("https://index.docker.io/", "https://registry-1.docker.io", "docker.io"),
        ("https://registry-1.docker.io", "https://registry-1.docker.io", "docker.io"),
        ("https://quay.io", "https://quay.io", "quay.io"),
        ("http://Registry.Example:5000", "http://Registry.Example:5000", "registry.example:5000"),
    ],
)
def test_an_upstream_is_called_as_clients_call_it(text: str, endpoint: str, host: str) -> None:
    assert parse_endpoints([text], 10) == (endpoint,)
    assert host_of(endpoint) == host


def test_one_address_is_asked_once() -> None:
    assert parse_endpoints(["https://a.example", "https://b.example", "https://a.example"], 3) == (
        "https://a.example",
        "https://b.example",
    )


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["https://a.example"] * 4,
        ["a.example"],
        ["ftp://a.example"],
        ["https://a.example/v2"],
        ["https://user:password@a.example"],
        ["https://a.example:0"],
    ],
)
def test_what_is_no_address_of_a_registry_is_refused(texts: list[str]) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        parse_endpoints(texts, 3)
    assert refused.value.detail["field"] == "endpoints"


@pytest.mark.parametrize(
    ("host", "path", "name"),
    [
        ("docker.io", "hub/nginx", "library/nginx"),
        ("docker.io", "hub/library/nginx", "library/nginx"),
        ("docker.io", "hub/bitnami/redis", "bitnami/redis"),
        ("quay.io", "quay/app", "app"),
        ("quay.io", "quay/team/app", "team/app"),
        ("registry.k8s.io", "k8s/pause", "pause"),
    ],
)
def test_docker_hub_keeps_its_own_images_in_a_library(host: str, path: str, name: str) -> None:
    assert upstream_name(host, RepositoryName(path)) == name


def test_docker_hub_has_several_names() -> None:
    assert {known_host(host) for host in ("docker.io", "INDEX.docker.io", "registry-1.docker.io")} == {"docker.io"}
    assert known_host("Quay.io") == "quay.io"


@pytest.mark.parametrize("address", ["http://proxy.example:3128", "https://me:secret@proxy.example:3128"])
def test_a_proxy_may_want_a_password(address: str) -> None:
    assert check_proxy(address) == address


@pytest.mark.parametrize("address", ["proxy.example", "socks5://proxy.example:1", "http://proxy.example/path"])
def test_what_is_no_address_of_a_proxy_is_refused(address: str) -> None:
    with pytest.raises(ParameterInvalid):
        check_proxy(address)


@pytest.mark.parametrize(
    ("text", "host"),
    [("docker.io", "docker.io"), ("Index.docker.io", "docker.io"), ("registry.example:5000", "registry.example:5000")],
)
def test_a_registry_may_be_called_by_another_name_than_its_address(text: str, host: str) -> None:
    assert parse_host(text) == host


@pytest.mark.parametrize("text", ["", "https://docker.io", "docker.io/library", "a b", "me@docker.io"])
def test_what_is_no_name_of_a_registry_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid):
        parse_host(text)
