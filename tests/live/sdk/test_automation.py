"""Triggers, retention and synchronisation (contract §8 to §10), by the official client."""

import json

import httpx2
import pytest
from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient

from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import push
from tests.live.conftest import StartServer
from tests.live.sdk.conftest import Newcomer, refused
from tests.make.waiting import until

INVALID, NO_REPOSITORY, UNKNOWN = "SVCSTG.SWR.4000014", "SVCSTG.SWR.4040113", "SVCSTG.SWR.4040083"


@pytest.fixture
def org(api: Api) -> str:
    """An organization with the repository `team/web` and its tag `v1`."""
    name = api.create_org()
    push(api, f"{name}/team/web", "v1")
    return name


def trigger(org: str, **changes: str) -> v2.CreateTriggerRequest:
    fields = {
        "name": "deploy",
        "action": "update",
        "trigger_type": "tag",
        "condition": "v1;v2",
        "app_type": "deployments",
        "application": "web",
        "cluster_ns": "shop",
        "cluster_id": "c-7",
        "cluster_name": "prod",
        "enable": "true",
    }
    body = v2.CreateTriggerRequestBody(**(fields | changes))
    return v2.CreateTriggerRequest(namespace=org, repository="team/web", body=body)


def test_a_trigger_is_created_listed_shown_switched_and_deleted(sdk: SwrClient, again: SwrClient, org: str) -> None:
    place = {"namespace": org, "repository": "team/web"}
    assert sdk.list_triggers_details(v2.ListTriggersDetailsRequest(**place)).body is None
    assert sdk.create_trigger(trigger(org)).status_code == 201
    refused(again.create_trigger, trigger(org), 400, INVALID)

    [row] = sdk.list_triggers_details(v2.ListTriggersDetailsRequest(**place)).body
    shown = sdk.show_trigger(v2.ShowTriggerRequest(trigger="deploy", **place))
    for one in (row, shown):
        assert (one.name, one.action, one.trigger_type, one.condition) == ("deploy", "update", "tag", "v1;v2")
        assert (one.app_type, one.application, one.cluster_ns) == ("deployments", "web", "shop")
        assert (one.cluster_id, one.cluster_name, one.container, one.trigger_mode) == ("c-7", "prod", "", "cce")
        assert (one.enable, one.creator_name) == ("true", "admin")
        assert one.created_at.endswith("Z")
    assert (row.trigger_history, shown.trigger_history) == (None, [])

    body = v2.UpdateTriggerRequestBody(enable="false")
    assert sdk.update_trigger(v2.UpdateTriggerRequest(trigger="deploy", body=body, **place)).status_code == 201
    assert sdk.show_trigger(v2.ShowTriggerRequest(trigger="deploy", **place)).enable == "false"
    assert sdk.delete_trigger(v2.DeleteTriggerRequest(trigger="deploy", **place)).status_code == 204
    refused(sdk.show_trigger, v2.ShowTriggerRequest(trigger="deploy", **place), 404, UNKNOWN)


@pytest.mark.parametrize(
    "changes",
    [{"action": "delete"}, {"trigger_type": "regular", "condition": "("}, {"app_type": "pods"}, {"enable": "yes"}],
)
def test_a_trigger_that_cannot_be_is_refused(sdk: SwrClient, org: str, changes: dict[str, str]) -> None:
    refused(sdk.create_trigger, trigger(org, **changes), 400, INVALID)


