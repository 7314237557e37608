"""What an upstream is called, and what its repositories are called there. Values in, value or error out."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from entrepot.mirror.rules import parse_url
from entrepot.values.errors import ParameterInvalid, quoted, worded
from entrepot.values.names import RepositoryName

DOCKER_HUB: Final = "docker.io"
_PROXY_CHARS_MAX: Final = 1_024
_DOCKER_HUB_ENDPOINT: Final = "https://registry-1.docker.io"
_DOCKER_HUB_HOSTS: Final = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})


def parse_endpoints(texts: Sequence[str], limit: int) -> tuple[str, ...]:
    """The addresses of an upstream, in the order in which they are asked. Raises ParameterInvalid."""
    if not 1 <= len(texts) <= limit:
        raise ParameterInvalid(
            worded("An upstream has 1 to {limit} addresses, not {count}.", limit=limit, count=len(texts)),
            field="endpoints",
        )
    return tuple(dict.fromkeys(_endpoint(text) for text in texts))


def check_proxy(address: str) -> str:
    """Pass for `http://[USER:PASSWORD@]HOST:PORT`, and with https. Raises ParameterInvalid."""
    try:
        parts = urlsplit(address)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        is_good = is_good and not parts.path.strip("/") and not parts.query
    except ValueError:
        is_good = False
    if not is_good or len(address) > _PROXY_CHARS_MAX:
        raise ParameterInvalid("A proxy is http://[USER:PASSWORD@]HOST:PORT, or the same with https.", field="proxy")
    return address


def host_of(endpoint: str) -> str:
    """What clients call the registry at `endpoint`: its host, and its port if it names one."""
    host = urlsplit(endpoint).netloc.lower()
    return DOCKER_HUB if host in _DOCKER_HUB_HOSTS else host


def parse_host(text: str) -> str:
    """What clients call a registry: `docker.io`, `registry.example:5000`. Raises ParameterInvalid."""
    try:
        return host_of(parse_url(f"https://{text}"))
    except ParameterInvalid as error:
        raise ParameterInvalid(
            worded(
                "Clients call a registry by a host, with a port if it has one, as docker.io; not {text}.",
                text=quoted(text),
            ),
            field="host",
        ) from error


def known_host(text: str) -> str:
    """The same of what a client says in `ns=`."""
    host = text.strip().lower()
    return DOCKER_HUB if host in _DOCKER_HUB_HOSTS else host


def upstream_name(host: str, path: RepositoryName) -> RepositoryName:
    """What a mirror's repository is called at its upstream. Docker Hub keeps its own images in `library`."""
    name = path.partition("/")[2]
    return RepositoryName(f"library/{name}" if host == DOCKER_HUB and "/" not in name else name)


def _endpoint(text: str) -> str:
    try:
        endpoint = parse_url(text)
    except ParameterInvalid as error:
        raise ParameterInvalid(
            worded(
                "The address of an upstream is http:// or https:// with a host and nothing after it, as "
                "https://quay.io; not {text}.",
                text=quoted(text),
            ),
            field="endpoints",
        ) from error
    return _DOCKER_HUB_ENDPOINT if urlsplit(endpoint).netloc.lower() in _DOCKER_HUB_HOSTS else endpoint
