"""A real `entrepot serve`, as an administrator starts it: own process, own port, own folder.

    with running_server(folder, workers=2, upload_idle_seconds="10s") as server:
        server.kill()       # as a power cut would
        server.start()      # same port, same data

Every option is a setting by its name; `None` leaves the default. What the server prints goes to
`server.log`, and the tests' conftest shows the end of it when a test fails.
"""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.live.ports import free_port

READY_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 40.0  # the server itself promises 30 (see `drain_seconds`)
POLL_SECONDS = 0.02
LOG_LINES_SHOWN = 120

Option = str | int | float | bool | Path | None

# Tests stop servers often, and some with a client still attached: they need not wait the default 30 s for it.
DEFAULTS: Mapping[str, Option] = {"drain_seconds": 5, "verify_every_seconds": 0}  # none that is due comes between


class ServerFailed(AssertionError):
    """The server did not start, or did not stop, as it should."""


@dataclass(eq=False)
class Server:
    """One server on this machine; `url` and `port` stay the same when it is started again."""

    data: Path
    log: Path
    options: dict[str, Option] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "admin"
    password: str = "correct horse battery staple"
    port: int = field(default_factory=free_port)
    address: str = "127.0.0.1"
    process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`, as it stands in an image reference."""
        return f"{self.address}:{self.port}"

    @property
    def is_tls(self) -> bool:
        return self.options.get("tls_cert") is not None

    @property
    def url(self) -> str:
        return f"{'https' if self.is_tls else 'http'}://{self.host}"

    @property
    def pid(self) -> int:
        """Process id of the parent process; workers are its children, in its process group."""
        assert self.process is not None, "the server was never started"
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, *, wait: bool = True) -> "Server":
        """Start the process, and return when `/readyz` answers 200. Raises ServerFailed, with the log."""
        assert not self.is_running, "the server is running"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                env=self._environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # one process group, so that `kill` takes the workers along
            )
        return self.wait_ready() if wait else self

    def command(self) -> list[str]:
        command = [sys.executable, "-m", "entrepot", "serve", "--host", self.address, "--port", str(self.port)]
        return [*command, "--data", str(self.data)]

    def wait_ready(self, seconds_max: float = READY_SECONDS_MAX) -> "Server":
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            if not self.is_running:
                raise ServerFailed(f"the server ended with {self.exit_code} before it was ready\n{self.log_tail()}")
            if self.is_ready():
                return self
            time.sleep(POLL_SECONDS)  # another process: its socket is the only event there is
        raise ServerFailed(f"the server was not ready after {seconds_max:g} s\n{self.log_tail()}")

    def is_ready(self) -> bool:
        """True when `/readyz` answers 200 now."""
        try:
            connection = self._connection()
            try:
                connection.request("GET", "/readyz")
                return connection.getresponse().status == 200
            finally:
                connection.close()
        except (OSError, http.client.HTTPException):
            return False

    @property
    def exit_code(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the parent process alone."""
        os.kill(self.pid, number)

    def stop(self, seconds_max: float = STOP_SECONDS_MAX) -> int:
        """End it as a service manager does (SIGTERM), and return its exit status. Raises ServerFailed."""
        if self.process is None:
            return 0
        if self.is_running:
            self.signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds_max)
        except subprocess.TimeoutExpired:
            self.kill()
            message = f"the server was still there {seconds_max:g} s after SIGTERM\n{self.log_tail()}"
            raise ServerFailed(message) from None
        self._kill_group()  # a worker that outlived its parent must not outlive the test
        return code

    def kill(self) -> None:
        """End the process and all its workers at once (SIGKILL): what a crash or a power cut leaves."""
        if self.process is None:
            return
        self._kill_group()
        self.process.wait(STOP_SECONDS_MAX)

    def restart(self) -> "Server":
        self.stop()
        return self.start()

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self, lines: int = LOG_LINES_SHOWN) -> str:
        return "\n".join(self.log_text().splitlines()[-lines:])

    def connect(self, seconds_max: float = 10.0) -> socket.socket:
        """A plain TCP connection (TLS if the server speaks it), for tests that write HTTP by hand."""
        plain = socket.create_connection((self.address, self.port), seconds_max)
        return _unverified().wrap_socket(plain, server_hostname=self.address) if self.is_tls else plain

    def client_environment(self) -> dict[str, str]:
        """What the command line `entrepot` needs to act on this server as its administrator."""
        return {"ENTREPOT_URL": self.url, "ENTREPOT_USER": self.user, "ENTREPOT_PASSWORD": self.password}

    def _connection(self) -> http.client.HTTPConnection:
        if self.is_tls:
            return http.client.HTTPSConnection(self.address, self.port, timeout=5, context=_unverified())
        return http.client.HTTPConnection(self.address, self.port, timeout=5)

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ENTREPOT_")}
        options = {**DEFAULTS, **self.options}
        settings = {f"ENTREPOT_{name.upper()}": _text(value) for name, value in options.items() if value is not None}
        password = {"ENTREPOT_ADMIN_PASSWORD": self.password} if self.password else {}  # else it makes one up
        return {**kept, **password, **settings, **self.environment}

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def make_server(folder: Path, *, environment: Mapping[str, str] | None = None, **options: Option) -> Server:
    """A server over `folder`, not started yet. `options` are settings by name, as in `docs/reference/settings.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = options.pop("port", None)
    server = Server(folder / "data", folder / "entrepot.log", dict(options), dict(environment or {}))
    if isinstance(port, int):
        server.port = port
    return server


@contextmanager
def running_server(
    folder: Path, *, environment: Mapping[str, str] | None = None, **options: Option
) -> Iterator[Server]:
    """A server that is ready inside the block and gone after it."""
    server = make_server(folder, environment=environment, **options)
    try:
        yield server.start()
    finally:
        end(server)


def end(server: Server) -> None:
    """Stop a server that may have been stopped or killed already; nothing of it is left afterwards."""
    try:
        if server.is_running:
            server.stop()
    finally:
        server.kill()


def _text(value: Option) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
