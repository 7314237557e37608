"""Webhooks of a real server: its worker delivers what a push over the wire made happen, also after it was killed."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import home, run
from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, push, read
from tests.live.process import running_server
from tests.make.target import running_target
from tests.make.waiting import until

__all__ = ["home", "run"]  # fixtures
pytestmark = pytest.mark.live


async def test_a_push_is_delivered_and_a_killed_server_goes_on(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_target() as target:
        with running_server(tmp_path, webhook_networks="127.0.0.0/8") as server, Api(server) as api:
            monkeypatch.setenv("ENTREPOT_URL", server.url)
            monkeypatch.setenv("ENTREPOT_USER", server.user)
            monkeypatch.setenv("ENTREPOT_PASSWORD", server.password)
            organization = api.create_org()
            made = read(run("webhook", "create", organization, "tell", "--url", target.url, "--tags", "v*", "--json"))
            assert made["secret"].startswith("whsec_")

            await asyncio.to_thread(push, api, f"{organization}/web", "v1")
            [first] = await target.was_asked(1)
            assert first.json["data"]["tags"] == ["v1"]

            target.answers["/"] = 503
            await asyncio.to_thread(push, api, f"{organization}/web", "v2")
            await target.was_asked(2)
            os.killpg(os.getpgid(server.pid), signal.SIGKILL)
            await until(lambda: not server.is_running)
            target.answers["/"] = 200
            await asyncio.to_thread(server.start)
            third = (await target.was_asked(3, seconds_max=30))[2]
            assert third.headers["webhook-id"] == target.asked[1].headers["webhook-id"]

            await until(lambda: _states(run, organization) == ["delivered", "delivered"])
            sent = read(run("webhook", "test", organization, "tell", "--json"))
            await target.was_asked(4)
            await until(lambda: "delivered" in ok(run("webhook", "deliveries", organization, "tell", "--show", "3")))
            assert sent == {"delivery": 3}
            ok(run("webhook", "redeliver", organization, "tell", "1"))
            again = (await target.was_asked(5))[4]
            assert again.headers["webhook-id"] == first.headers["webhook-id"]

            changed = ok(run("webhook", "update", organization, "tell", "--disable"))
            assert "it is disabled" in changed
            assert "disabled" in ok(run("webhook", "list", organization))
            assert "whsec_" in ok(run("webhook", "rotate", organization, "tell"))
            assert "hooks" not in ok(run("webhook", "show", organization, "tell"))
            metrics = (await asyncio.to_thread(api.client.get, "/metrics")).text
            assert 'entrepot_webhook_deliveries_total{result="delivered"}' in metrics
            ok(run("webhook", "delete", organization, "tell", "--yes"))
            assert read(run("webhook", "list", organization, "--json")) == []


def _states(run: Run, organization: str) -> list[str]:
    return [one["state"] for one in read(run("webhook", "deliveries", organization, "tell", "--json"))]
