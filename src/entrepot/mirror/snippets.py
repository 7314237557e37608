"""How engines are told to pull through a mirror: the text of a file, and where it goes. Values in, text out."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from entrepot.mirror.upstream_rules import DOCKER_HUB
from entrepot.values.errors import ParameterInvalid, worded


class Engine(StrEnum):
    """What pulls images on a machine. CRI-O reads the file of `podman`, too."""

    CONTAINERD = "containerd"
    DOCKER = "docker"
    PODMAN = "podman"
    BUILDKIT = "buildkit"


@dataclass(frozen=True, slots=True)
class Snippet:
    """`file`: where `text` goes on the machine that pulls; `then`: what is to be done after that, a command."""

    engine: Engine
    file: str
    text: str
    then: str


def snippet(engine: Engine, mirror: str, host: str, endpoint: str, url: str, docker_url: str) -> Snippet:
    """For the organization `mirror` of the service at `url`, whose upstream clients call `host`, at `endpoint`.

    `docker_url`: where the service takes every name for one of Docker Hub; empty: nowhere. Raises ParameterInvalid for
    what the engine cannot do: Docker takes mirrors of Docker Hub alone, and has to find them at a host of their own.
    """
    return (
        _docker(mirror, host, url, docker_url)
        if engine is Engine.DOCKER
        else _SNIPPETS[engine](mirror, host, endpoint, url)
    )


def _containerd(_mirror: str, host: str, endpoint: str, url: str) -> Snippet:
    # containerd itself says in each request which registry it means (`ns=`), so the name of the mirror is not in it.
    text = f'server = "{endpoint}"\n\n[host."{url}"]\n  capabilities = ["pull", "resolve"]\n'
    return Snippet(Engine.CONTAINERD, f"/etc/containerd/certs.d/{host}/hosts.toml", text, "")


def _docker(mirror: str, host: str, url: str, docker_url: str) -> Snippet:
    if host != DOCKER_HUB:
        raise ParameterInvalid(
            worded(
                "Docker takes mirrors of Docker Hub alone; pull {service}/{mirror}/REPOSITORY for {host}/REPOSITORY.",
                service=urlsplit(url).netloc,
                mirror=mirror,
                host=host,
            ),
            field="for",
        )
    if not docker_url:
        raise ParameterInvalid(
            "Docker does not say that it means Docker Hub: give it a host of its own by the setting mirror_docker_url.",
            field="for",
        )
    text = json.dumps({"registry-mirrors": [docker_url]}, indent=2) + "\n"
    return Snippet(Engine.DOCKER, "/etc/docker/daemon.json", text, "systemctl restart docker")


def _podman(mirror: str, host: str, _endpoint: str, url: str) -> Snippet:
    lines = [
        "[[registry]]",
        f'prefix = "{host}"',
        f'location = "{host}"',
        "",
        "[[registry.mirror]]",
        f'location = "{urlsplit(url).netloc}/{mirror}"',
    ]
    if urlsplit(url).scheme == "http":
        lines.append("insecure = true")
    return Snippet(Engine.PODMAN, f"/etc/containers/registries.conf.d/{mirror}.conf", "\n".join(lines) + "\n", "")


def _buildkit(mirror: str, host: str, _endpoint: str, url: str) -> Snippet:
    service = urlsplit(url).netloc
    lines = [f'[registry."{host}"]', f'  mirrors = ["{service}/{mirror}"]']
    if urlsplit(url).scheme == "http":
        lines += ["", f'[registry."{service}"]', "  http = true"]
    text = "\n".join(lines) + "\n"
    return Snippet(Engine.BUILDKIT, "/etc/buildkit/buildkitd.toml", text, "systemctl restart buildkit")


_SNIPPETS: Final[Mapping[Engine, Callable[[str, str, str, str], Snippet]]] = {
    Engine.CONTAINERD: _containerd,
    Engine.PODMAN: _podman,
    Engine.BUILDKIT: _buildkit,
}