def test_a_policy_is_created_listed_shown_changed_and_deleted(sdk: SwrClient, again: SwrClient, org: str) -> None:
    place = {"namespace": org, "repository": "team/web"}
    rule = v2.Rule("date_rule", {"days": "30"}, [v2.TagSelector("label", "latest"), v2.TagSelector("regexp", "v.*")])
    body = v2.CreateRetentionRequestBody("or", [rule])

    created = sdk.create_retention(v2.CreateRetentionRequest(body=body, **place))
    assert created.status_code == 201
    assert created.id > 0
    refused(again.create_retention, v2.CreateRetentionRequest(body=body, **place), 400, INVALID)

    [row] = sdk.list_retentions(v2.ListRetentionsRequest(**place)).body
    shown = sdk.show_retention(v2.ShowRetentionRequest(retention_id=created.id, **place))
    for one in (row, shown):
        assert (one.id, one.algorithm, one.scope, one.rules) == (created.id, "or", "", [rule])

    body = v2.UpdateRetentionRequestBody("or", [v2.Rule("date_rule", {"days": 7}, [])])
    changed = sdk.update_retention(v2.UpdateRetentionRequest(retention_id=created.id, body=body, **place))
    assert changed.status_code == 201
    [rule] = sdk.show_retention(v2.ShowRetentionRequest(retention_id=created.id, **place)).rules
    assert (rule.params, rule.tag_selectors) == ({"days": "7"}, [])
    body = v2.UpdateRetentionRequestBody("or", [v2.Rule("tag_rule", {"num": "7"}, [])])
    other = v2.UpdateRetentionRequest(retention_id=created.id, body=body, **place)
    refused(sdk.update_retention, other, 400, INVALID)

    history = sdk.list_retention_histories(v2.ListRetentionHistoriesRequest(filter="limit::10|offset::0", **place))
    assert (history.total, history.retention_log, history.content_range) == (0, [], "0-0/0")

    gone = v2.DeleteRetentionRequest(retention_id=created.id, **place)
    assert sdk.delete_retention(gone).status_code == 200
    refused(again.delete_retention, gone, 400, "SVCSTG.SWR.4000306")
    refused(sdk.show_retention, v2.ShowRetentionRequest(retention_id=created.id, **place), 404, UNKNOWN)


async def test_a_policy_deletes_the_history_says_so_and_it_can_be_undone(sdk: SwrClient, api: Api, org: str) -> None:
    for tag in ("v2", "v3"):
        push(api, f"{org}/team/web", tag)
    place = {"namespace": org, "repository": "team/web"}
    rule = v2.Rule("tag_rule", {"num": "1"}, [v2.TagSelector("label", "v2")])
    body = v2.CreateRetentionRequestBody("or", [rule])
    created = sdk.create_retention(v2.CreateRetentionRequest(body=body, **place))

    def history() -> v2.ListRetentionHistoriesResponse:
        return sdk.list_retention_histories(v2.ListRetentionHistoriesRequest(**place))

    await until(lambda: history().total > 0, 30)

    [row] = history().retention_log
    assert (row.tag, row.retention_id, row.namespace, row.repo) == ("v1", created.id, org, "team/web")
    assert json.loads(row.rule_type)["params"] == {"num": "1"}
    listed = sdk.list_repository_tags(v2.ListRepositoryTagsRequest(**place)).body
    assert {one.tag for one in listed} == {"v2", "v3"}

    runs = f"/v2/manage/namespaces/{org}/repos/team$web/retention/runs"
    await until(lambda: api.client.get(runs).json()["runs"][0]["state"] == "done", 30)
    [run] = api.client.get(runs).json()["runs"]
    assert (run["cause"], run["by"], run["looked_at"], run["deleted"]) == ("changed", "admin", 3, 1)
    assert api.client.post(f"{runs}/{run['id']}/undo").status_code == 202
    await until(lambda: api.client.get(f"{runs}/{run['id']}").json()["restored"] == 1, 30)
    listed = sdk.list_repository_tags(v2.ListRepositoryTagsRequest(**place)).body
    assert {one.tag for one in listed} == {"v1", "v2", "v3"}
    tags = api.client.get(f"{runs}/{run['id']}/tags").json()["tags"]
    assert [(one["tag"], one["outcome"]) for one in tags] == [("v1", "restored")]


