"""The parent of an edge's process: joins a region once, then serves until it is told to stop."""

import asyncio
import gc
import os
import signal
import socket
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from entrepot.db.opening import load_driver
from entrepot.edge.application import EdgeApplication
from entrepot.edge.center import Center
from entrepot.edge.identity import Identity, load_identity
from entrepot.edge.reporting import join
from entrepot.edge.settings import EdgeSettings
from entrepot.listening import check_port, hold_data, server_of
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import configure
from entrepot.plumbing.processes import die_with_parent
from entrepot.settings import Settings
from entrepot.values.errors import ParameterInvalid, Refused
from entrepot.values.names import EdgeName


class CannotJoin(Refused):
    """What an edge needs to join a region was not said."""


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. Raises what keeps an edge from joining or from listening."""
    configure(settings.log_format, settings.log_level)
    lock = hold_data(settings)
    check_port(settings)
    edge = _edge_settings(settings)
    with ProcessPoolExecutor(1, get_context("fork")) as aside:
        identity = aside.submit(_prepare, settings, edge).result()
    sys.stdout.write(
        f"entrepot edge {identity.name} of the region {identity.region} serves {edge.url}\n"
        f"center {identity.center}, data in {settings.data}\n"
    )
    sys.stdout.flush()
    load_driver(settings.database_url)
    gc.collect()
    gc.freeze()
    try:
        server_of(settings, "entrepot.edge", 1).serve(
            target_loader=lambda: _application(settings, edge), wrap_loader=False
        )
    finally:
        os.close(lock)
    return 0


def _application(settings: Settings, edge: EdgeSettings) -> EdgeApplication:
    die_with_parent(signal.SIGKILL)
    metrics.forget_the_dead()
    return EdgeApplication(settings, edge)


def _edge_settings(settings: Settings) -> EdgeSettings:
    scheme = "https" if settings.is_tls else "http"
    is_everywhere = settings.host in ("0.0.0.0", "::")  # noqa: S104  # compared, not bound
    if settings.external_url is None and is_everywhere:
        raise CannotJoin(
            f"The edge listens on {settings.host}: say by which address clients reach it, as "
            "--url https://edge.example.com"
        )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return EdgeSettings(
        url=settings.external_url or f"{scheme}://{host}:{settings.port}",
        capacity_bytes=settings.edge_capacity_bytes,
        free_bytes_min=settings.free_bytes_min * 2,
    )


def _prepare(settings: Settings, edge: EdgeSettings) -> Identity:
    """Bring the schema up to date, and join if that has not been; who this edge is."""
    from entrepot.migrations import upgrade

    upgrade(settings.database_url)
    identity = load_identity(settings.data)
    if identity is None:
        return asyncio.run(_join(settings, edge))
    if settings.edge_center not in (None, identity.center):
        raise ParameterInvalid(
            f"{settings.data} belongs to a node of {identity.center}, not of {settings.edge_center}. "
            "Take another --data folder."
        )
    return identity


async def _join(settings: Settings, edge: EdgeSettings) -> Identity:
    if settings.edge_center is None or settings.edge_token is None:
        raise CannotJoin(
            "An edge joins with --central URL and --token TOKEN. An operator of the central installation makes a "
            "token: entrepot edge token create REGION"
        )
    name = EdgeName.parse(settings.edge_name or f"{socket.gethostname().partition('.')[0]}-{settings.port}")
    center = Center(settings.edge_center, settings.edge_authority.read_text() if settings.edge_authority else "")
    try:
        return await join(
            center, settings.data, settings.edge_token.get_secret_value(), name, settings.edge_region, edge
        )
    finally:
        await center.close()
