"""The parent of the server processes: prepares the installation, starts them, ends them in order."""

import asyncio
import fcntl
import gc
import os
import signal
import socket
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from entrepot.accounts.initial_password import FILE_NAME, FIRST_ADMIN, forget_initial_password
from entrepot.accounts.users import ensure_first_admin, has_first_admin
from entrepot.app import LOCK_FILE, check_storage, open_house
from entrepot.asgi import Application
from entrepot.beside import WorkerBeside
from entrepot.db.opening import load_driver
from entrepot.operations.maintenance import follow_setting
from entrepot.plumbing import metrics
from entrepot.plumbing.ids import new_secret
from entrepot.plumbing.logging import configure
from entrepot.plumbing.processes import die_with_parent
from entrepot.plumbing.sealing import write_private
from entrepot.registry.limits import enforce_defaults
from entrepot.settings import Loaded, Settings, settings_environment
from entrepot.values.errors import Refused


class InUse(Refused):
    """Another process uses what this one needs."""


def run(loaded: Loaded) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    settings = loaded.settings
    configure(settings.log_format, settings.log_level)
    lock = _lock(settings)
    _check_port(settings)
    # In a process of its own: what migrations need in memory must not stay in every server process.
    with ProcessPoolExecutor(1, get_context("fork")) as aside:
        password = aside.submit(_prepare, settings).result()
    sys.stdout.write(f"{_box(settings, password)}\n")
    sys.stdout.flush()
    load_driver(settings.database_url)
    gc.collect()
    gc.freeze()  # what is shared with the server processes stays shared

    worker = WorkerBeside(settings_environment(loaded)) if settings.job_worker else None
    if worker is not None:
        worker.start()
    try:
        _server(settings).serve(target_loader=lambda: _application(loaded), wrap_loader=False)
    finally:
        if worker is not None:
            worker.stop(settings.drain_seconds + 5)
        os.close(lock)
    return 0


def _application(loaded: Loaded) -> Application:
    """What each server process runs; called in that process."""
    # At once: nobody would end one that waits for a slow client, and meanwhile it holds the lock and the port.
    die_with_parent(signal.SIGKILL)
    metrics.forget_the_dead()
    return Application(loaded.settings, loaded.origins)


def _server(settings: Settings) -> MPServer:
    return MPServer(
        "entrepot.asgi",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        # To tell HTTP/2, which clients speak over TLS only, Granian waits for a first byte without end.
        http=HTTPModes.auto if settings.is_tls else HTTPModes.http1,
        workers=settings.workers,
        websockets=False,
        backpressure=settings.connections_max,
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.header_seconds * 1000, max_buffer_size=settings.read_ahead_bytes
        ),
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        respawn_failed_workers=True,
        workers_kill_timeout=max(settings.drain_seconds, 1),
        log_level=LogLevels.error,
    )


def _lock(settings: Settings) -> int:
    """Hold the data folder, so that no second server writes the same SQLite file and blobs.

    Raises InUse.
    """
    handle = os.open(settings.data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    if settings.database_url.startswith("sqlite:"):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode().strip()
            raise InUse(
                f"The data folder {settings.data} is in use by another entrepot (process {holder}). "
                "Stop that one, or start this one with another --data."
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def _check_port(settings: Settings) -> None:
    """Say now, in a sentence, what would fail later. Raises InUse."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise InUse(
                f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Choose another --host or --port."
            ) from None


def _prepare(settings: Settings) -> str | None:
    """Bring the schema up to date and make the first administrator; see `_first_start`."""
    from entrepot.migrations import upgrade

    upgrade(settings.database_url)
    return asyncio.run(_first_start(settings))


async def _first_start(settings: Settings) -> str | None:
    """Make the first administrator if there is none; the password, when it was made up here."""
    house = open_house(settings)
    try:
        await check_storage(house)
        await house.accounts.keys.current()
        await enforce_defaults(house.registry)
        await follow_setting(house.operations, settings.read_only)
        if await has_first_admin(house.accounts):
            await forget_initial_password(house.accounts)  # another replica may have changed it
            return None
        if settings.admin_password:
            await ensure_first_admin(house.accounts, settings.admin_password.get_secret_value())
            return None
        # Written before it counts: a crash in between must not leave an administrator nobody can be.
        file = settings.data / FILE_NAME
        if not file.exists():
            write_private(file, f"{new_secret()}\n".encode())
        password = file.read_text().strip()
        return password if await ensure_first_admin(house.accounts, password) else None
    finally:
        await house.close()


def _box(settings: Settings, password: str | None) -> str:
    scheme = "https" if settings.is_tls else "http"
    is_everywhere = settings.host in ("0.0.0.0", "::")  # noqa: S104  # compared, not bound
    host = "127.0.0.1" if is_everywhere else settings.host
    registry = f"{f'[{host}]' if ':' in host else host}:{settings.port}"
    url = settings.external_url or f"{scheme}://{registry}"
    registry = url.partition("://")[2]
    lines = [
        f"entrepot serves {url}",
        f"data in {settings.data}",
        "",
        f"login:  docker login -u {FIRST_ADMIN} {registry}",
    ]
    if password is not None:
        lines += [f"        password: {password}", f"        (kept in {settings.data / FILE_NAME})"]
    lines += [
        "",
        f"next:   open {url} in a browser, or",
        "        entrepot login " + url + f" -u {FIRST_ADMIN}",
        "        entrepot org create acme",
        f"        docker push {registry}/acme/app:1.0",
    ]
    width = max(map(len, lines))
    edge = "─" * (width + 2)
    return "\n".join([f"┌{edge}┐", *(f"│ {line.ljust(width)} │" for line in lines), f"└{edge}┘"])
