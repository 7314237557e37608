"""Listening: a port and a data folder for one installation, and the processes that serve it."""

import fcntl
import os
import socket

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from entrepot.app import LOCK_FILE
from entrepot.settings import Settings
from entrepot.values.errors import Refused


class InUse(Refused):
    """Another process uses what this one needs."""


def server_of(settings: Settings, module: str, workers: int) -> MPServer:
    """Server processes on the port of the settings; what `module` is called shows in their logs."""
    return MPServer(
        module,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        # To tell HTTP/2, which clients speak over TLS only, Granian waits for a first byte without end.
        http=HTTPModes.auto if settings.is_tls else HTTPModes.http1,
        workers=workers,
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


def hold_data(settings: Settings) -> int:
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


def check_port(settings: Settings) -> None:
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
