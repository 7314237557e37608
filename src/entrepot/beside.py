"""The job worker beside a server: a child process, started again when it dies."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from time import monotonic

from entrepot.plumbing.logging import get_logger

_PAUSE_SECONDS_MAX = 30.0
_FIRST_PAUSE_SECONDS = 0.5
_LASTING_SECONDS = 60.0

_log = get_logger()


class WorkerBeside:
    """Runs `entrepot worker` with `environment` until stopped; one that dies at once is started ever less often.

    It inherits the folder in which the server's processes count, so `/metrics` tells what it counts, too.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep_running, name="worker-beside", daemon=True)

    def start(self) -> None:
        self._process = self._spawn()
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Ask it to finish; after `seconds`, end it."""
        self._stopping.set()
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-m", "entrepot", "worker", "--child"], env=self._environment)

    def _keep_running(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while self._process is not None:
            started = monotonic()
            code = self._process.wait()
            if self._stopping.is_set():
                return
            pause = (
                min(pause * 2, _PAUSE_SECONDS_MAX) if monotonic() - started < _LASTING_SECONDS else _FIRST_PAUSE_SECONDS
            )
            _log.error("the job worker ended; it is started again", exit_status=code, pause_seconds=pause)
            if self._stopping.wait(pause):
                return
            self._process = self._spawn()
