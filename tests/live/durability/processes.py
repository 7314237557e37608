"""The server's processes as the kernel sees them: who they are and what they hold."""

from __future__ import annotations

import socket
from pathlib import Path

from tests.live.process import Server

PROC = Path("/proc")


def children(pid: int) -> list[int]:
    """The processes that `pid` started and that are still there."""
    found: list[int] = []
    for task in (PROC / str(pid) / "task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


def workers(server: Server) -> list[int]:
    """The processes that answer requests: children of the parent that listen on its port."""
    inodes = {inode for _, remote, inode in _sockets(server.port) if remote.endswith(":0000")}
    return sorted(pid for pid in children(server.pid) if inodes & _inodes_of(pid))


def answering(server: Server, connection: socket.socket) -> int:
    """The worker at the other end of `connection`, which must have been answered on it before."""
    own = f":{connection.getsockname()[1]:04X}"
    inode = next(inode for _, remote, inode in _sockets(server.port) if remote.endswith(own))
    return next(pid for pid in workers(server) if inode in _inodes_of(pid))


def resident_bytes(pid: int, field: str = "VmRSS") -> int:
    """What `pid` holds in memory: now, or (`VmHWM`) at its most."""
    for line in (PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) << 10
    raise AssertionError(f"process {pid} has no {field}")


def descriptors_count(pid: int) -> int:
    return len(list((PROC / str(pid) / "fd").iterdir()))


def mapped_files(pid: int, ending: str) -> set[Path]:
    """The files with such an ending that `pid` has mapped into its memory."""
    lines = (PROC / str(pid) / "maps").read_text().splitlines()
    return {Path(line.split(maxsplit=5)[5]) for line in lines if line.endswith(ending)}


def _sockets(port: int) -> list[tuple[str, str, str]]:
    """Local address, remote address and inode of each of this machine's TCP sockets on the local port `port`."""
    found = []
    for line in (PROC / "net" / "tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}"):
            found.append((fields[1], fields[2], fields[9]))
    return found


def _inodes_of(pid: int) -> set[str]:
    """The sockets that `pid` has open."""
    found = set()
    for entry in (PROC / str(pid) / "fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue  # closed meanwhile
        if target.startswith("socket:["):
            found.add(target[len("socket:[") : -1])
    return found
