"""The event feed as server-sent events: as it grows, from where a client was, for who may see it."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.live.api import Api

pytestmark = pytest.mark.live
EVENTS = "/v2/manage/events"
STREAM = {"accept": "text/event-stream"}


def told(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """The id and the event of each that comes."""
    marker = ""
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            marker = value
        elif name == "data":
            yield marker, json.loads(value)


def test_events_come_as_they_happen_and_go_on_where_a_client_was(api: Api) -> None:
    organization = api.create_org()
    asked = {"organization": organization}
    with api.client.stream("GET", EVENTS, headers=STREAM, params=asked) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = told(answer.iter_lines())
        marker, first = next(events)
        assert (first["type"], first["subject"]) == ("io.entrepot.organization.created", organization)
        api.create_repo(f"{organization}/one")
        _, second = next(events)
        assert (second["type"], second["subject"]) == ("io.entrepot.repository.created", f"{organization}/one")

    with api.client.stream("GET", EVENTS, headers={**STREAM, "last-event-id": marker}, params=asked) as answer:
        events = told(answer.iter_lines())
        assert next(events)[1] == second
        api.create_repo(f"{organization}/two")
        assert next(events)[1]["subject"] == f"{organization}/two"


def test_who_may_not_see_events_gets_no_stream(api: Api) -> None:
    organization = api.create_org()
    with api.create_user() as somebody:
        refused = somebody.client.get(EVENTS, headers=STREAM, params={"organization": organization})
        assert refused.status_code in (403, 404)
        api.grant(organization, somebody.user, "manage")
        with somebody.client.stream("GET", EVENTS, headers=STREAM, params={"organization": organization}) as answer:
            assert answer.status_code == 200
            assert next(told(answer.iter_lines()))[1]["subject"] == organization
    assert httpx2.get(f"{api.server.url}{EVENTS}", headers=STREAM, trust_env=False).status_code == 401
    assert api.client.get(EVENTS, headers={**STREAM, "last-event-id": "nonsense"}).status_code == 400
