"""Opening: what a SOURCE is, by its kind or by looking at it, becomes a source to read from."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import typer

from entrepot.cli.credentials import is_exposed, parse_url
from entrepot.cli.moving.credentials import find_credentials
from entrepot.cli.moving.harbor import HarborCatalog, is_harbor
from entrepot.cli.moving.kinds import Kind
from entrepot.cli.moving.layouts import Layouts
from entrepot.cli.moving.quay import QuayCatalog
from entrepot.cli.moving.registry import Catalog, PlainCatalog, RegistrySource
from entrepot.cli.moving.settings import REMOTE
from entrepot.cli.moving.source import Source
from entrepot.cli.moving.storage import INSIDE, StorageSource
from entrepot.cli.moving.swr import SwrCatalog, docker_login
from entrepot.plumbing.threads import Threads
from entrepot.remote.session import Credentials, Remote
from entrepot.values.errors import ParameterInvalid, quoted

_IN_FILES = (Kind.FOLDER, Kind.LAYOUT)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says of a source."""

    text: str
    kind: Kind
    credentials: tuple[str | None, str | None] = field(repr=False)
    authority: Path | None = None
    is_insecure: bool = False
    project: str | None = None
    api: str | None = None


async def open_source(asked: Asked, stack: AsyncExitStack) -> Source:
    """The source, open as long as `stack` is. Raises ParameterInvalid for what is none."""
    if asked.kind in _IN_FILES or (asked.kind is Kind.AUTO and "://" not in asked.text):
        return _in_files(asked, stack)
    url = parse_url(asked.text)
    prefix = urlsplit(url).path.strip("/")
    host = url[: len(url) - len(urlsplit(url).path)]
    # In a thread: a helper may ask whoever sits there.
    user = await asyncio.to_thread(find_credentials, host, *asked.credentials, prefix)
    if user is not None and is_exposed(host):
        typer.echo(f"warning: {host} is not encrypted; the password can be read on the way.", err=True)
    if asked.kind is Kind.SWR:
        return await _swr(asked, host, prefix, user, stack)
    remote = await stack.enter_async_context(Remote(host, user, REMOTE, trust=trust_of(asked)))
    await _reach(remote)
    return RegistrySource(remote, await _catalog(asked.kind, remote, prefix, user), prefix)


def trust_of(asked: Asked) -> ssl.SSLContext | None:
    """Whose certificates are believed; None for the machine's authorities. Raises ParameterInvalid."""
    if asked.is_insecure:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if asked.authority is None:
        return None
    try:
        return ssl.create_default_context(cafile=asked.authority)
    except OSError as error:  # ssl.SSLError is one
        raise ParameterInvalid(f"{asked.authority} cannot be read as the certificate of an authority.") from error


async def _reach(remote: Remote) -> None:
    """Once, so that a wrong address, certificate or password is told at once and not after many tries."""
    async with remote.send("GET", "/v2/", (), accepted=range(300, 500)):
        pass


async def _catalog(kind: Kind, remote: Remote, prefix: str, user: Credentials | None) -> Catalog:
    if kind is Kind.QUAY:
        if not prefix:
            raise ParameterInvalid("Quay lists one namespace at a time: name it, as in https://quay.example/team.")
        return QuayCatalog(remote, prefix.partition("/")[0], user)
    if kind is Kind.HARBOR or (kind is Kind.AUTO and await is_harbor(remote)):
        return HarborCatalog(remote, prefix)
    return PlainCatalog(remote)


async def _swr(asked: Asked, host: str, prefix: str, key: Credentials | None, stack: AsyncExitStack) -> RegistrySource:
    if key is None or not asked.project:
        raise ParameterInvalid(
            "SWR is asked with an access key: --source-user AK, its secret by --source-password-stdin, and the "
            "project of its region by --source-project, as cn-north-4."
        )
    trust = trust_of(asked)
    api = parse_url(asked.api) if asked.api else host
    remote = await stack.enter_async_context(Remote(host, docker_login(key, asked.project), REMOTE, trust=trust))
    await _reach(remote)
    asking = await stack.enter_async_context(Remote(api, None, REMOTE, trust=trust))
    return RegistrySource(remote, SwrCatalog(asking, key, prefix.partition("/")[0]), prefix)


def _in_files(asked: Asked, stack: AsyncExitStack) -> Source:
    folder = Path(asked.text)
    if not folder.is_dir():
        raise ParameterInvalid(
            f"{quoted(asked.text)} is no folder. A registry is written with http:// or https:// before it."
        )
    threads = Threads(4)
    stack.callback(threads.close)
    if asked.kind is Kind.FOLDER or (asked.kind is Kind.AUTO and (folder / INSIDE).is_dir()):
        if not (folder / INSIDE / "repositories").is_dir():
            raise ParameterInvalid(f"{folder} is not the storage of a registry: it has no {INSIDE}/repositories.")
        return StorageSource(folder, threads)
    return Layouts(folder, threads)
