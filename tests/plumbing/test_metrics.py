"""Counting: the cheap tally ends in the library's public numbers, none lost, none twice."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from entrepot.plumbing import metrics
from entrepot.plumbing.metrics import Tally, exposition

ROUTE = "of the tests"


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"entrepot_{name}", labels) or 0.0


@pytest.fixture
def own_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)


async def test_a_tally_counts_as_the_library_itself_would() -> None:
    tally = Tally()
    seconds = [0.0, 0.0004, 0.0005, 0.0006, 0.05, 29.9, 30.0, 31.0]
    sent = value("bytes_out_total")

    for one in seconds:
        tally.add(ROUTE, "GET", 200, one, 10)
    tally.add(ROUTE, "GET", 404, 0.001)
    assert value("http_requests_total", route=ROUTE, method="GET", status="200") == 0
    tally.flush()
    tally.flush()

    assert value("http_requests_total", route=ROUTE, method="GET", status="200") == len(seconds)
    assert value("http_requests_total", route=ROUTE, method="GET", status="404") == 1
    assert value("http_request_seconds_count", route=ROUTE) == len(seconds) + 1
    assert value("http_request_seconds_sum", route=ROUTE) == pytest.approx(sum(seconds) + 0.001)
    # A bucket holds what is at most its bound.
    for bound in (0.0005, 0.001, 0.05, 30.0, float("inf")):
        shown = "+Inf" if bound == float("inf") else str(bound)
        expected = sum(one <= bound for one in [*seconds, 0.001])
        assert (bound, value("http_request_seconds_bucket", route=ROUTE, le=shown)) == (bound, expected)
    assert value("bytes_out_total") - sent == 10 * len(seconds)


async def test_a_tally_flushes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_FLUSH_SECONDS", 0.0)
    flushed = asyncio.Event()

    class Telling(Tally):
        def flush(self) -> None:
            super().flush()
            flushed.set()

    tally = Telling()
    for _ in range(2):
        flushed.clear()
        tally.add("flushed alone", "GET", 200, 0.001)
        async with asyncio.timeout(5):
            await flushed.wait()

    assert value("http_requests_total", route="flushed alone", method="GET", status="200") == 2


@pytest.mark.usefixtures("own_process")
async def test_what_is_shown_is_complete_to_the_last_request() -> None:
    metrics.tally.add("the last one", "GET", 200, 0.001)

    shown = exposition().decode()

    assert 'entrepot_http_requests_total{method="GET",route="the last one",status="200"} 1.0' in shown


def test_of_a_process_that_is_gone_only_live_gauges_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(30)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    kinds = ("counter", "histogram", "gauge_all", "gauge_liveall", "gauge_livemostrecent")
    for kind in kinds:
        for pid in (ended.pid, os.getpid()):
            (tmp_path / f"{kind}_{pid}.db").touch()

    metrics.forget_the_dead()
    metrics.forget_the_dead()

    left = {file.name for file in tmp_path.iterdir()}
    assert left == {
        *(f"{kind}_{os.getpid()}.db" for kind in kinds),
        *(f"{kind}_{ended.pid}.db" for kind in ("counter", "histogram", "gauge_all")),
    }


@pytest.mark.usefixtures("own_process")
def test_without_a_folder_for_numbers_there_is_nobody_to_forget() -> None:
    metrics.forget_the_dead()
