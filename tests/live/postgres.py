"""A private PostgreSQL for tests: `initdb` and `pg_ctl` in a temporary folder, gone afterwards.

It listens on loopback and trusts whoever connects. It does not fsync: what the tests kill is
entrepot, never the database.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live import parts
from tests.live.api import fresh_name
from tests.live.ports import free_port

SECONDS_MAX = 60
OPTIONS = "-c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL server."""

    port: int
    folder: Path
    superuser: str

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{self.superuser}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a database that is empty and nobody else's."""
        name = fresh_name("test").replace("-", "_")
        command = [parts.postgresql_command("createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", self.superuser]
        _run([*command, name])
        return self.url(name)

    def stop(self) -> None:
        """Stop it at once, as a database that goes away under its clients."""
        _run(_as_owner([parts.postgresql_command("pg_ctl"), "-D", str(self.folder), "-m", "immediate", "-w", "stop"]))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It keeps its connections and answers nothing, as behind a network that drops everything."""
        server = int((self.folder / "postmaster.pid").read_text().split()[0])
        processes = [server, *_children(server)]
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)

    def start(self) -> None:
        settings = f"{OPTIONS} -c port={self.port} -c unix_socket_directories={self.folder}"
        command = [parts.postgresql_command("pg_ctl"), "-D", str(self.folder), "-w", "-l", str(self.folder / "log")]
        _run(_as_owner([*command, "-o", settings, "start"]))


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server inside the block. Ends the test (`parts.missing`) if PostgreSQL is not installed."""
    initdb = parts.postgresql_command("initdb")
    # Not pytest's folder: that is closed to everyone but its owner, and PostgreSQL refuses to run as root.
    home = Path(tempfile.mkdtemp(prefix="entrepot-postgres-"))
    folder = home / "data"
    try:
        if os.geteuid() == 0:
            owner = parts.account("postgres")
            os.chown(home, owner.pw_uid, owner.pw_gid)
        _run(_as_owner([initdb, "-D", str(folder), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]))
        server = Postgres(free_port(), folder, "postgres")
        server.start()
        try:
            yield server
        finally:
            if (folder / "postmaster.pid").exists():
                server.stop()
    finally:
        shutil.rmtree(home)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _as_owner(command: list[str]) -> list[str]:
    if os.geteuid() != 0:
        return command
    return [parts.command("runuser", package="util-linux"), "-u", "postgres", "--", *command]


def _run(command: list[str]) -> None:
    # A log file instead of pipes: the database inherits what pg_ctl has, and would keep a pipe open for ever.
    with tempfile.TemporaryFile() as output:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=SECONDS_MAX, cwd="/", check=False
        )
        output.seek(0)
        assert ended.returncode == 0, f"{command} ended with {ended.returncode}:\n{output.read().decode()}"
