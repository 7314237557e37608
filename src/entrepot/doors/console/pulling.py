"""Ways to pull a version: the commands of each client, as they work at this installation."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from entrepot.doors.console.visit import Visit
from entrepot.registry.repositories import Repository
from entrepot.registry.versions import Version
from entrepot.values.kinds import Kind
from entrepot.values.names import RepositoryName

_LABEL_CHARS_MAX: Final = 63  # of a name in Kubernetes (RFC 1123)
_LOCAL: Final = ("localhost", "127.", "[::1]")  # docker speaks plain HTTP with these
_SECRET: Final = "entrepot"  # noqa: S105  # its name


@dataclass(frozen=True, slots=True)
class Way:
    """Each of `commands` is typed on its own. `text`: a file. `note`: what else it takes."""

    key: str
    name: str
    commands: Sequence[str]
    text: str = ""
    note: str = ""


def ways_to_pull(visit: Visit, repository: Repository, version: Version) -> Sequence[Way]:
    """How the clients that can do something with the version pull it by its tag."""
    image = f"{visit.host}/{repository.path}:{version.tagged.name}"
    if version.kind is Kind.CHART:
        return [_helm(visit, repository, version.tagged.name)]
    if version.kind not in (Kind.IMAGE, Kind.INDEX):
        plain = "" if visit.is_secure else " --plain-http"
        return [Way("oras", "ORAS", [*_login(visit, repository, "oras", plain), f"oras pull{plain} {image}"])]
    unverified = "" if visit.is_secure else " --tls-verify=false"
    return [
        Way("docker", "Docker", [*_login(visit, repository, "docker"), f"docker pull {image}"], note=_insecure(visit)),
        Way("podman", "Podman", [*_login(visit, repository, "podman", unverified), f"podman pull{unverified} {image}"]),
        Way("containerd", "containerd", _containerd(visit, repository, image)),
        Way("skopeo", "Skopeo", _skopeo(visit, repository, image, unverified)),
        _kubernetes(visit, repository, image),
    ]


def _login(visit: Visit, repository: Repository, client: str, options: str = "") -> list[str]:
    """Nobody needs to sign in for what is public."""
    return [] if repository.is_public else [f"{client} login{options} {visit.host}"]


def _insecure(visit: Visit) -> str:
    if visit.is_secure or visit.host.startswith(_LOCAL):
        return ""
    return visit.say(
        "This service is reached without TLS: add %(host)s to insecure-registries in the Docker daemon's settings.",
        host=visit.host,
    )


def _containerd(visit: Visit, repository: Repository, image: str) -> list[str]:
    user = "" if repository.is_public else " --user USER"
    plain = "" if visit.is_secure else " --plain-http"
    insecure = "" if visit.is_secure else " --insecure-registry"
    login = _login(visit, repository, "nerdctl", insecure)
    return [*login, f"nerdctl pull{insecure} {image}", f"ctr images pull{plain}{user} {image}"]


def _skopeo(visit: Visit, repository: Repository, image: str, unverified: str) -> list[str]:
    archive = image.partition("/")[2].replace("/", "-").replace(":", "-")
    source = unverified.replace("--tls", "--src-tls")
    return [
        *_login(visit, repository, "skopeo", unverified),
        f"skopeo copy{source} docker://{image} oci-archive:{archive}.tar",
    ]


def _kubernetes(visit: Visit, repository: Repository, image: str) -> Way:
    name = _label(repository.path)
    lines = [
        *("apiVersion: v1", "kind: Pod", "metadata:", f"  name: {name}"),
        *("spec:", "  containers:", f"    - name: {name}", f"      image: {image}"),
    ]
    if repository.is_public:
        return Way("kubernetes", "Kubernetes", [], "\n".join(lines))
    lines += ["  imagePullSecrets:", f"    - name: {_SECRET}"]
    made = (
        f"kubectl create secret docker-registry {_SECRET} --docker-server={visit.host} "
        "--docker-username=USER --docker-password=PASSWORD"
    )
    return Way("kubernetes", "Kubernetes", [made], "\n".join(lines), visit.say("A robot is made for this."))


def _label(path: RepositoryName) -> str:
    """The last part of a name as Kubernetes takes names."""
    last = re.sub(r"[^a-z0-9]+", "-", path.rpartition("/")[2])[:_LABEL_CHARS_MAX].strip("-")
    return last if last[:1].isalpha() else f"app-{last}"[:_LABEL_CHARS_MAX].strip("-")


def _helm(visit: Visit, repository: Repository, tag: str) -> Way:
    plain = "" if visit.is_secure else " --plain-http"
    login = _login(visit, repository, "helm registry", plain)
    chart = f"oci://{visit.host}/{repository.path}"
    return Way("helm", "Helm", [*login, f"helm pull{plain} {chart} --version {tag.replace('_', '+')}"])
