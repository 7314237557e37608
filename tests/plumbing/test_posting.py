"""Posts to others: no farther than allowed, no longer, no larger, and to nowhere else."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from entrepot.plumbing.networks import parse_networks
from entrepot.plumbing.outbound import Lookup, OutboundFailed
from entrepot.plumbing.posting import ANSWER_BYTES_KEPT, Answered, Line
from entrepot.values.errors import ParameterInvalid
from tests.make.target import Target, break_off, flood, hang, redirect_to, running_target

NEAR = parse_networks("127.0.0.0/8")


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    async with running_target() as target:
        yield target


@asynccontextmanager
async def line(url: str, near: Sequence[object] = NEAR, lookup: Lookup | None = None) -> AsyncIterator[Line]:
    opened = Line(url, near, 0.5, lookup)  # type: ignore[arg-type]  # networks
    try:
        yield opened
    finally:
        await opened.close()


async def post(url: str, near: Sequence[object] = NEAR, lookup: Lookup | None = None) -> Answered:
    async with line(url, near, lookup) as opened:
        return await opened.post(b"{}", {"content-type": "application/json"})


async def test_a_body_goes_out_and_the_answer_comes_back(target: Target) -> None:
    target.says["/"] = b"thanks"

    assert await post(target.url) == Answered(200, "thanks")
    [asked] = target.asked
    assert (asked.body, asked.headers["host"], asked.headers["content-type"]) == (
        b"{}", f"127.0.0.1:{target.port}", "application/json"
    )  # fmt: skip


async def test_a_line_keeps_its_connection_and_its_query(target: Target) -> None:
    async with line(f"{target.url}/?key=1") as opened:
        for number in range(3):
            await opened.post(b"{}", {}, {"sign": f"a+{number}="})

    assert target.connections == 1
    assert [one.path for one in target.asked] == [f"/?key=1&sign=a%2B{number}%3D" for number in range(3)]


async def test_a_target_that_hangs_is_left_in_time(target: Target) -> None:
    target.manners["/"] = hang
    began = time.monotonic()

    with pytest.raises(OutboundFailed, match=r"did not answer within 0\.5 seconds"):
        await post(target.url)

    assert time.monotonic() - began < 2


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/", "file:///etc/passwd"])
async def test_a_redirect_is_an_answer_and_not_followed(target: Target, to: str) -> None:
    target.manners["/"] = redirect_to(to)

    answered = await post(target.url)

    assert (answered.status, answered.is_good, len(target.asked)) == (302, False, 1)


async def test_of_a_gigabyte_the_beginning_is_kept_and_the_rest_not_waited_for(target: Target) -> None:
    target.manners["/"] = flood
    began = time.monotonic()

    answered = await post(target.url)

    assert (answered.status, len(answered.body)) == (200, ANSWER_BYTES_KEPT)
    assert time.monotonic() - began < 2


async def test_an_answer_that_ends_early_is_told(target: Target) -> None:
    target.manners["/"] = break_off

    with pytest.raises(OutboundFailed, match="broke off"):
        await post(target.url)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "10.0.0.1", "192.168.1.1", "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "0.0.0.0"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_is_in_no_network_that_was_named_is_out_of_reach(scheme: str, host: str) -> None:
    with pytest.raises(OutboundFailed, match="may not be asked"):
        await post(f"{scheme}://{host}/")


async def test_link_local_addresses_are_out_of_reach_whatever_was_named() -> None:
    with pytest.raises(OutboundFailed, match="may not be asked"):
        await post("http://169.254.169.254/", parse_networks("169.254.0.0/16"))


async def test_without_networks_there_is_no_plain_http(target: Target) -> None:
    with pytest.raises(ParameterInvalid):
        await post(target.url, ())
    with pytest.raises(OutboundFailed, match="may not be asked"):
        await post(target.url.replace("http:", "https:"), ())


async def test_without_tls_no_public_address_is_asked() -> None:
    async def public(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    with pytest.raises(OutboundFailed, match="https only"):
        await post("http://public.example/", lookup=public)


async def test_a_name_with_one_private_address_among_public_ones_is_not_asked() -> None:
    async def mixed(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.216.34", "169.254.169.254"]

    with pytest.raises(OutboundFailed, match=r"169\.254\.169\.254"):
        await post("https://mixed.example/", lookup=mixed)


async def test_a_name_that_changes_its_address_is_asked_only_where_it_was_looked_at(target: Target) -> None:
    """DNS rebinding: the second look would lead elsewhere, and there is none while the first one holds."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    looks = 0

    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        nonlocal looks
        looks += 1
        return next(answers)

    async with line(f"http://rebound.example:{target.port}/", lookup=rebinding) as opened:
        await opened.post(b"1", {})
        await opened.post(b"2", {})
        assert looks == 1
        target.manners["/"] = break_off
        with pytest.raises(OutboundFailed, match="broke off"):
            await opened.post(b"3", {})
        with pytest.raises(OutboundFailed, match="may not be asked"):
            await opened.post(b"4", {})

    assert [one.headers["host"] for one in target.asked] == [f"rebound.example:{target.port}"] * 3
    assert await asyncio.sleep(0, looks) == 2


async def test_a_target_that_is_not_there_is_told() -> None:
    with pytest.raises(OutboundFailed, match="cannot be reached"):
        await post("http://127.0.0.1:1/")
