"""Retention on the management API, field by field as the contract has it."""

import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import insert, select

from entrepot.registry.tables import repository
from entrepot.upkeep.tables import retention_deletion
from tests.make.fresh import KINDS
from tests.make.rooms import Rooms

pytestmark = pytest.mark.parametrize("database", KINDS, indirect=True)

RETENTIONS = "/v2/manage/namespaces/acme/repos/team%24web/retentions"
RULE = {
    "template": "date_rule",
    "params": {"days": "30"},
    "tag_selectors": [{"kind": "label", "pattern": "latest"}, {"kind": "regexp", "pattern": r"v\d+"}],
}
BODY = {"algorithm": "or", "rules": [RULE]}


@pytest.fixture(autouse=True)
async def furnished(rooms: Rooms) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/team/web")


async def test_a_policy_goes_its_way(api: httpx2.AsyncClient) -> None:
    created = await api.post(RETENTIONS, json=BODY)
    assert created.status_code == 201
    number = created.json()["id"]
    assert created.json() == {"id": number}

    row = {"algorithm": "or", "id": number, "rules": [RULE], "scope": ""}
    listed, shown = await api.get(RETENTIONS), await api.get(f"{RETENTIONS}/{number}")
    assert (listed.status_code, listed.json(), shown.status_code, shown.json()) == (200, [row], 200, row)

    numbers = {"template": "date_rule", "params": {"days": 7}, "tag_selectors": []}
    changed = await api.patch(f"{RETENTIONS}/{number}", json={"algorithm": "or", "rules": [numbers]})
    assert changed.status_code == 201
    assert (await api.get(RETENTIONS)).json()[0]["rules"] == [numbers | {"params": {"days": "7"}}]

    assert (await api.delete(f"{RETENTIONS}/{number}")).status_code == 200
    assert (await api.get(RETENTIONS)).json() == []


async def test_a_second_policy_and_another_template_are_refused(api: httpx2.AsyncClient) -> None:
    number = (await api.post(RETENTIONS, json=BODY)).json()["id"]
    by_tags = {"algorithm": "or", "rules": [{"template": "tag_rule", "params": {"num": "3"}, "tag_selectors": []}]}

    for answer in (await api.post(RETENTIONS, json=by_tags), await api.patch(f"{RETENTIONS}/{number}", json=by_tags)):
        assert (answer.status_code, answer.json()["error_code"]) == (400, "SVCSTG.SWR.4000014")
    assert (await api.get(f"{RETENTIONS}/{number}")).json()["rules"] == [RULE]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"rules": [RULE]}, "4001014"),
        ({"algorithm": "or"}, "4001014"),
        ({"algorithm": "and", "rules": [RULE]}, "4000014"),
        ({"algorithm": "or", "rules": []}, "4000014"),
        ({"algorithm": "or", "rules": [RULE] * 11}, "4000014"),
        ({"algorithm": "or", "rules": [RULE | {"template": "other"}]}, "4000014"),
        ({"algorithm": "or", "rules": [RULE | {"params": {"days": "400"}}]}, "4000014"),
        ({"algorithm": "or", "rules": [RULE | {"params": "30"}]}, "4000014"),
        ({"algorithm": "or", "rules": [RULE | {"tag_selectors": None}]}, "4000014"),
        (
            {"algorithm": "or", "rules": [RULE | {"tag_selectors": [{"kind": "regexp", "pattern": "(?<=a)b"}]}]},
            "4000014",
        ),
        ({"algorithm": "or", "rules": [RULE | {"tag_selectors": [{"kind": "label", "pattern": "a b"}]}]}, "4009021"),
        ([], "4001018"),
    ],
)
async def test_what_cannot_be_is_refused(api: httpx2.AsyncClient, body: Any, code: str) -> None:
    refused = await api.post(RETENTIONS, json=body)

    assert (refused.status_code, refused.json()["error_code"]) == (400, f"SVCSTG.SWR.{code}")
    assert (await api.get(RETENTIONS)).json() == []


async def test_a_field_that_is_not_the_callers_is_left_alone(api: httpx2.AsyncClient) -> None:
    created = await api.post(RETENTIONS, json=BODY | {"id": 77, "scope": "acme", "repository_id": 1})

    assert (await api.get(RETENTIONS)).json()[0] == BODY | {"id": created.json()["id"], "scope": ""}


@pytest.mark.parametrize("number", ["7", "0", "abc", "-1", "9" * 40, "%F0%9F%90%B3"])
async def test_a_policy_that_is_not_there_is_not_found(api: httpx2.AsyncClient, number: str) -> None:
    shown = await api.get(f"{RETENTIONS}/{number}")
    changed = await api.patch(f"{RETENTIONS}/{number}", json=BODY)
    deleted = await api.delete(f"{RETENTIONS}/{number}")

    assert [(one.status_code, one.json()["error_code"]) for one in (shown, changed, deleted)] == [
        (404, "SVCSTG.SWR.4040083"), (404, "SVCSTG.SWR.4040083"), (400, "SVCSTG.SWR.4000306")
    ]  # fmt: skip


async def test_the_history_is_paged_by_parameters_or_by_a_filter(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    async with rooms.db.writing() as tx:
        number = await tx.value(select(repository.c.id))
        for tag in ("v1", "v2", "v3"):
            row = {"repository_id": number, "policy_id": 5, "rule": RULE, "tag": tag, "deleted_at": rooms.clock.now()}
            await tx.run(insert(retention_deletion).values(row))

    plain = await api.get(f"{RETENTIONS}/histories", params={"limit": "2", "offset": "1"})
    filtered = await api.get(f"{RETENTIONS}/histories", params={"filter": "limit::2|offset::1"})

    assert plain.json() == filtered.json()
    assert plain.headers["content-range"] == filtered.headers["content-range"] == "1-2/3"
    [first, second] = plain.json()["retention_log"]
    assert (plain.json()["total"], first["tag"], second["tag"]) == (3, "v2", "v1")
    assert json.loads(first.pop("rule_type")) == RULE
    assert first == {
        "id": first["id"],
        "namespace": "acme",
        "repo": "team/web",
        "retention_id": 5,
        "tag": "v2",
        "created_at": "2026-01-01T00:00:00.000000Z",
    }


@pytest.mark.parametrize("parameters", [{"limit": "0"}, {"limit": "1001"}, {"offset": "-1"}, {"filter": "tag::v1"}])
async def test_a_page_that_cannot_be_is_refused(api: httpx2.AsyncClient, parameters: dict[str, str]) -> None:
    assert (await api.get(f"{RETENTIONS}/histories", params=parameters)).status_code == 400


async def test_an_empty_history_is_an_empty_list(api: httpx2.AsyncClient) -> None:
    answer = await api.get(f"{RETENTIONS}/histories")

    assert (answer.status_code, answer.json()) == (200, {"retention_log": [], "total": 0})
    assert answer.headers["content-range"] == "0-0/0"
