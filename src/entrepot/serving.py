"""The parent of the server processes: prepares the installation, starts them, ends them in order."""

import asyncio
import gc
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from entrepot.accounts.initial_password import FILE_NAME, FIRST_ADMIN, forget_initial_password
from entrepot.accounts.users import ensure_first_admin, has_first_admin
from entrepot.app import check_storage, open_house
from entrepot.asgi import Application
from entrepot.beside import WorkerBeside
from entrepot.db.opening import load_driver
from entrepot.listening import check_port, hold_data, server_of
from entrepot.operations.maintenance import follow_setting
from entrepot.plumbing import metrics
from entrepot.plumbing.ids import new_secret
from entrepot.plumbing.logging import configure
from entrepot.plumbing.processes import die_with_parent
from entrepot.plumbing.sealing import write_private
from entrepot.registry.limits import enforce_defaults
from entrepot.settings import Loaded, Settings, settings_environment


def run(loaded: Loaded) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    settings = loaded.settings
    configure(settings.log_format, settings.log_level)
    lock = hold_data(settings)
    check_port(settings)
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
        server_of(settings, "entrepot.asgi", settings.workers).serve(
            target_loader=lambda: _application(loaded), wrap_loader=False
        )
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


def _prepare(settings: Settings) -> str | None:
    """Bring the schema up to date and make the first administrator; see `_first_start`."""
    from entrepot.migrations import upgrade

    upgrade(settings.database_url)
    return asyncio.run(_first_start(settings))


async def _first_start(settings: Settings) -> str | None:
    """Make the first administrator if there is none; the password, when it was made up here."""
    house = open_house(settings)
    try:
        house.regions.view.check()
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
