"""Places: network namespaces, which only the roads between them connect.

    with running_places({("here", "there"): 40.0}) as places:
        with places["here"].inside():
            ...  # sockets and processes that this thread makes here are there

Their names carry the process that made them, so that several runs on a machine do not meet.
"""

import ctypes
import fcntl
import itertools
import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live import parts

DEVICE = "road"
NETWORK_BITS = 16
MTU = 9_000
"""Large, for fewer packets: a process carries them."""
_QUEUED_MAX = 10_000
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Place:
    """A network namespace. `number`: the third part of its addresses."""

    name: str
    namespace: str
    number: int

    def address(self, host: int = 1) -> str:
        return f"10.70.{self.number}.{host}"

    @property
    def network(self) -> str:
        return f"10.70.{self.number}.0/24"

    @contextmanager
    def inside(self) -> Iterator[None]:
        """In the block, this thread is there: so are the sockets and processes that it makes."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            self.enter()
            try:
                yield
            finally:
                _enter(before)
        finally:
            os.close(before)

    def enter(self) -> None:
        """This thread goes there for good: for threads that somebody makes for this."""
        there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            _enter(there)
        finally:
            os.close(there)

    def cut_off(self) -> None:
        """Nothing gets here or away any more; nobody is told."""
        self.ip("link", "set", DEVICE, "down")

    def connect(self) -> None:
        """Takes back `cut_off`."""
        self.ip("link", "set", DEVICE, "up")

    def limit(self, mbit: int) -> None:
        """What leaves takes its time: so many Mbit/s for all together."""
        self._tc("replace", "tbf", "rate", f"{mbit}mbit", "burst", "64kb", "latency", "500ms")

    def unlimit(self) -> None:
        """Takes back `limit`."""
        self._tc("delete")

    def ip(self, *words: str) -> None:
        _run("ip", "-n", self.namespace, *words)

    def _tc(self, what: str, *words: str) -> None:
        tc = parts.command("tc", package="iproute2")
        _run("ip", "netns", "exec", self.namespace, tc, "qdisc", what, "dev", DEVICE, "root", *words)


Ways = Mapping[tuple[str, str], float]
"""Round trips in milliseconds between places."""


@contextmanager
def running_places(ways: Ways, hosts: int = 1) -> Iterator[Mapping[str, Place]]:
    """Places by name, with `hosts` addresses each, while the roads between them are open."""
    parts.command("ip", package="iproute2")
    parts.root()
    if not Path("/dev/net/tun").exists():
        parts.missing("this machine has no TUN devices")
    names = sorted({name for pair in ways for name in pair})
    places = {name: Place(name, f"entrepot-{os.getpid()}-{next(_numbers)}", n) for n, name in enumerate(names, 1)}
    with ExitStack() as open_:
        devices: dict[int, int] = {}
        for place in places.values():
            open_.enter_context(_namespace(place.namespace))
            devices[place.number] = open_.enter_context(_device(place, hosts))
        open_.enter_context(_carrying(devices, _delays(places, ways)))
        yield places


def _delays(places: Mapping[str, Place], ways: Ways) -> dict[int, dict[int, float]]:
    delays: dict[int, dict[int, float]] = {place.number: {} for place in places.values()}
    for (one, other), ms in ways.items():
        here, there = places[one].number, places[other].number
        delays[here][there] = delays[there][here] = ms / 2
    return delays


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    try:
        _run("ip", "netns", "add", name)
    except subprocess.CalledProcessError as error:
        parts.missing(f"this machine makes no network namespaces: {error.stderr}")
    try:
        _run("ip", "-n", name, "link", "set", "lo", "up")
        yield
    finally:
        _run("ip", "netns", "del", name)


@contextmanager
def _device(place: Place, hosts: int) -> Iterator[int]:
    with place.inside():
        device = os.open("/dev/net/tun", os.O_RDWR)
    try:
        with place.inside():
            fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
        for host in range(1, hosts + 1):
            place.ip("address", "add", f"{place.address(host)}/{NETWORK_BITS}", "dev", DEVICE)
        place.ip("link", "set", DEVICE, "mtu", str(MTU), "txqueuelen", str(_QUEUED_MAX), "up")
        yield device
    finally:
        os.close(device)


@contextmanager
def _carrying(devices: Mapping[int, int], delays: Mapping[int, Mapping[int, float]]) -> Iterator[None]:
    script = Path(__file__).with_name("roads.py")
    process = subprocess.Popen(
        [sys.executable, str(script), json.dumps(devices), json.dumps(delays)], pass_fds=list(devices.values())
    )
    try:
        yield
        assert process.poll() is None, "the roads broke down"
    finally:
        process.kill()
        process.wait()


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns failed")


def _run(*command: str) -> None:
    subprocess.run([parts.command(command[0]), *command[1:]], check=True, capture_output=True, text=True)