def test_a_rule_of_synchronisation_is_created_listed_and_deleted(
    sdk: SwrClient, again: SwrClient, api: Api, org: str
) -> None:
    place, region = {"namespace": org, "repository": "team/web"}, fresh_name("north")
    body = v2.CreateImageSyncRepoRequestBody(
        remote_region_id=region, remote_namespace="copies", sync_auto=True, override=False
    )
    create = v2.CreateImageSyncRepoRequest(body=body, **place)
    assert "entrepot region create" in refused(sdk.create_image_sync_repo, create, 400, INVALID)

    made = api.client.post("/v2/manage/regions", json={"regionID": region, "url": "https://north.example"})
    assert made.status_code == 201
    assert region in [one.region_id for one in sdk.list_sync_regions(v2.ListSyncRegionsRequest()).body]
    assert again.create_image_sync_repo(create).status_code == 200

    [row] = sdk.list_image_auto_sync_repos_details(v2.ListImageAutoSyncReposDetailsRequest(**place)).body
    assert (row.namespace, row.repo_name, row.remote_region_id, row.remote_namespace) == (
        org, "team/web", region, "copies"
    )  # fmt: skip
    assert (row.sync_auto, row.override, row.domain_name) == (True, False, "default")
    assert row.created_at.endswith("Z")
    assert row.id > 0

    body = v2.DeleteImageSyncRepoRequestBody(remote_region_id=region, remote_namespace="copies")
    gone = v2.DeleteImageSyncRepoRequest(body=body, **place)
    assert sdk.delete_image_sync_repo(gone).status_code == 200
    refused(again.delete_image_sync_repo, gone, 400, "SVCSTG.SWR.4001158")


async def test_tags_are_copied_and_the_job_says_so(
    sdk: SwrClient, again: SwrClient, api: Api, org: str, start_server: StartServer
) -> None:
    place, region = {"namespace": org, "repository": "team/web"}, fresh_name("south")
    there = start_server()
    with Api(there) as south:
        south.create_org("copies")
    account = {"username": there.user, "password": there.password}
    made = api.client.post("/v2/manage/regions", json={"regionID": region, "url": there.url, **account})
    assert made.status_code == 201

    def copy(tag: str) -> v2.CreateManualImageSyncRepoRequest:
        body = v2.CreateManualImageSyncRepoRequestBody(
            image_tag=[tag], override=True, remote_namespace="copies", remote_region_id=region
        )
        return v2.CreateManualImageSyncRepoRequest(body=body, **place)

    assert sdk.create_manual_image_sync_repo(copy("v1")).status_code == 200
    refused(sdk.create_manual_image_sync_repo, copy("v9"), 404, "SVCSTG.SWR.4040115")

    def jobs() -> v2.ShowSyncJobResponse:
        return sdk.show_sync_job(v2.ShowSyncJobRequest(filter="limit::10|offset::0|order::desc", **place))

    await until(lambda: jobs().body[0].status not in ("waiting", "running"), 30)
    page = jobs()
    assert page.content_range == "0-1/1"
    [job] = page.body
    assert (job.tag, job.status, job.override, job.remote_region_id) == ("v1", "success", True, region)
    head = httpx2.head(
        f"{there.url}/v2/copies/team/web/manifests/v1", auth=(there.user, there.password), trust_env=False
    )
    assert head.status_code == 200

    body = v2.CreateImageSyncRepoRequestBody(
        remote_region_id=region, remote_namespace="copies", sync_auto=True, override=False
    )
    assert sdk.create_image_sync_repo(v2.CreateImageSyncRepoRequest(body=body, **place)).status_code == 200
    push(api, f"{org}/team/web", "v2")
    await until(lambda: [one.status for one in jobs().body] == ["success", "success"], 30)
    assert {one.tag for one in jobs().body} == {"v1", "v2"}
    assert (job.sync_operator_name, job.domain_name, job.repo_name) == ("admin", "default", "team/web")
    refused(sdk.show_sync_job, v2.ShowSyncJobRequest(filter="limit::10", **place), 400, "SVCSTG.SWR.4001035")


def test_who_may_not_see_a_repository_sees_nothing_of_it_and_who_may_read_changes_nothing(
    newcomer: Newcomer, api: Api, org: str
) -> None:
    client, user = newcomer()
    place = {"namespace": org, "repository": "team/web"}
    refused(client.list_triggers_details, v2.ListTriggersDetailsRequest(**place), 404, NO_REPOSITORY)
    refused(client.list_retentions, v2.ListRetentionsRequest(**place), 404, NO_REPOSITORY)
    api.grant(f"{org}/team/web", user.user, "read")

    assert client.list_triggers_details(v2.ListTriggersDetailsRequest(**place)).status_code == 200
    refused(client.create_trigger, trigger(org), 403, "SVCSTG.SWR.4039002")
    body = v2.CreateRetentionRequestBody("or", [v2.Rule("tag_rule", {"num": "7"}, [])])
    refused(client.create_retention, v2.CreateRetentionRequest(body=body, **place), 403, "SVCSTG.SWR.4039002")
