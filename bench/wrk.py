"""wrk: many connections that ask for the same thing as fast as they get it."""

import re
import subprocess
from dataclasses import dataclass

from bench.processes import cpu_seconds
from bench.servers import Target

CONNECTIONS = 32
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw in one run, and what the server spent on it."""

    requests: int
    per_second: float
    cpu_microseconds: float  # of all the server's processes, for one request
    median_ms: float
    p99_ms: float


def wrk(target: Target, path: str, seconds: int, accept: str) -> Load:
    """Ask for `path` during `seconds`. Raises RuntimeError if any answer was not a success."""
    headers = {**target.headers, "Accept": accept}
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    before = cpu_seconds(target.pid)
    ended = subprocess.run(
        [*command, f"{target.url}{path}"], capture_output=True, text=True, check=True, timeout=seconds + 30
    )
    spent = cpu_seconds(target.pid) - before

    said = ended.stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{target.name} did not answer every request:\n{said}")
    requests = int(_number(r"(\d+) requests in", said))
    per_second = _number(r"Requests/sec:\s+([\d.]+)", said)
    return Load(requests, per_second, spent / requests * 1e6, _milliseconds("50%", said), _milliseconds("99%", said))


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    if found is None:
        raise RuntimeError(f"wrk said something else:\n{said}")
    return float(found[1])


def _milliseconds(percentile: str, said: str) -> float:
    found = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", said)
    if found is None:
        raise RuntimeError(f"wrk said something else:\n{said}")
    return float(found[1]) * UNITS[found[2]]
