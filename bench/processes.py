"""Processor time and memory of a server, all its processes together."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Memory:
    """One process: resident as `ps` shows it, and its proportional share, which adds up over processes."""

    pid: int
    command: str
    resident_bytes: int
    share_bytes: int


def tree(pid: int) -> list[int]:
    """`pid` and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int(_stat(int(entry.name))[1])
            except OSError:  # it ended meanwhile
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time that `pid` and its living descendants have used so far."""
    return sum(int(_stat(one)[11]) + int(_stat(one)[12]) for one in tree(pid)) / TICKS_PER_SECOND


def memory(pid: int) -> list[Memory]:
    """Every process of the server, parent first."""
    return [_memory(one) for one in tree(pid)]


def _memory(pid: int) -> Memory:
    rollup = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kilobytes = {name: int(rollup[name].split()[0]) * 1024 for name in ("Rss", "Pss")}
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return Memory(pid, command, kilobytes["Rss"], kilobytes["Pss"])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may itself hold spaces: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
