"""How engines are told to pull through a mirror. That they take it, `tests/live/mirror` shows."""

import json
import tomllib

import pytest

from entrepot.mirror.snippets import Engine, snippet
from entrepot.values.errors import ParameterInvalid

HUB = ("hub", "docker.io", "https://registry-1.docker.io")


def test_containerd_asks_the_mirror_before_the_registry() -> None:
    made = snippet(Engine.CONTAINERD, *HUB, "https://images.example", "")
    assert made.file == "/etc/containerd/certs.d/docker.io/hosts.toml"
    assert tomllib.loads(made.text) == {
        "server": "https://registry-1.docker.io",
        "host": {"https://images.example": {"capabilities": ["pull", "resolve"]}},
    }


def test_docker_is_told_a_host_of_its_own() -> None:
    made = snippet(Engine.DOCKER, *HUB, "https://images.example", "https://hub.example")
    assert json.loads(made.text) == {"registry-mirrors": ["https://hub.example"]}


def test_docker_needs_a_host_of_its_own() -> None:
    with pytest.raises(ParameterInvalid, match="mirror_docker_url"):
        snippet(Engine.DOCKER, *HUB, "https://images.example", "")


def test_docker_cannot_mirror_other_registries() -> None:
    with pytest.raises(ParameterInvalid, match=r"images\.example/quay/REPOSITORY"):
        snippet(Engine.DOCKER, "quay", "quay.io", "https://quay.io", "https://images.example", "https://hub.example")


@pytest.mark.parametrize(
    ("url", "is_insecure"), [("https://images.example", False), ("http://images.example:5000", True)]
)
def test_podman_is_told_where_there_is_no_tls(url: str, is_insecure: bool) -> None:
    made = snippet(Engine.PODMAN, "quay", "quay.io", "https://quay.io", url, "")
    (registry,) = tomllib.loads(made.text)["registry"]
    (mirror,) = registry["mirror"]
    assert (registry["prefix"], registry["location"]) == ("quay.io", "quay.io")
    assert mirror["location"] == url.partition("://")[2] + "/quay"
    assert mirror.get("insecure", False) is is_insecure


@pytest.mark.parametrize(("url", "is_plain"), [("https://images.example", False), ("http://images.example:5000", True)])
def test_buildkit_is_told_where_there_is_no_tls(url: str, is_plain: bool) -> None:
    registries = tomllib.loads(snippet(Engine.BUILDKIT, *HUB, url, "").text)["registry"]
    service = url.partition("://")[2]
    assert registries["docker.io"] == {"mirrors": [f"{service}/hub"]}
    assert registries.get(service, {}).get("http", False) is is_plain
