"""`python -m bench`: measure, show, and write down if asked."""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import (
    events,
    garbage,
    machine,
    management,
    manifests,
    mirrors,
    pulls,
    pushes,
    report,
    residency,
    retention,
    starts,
    verify,
    webhooks,
)
from bench.figures import Figure

PAGE = Path("docs/benchmarks.md")
NEEDED = ("wrk", "docker-registry", "nginx")
MEMORY = Path("/dev/shm")  # noqa: S108  # a file system in memory is what it is wanted for


def main() -> int:
    """The exit status: 1 if a program is missing."""
    options = _options()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"not installed: {', '.join(missing)} (tools/test-packages installs them)", file=sys.stderr)
        return 1

    with tempfile.TemporaryDirectory(prefix="entrepot-bench-", dir=options.folder) as held:
        folder = Path(held)
        facts = machine.facts(folder)
        others = [machine.busy_cores()]
        measurements: dict[str, Callable[[], Iterator[Figure]]] = {
            "manifests": lambda: manifests.measure(folder / "manifests", options.seconds),
            "pushes": lambda: pushes.measure(folder / "pushes", "disk"),
            "pushes-memory": lambda: _in_memory(lambda where: pushes.measure(where, "memory")),
            "pulls": lambda: pulls.measure(folder / "pulls"),
            "starts": lambda: starts.measure(folder / "starts"),
            "management": lambda: management.measure(folder / "management"),
            "garbage": lambda: garbage.measure(folder / "garbage", options.blobs),
            "verify": lambda: verify.measure(folder / "verify", options.blobs),
            "events": lambda: events.measure(folder / "events", options.events),
            "retention": lambda: retention.measure(folder / "retention", options.tags),
            "mirrors": lambda: mirrors.measure(folder / "mirrors"),
            "webhooks": lambda: webhooks.measure(folder / "webhooks"),
            "memory": lambda: residency.measure(folder / "memory", options.seconds),
        }
        figures: list[Figure] = []
        for name in options.only or measurements:
            print(f"{name} …", file=sys.stderr, flush=True)
            figures += measurements[name]()
            shutil.rmtree(folder / name, ignore_errors=True)
            others.append(machine.busy_cores())
    facts["cores busy with other work"] = f"{min(others):.1f} to {max(others):.1f}"

    report.show(figures, facts)
    report.write_json(options.json, figures, facts)
    if options.write:
        report.write_page(PAGE, figures, facts)
    return 0


def _in_memory(measure: Callable[[Path], Iterator[Figure]]) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(prefix="entrepot-bench-", dir=MEMORY) as held:
        yield from measure(Path(held))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = [
        "manifests",
        "pushes",
        "pushes-memory",
        "pulls",
        "starts",
        "management",
        "garbage",
        "verify",
        "events",
        "retention",
        "mirrors",
        "webhooks",
        "memory",
    ]
    parser.add_argument("--only", nargs="+", choices=names, help="measure these alone")
    parser.add_argument("--seconds", type=int, default=8, help="length of one load (default 8)")
    parser.add_argument("--events", type=int, default=1_000_000, help="how many the audit log has (default 1,000,000)")
    parser.add_argument(
        "--blobs", type=int, default=100_000, help="how many are garbage, or verified (default 100,000)"
    )
    parser.add_argument("--tags", type=int, default=1_000_000, help="tags that retention judges (default 1,000,000)")
    parser.add_argument("--folder", type=Path, help="where data is kept while measuring: the disk that is measured")
    parser.add_argument("--json", type=Path, default=Path("bench-data/latest.json"), help="file for the figures")
    parser.add_argument("--write", action="store_true", help=f"write them into {PAGE}")
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write writes the whole page: without --only")
    return options


if __name__ == "__main__":
    sys.exit(main())
