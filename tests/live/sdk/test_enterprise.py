"""The Enterprise calls (contract §18), by the official client: one instance, its namespaces, images, audit."""

import pytest
from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient

from entrepot.doors.manage.enterprise.call import INSTANCE_ID
from tests.live.api import Api, fresh_name
from tests.live.cli.test_commands import push
from tests.live.process import Server
from tests.live.sdk.conftest import ClientOf, Newcomer, refused
from tests.live.sdk.test_logins import can_pull

HERE = {"instance_id": INSTANCE_ID}


def metadata(public: str) -> v2.NamespaceMetadata:
    return v2.NamespaceMetadata(public=public)


@pytest.fixture
def org(api: Api) -> str:
    return api.create_org()


def test_the_instance_is_found(
    sdk: SwrClient, client_of: ClientOf, admin_key: tuple[str, str], api: Api, server: Server
) -> None:
    project = api.client.get("/v3/projects").json()["projects"][0]["id"]

    [one] = client_of(admin_key, project_id=project).list_instance(v2.ListInstanceRequest()).instances
    assert (one.id, one.status, one.project_id, one.access_address) == (INSTANCE_ID, "Running", project, server.host)
    shown = sdk.show_instance(v2.ShowInstanceRequest(**HERE))  # a client without a project leaves it unsaid
    assert (shown.id, shown.version, shown.created_at) == (one.id, one.version, one.created_at)

    refused(sdk.show_instance, v2.ShowInstanceRequest(instance_id="other"), 404, "ENTREPOT.4040030")
    stranger = client_of(admin_key, project_id="f" * 32)
    refused(stranger.show_instance, v2.ShowInstanceRequest(**HERE), 403, "SVCSTG.SWR.4039001")


def test_what_is_set_and_held_is_told(sdk: SwrClient, org: str, api: Api) -> None:
    push(api, f"{org}/web", "v1")

    assert sdk.show_instance_configuration(v2.ShowInstanceConfigurationRequest(**HERE)).anonymous_access is True
    seen = sdk.list_instance_statistics(v2.ListInstanceStatisticsRequest(**HERE))
    assert seen.storage_used > 0 and seen.total_namespace_count >= 1 and seen.total_image_count >= 1
    gates = sdk.list_feature_gates(v2.ListFeatureGatesRequest(**HERE))
    assert gates.enable_domain_name is gates.enable_artifact_scanning is gates.enable_artifact_gc is False


def test_what_is_not_served_says_why(sdk: SwrClient) -> None:
    body = v2.UpdateInstanceConfigurationRequestBody(anonymous_access=False)
    setting = v2.UpdateInstanceConfigurationRequest(**HERE, body=body)
    assert "anonymous_pull" in refused(sdk.update_instance_configuration, setting, 405, "SVCSTG.SWR.4040083")
    rules = v2.ListImmutableRulesRequest(**HERE)
    assert "/immutability" in refused(sdk.list_immutable_rules, rules, 404, "SVCSTG.SWR.4040083")


def test_a_namespace_decides_what_pushes_make(sdk: SwrClient, api: Api) -> None:
    name = fresh_name()
    body = v2.CreateInstanceNamespaceRequestBody(namespace_name=name, metadata=metadata("true"))
    made = sdk.create_instance_namespace(v2.CreateInstanceNamespaceRequest(**HERE, body=body))
    assert made.status_code == 201 and made.id > 0
    push(api, f"{name}/web", "v1")

    here = {**HERE, "namespace_name": name}
    shown = sdk.show_instance_namespace(v2.ShowInstanceNamespaceRequest(**here))
    assert (shown.namespace_id, shown.name, shown.metadata.public, shown.repo_count) == (made.id, name, "true", 1)
    assert api.client.get(f"/v2/manage/namespaces/{name}/repos/web").json()["is_public"] is True
    body = v2.UpdateNamespaceRequestBody(metadata=metadata("false"))
    changed = sdk.update_instance_namespace(v2.UpdateInstanceNamespaceRequest(**here, body=body))
    assert (changed.namespace_name, changed.metadata.public) == (name, "false")
    [row] = sdk.list_instance_namespaces(v2.ListInstanceNamespacesRequest(**HERE, name=name, public="false")).namespaces
    assert (row.namespace_id, row.metadata.public) == (made.id, "false")
    scanning = v2.UpdateNamespaceRequestBody(metadata=v2.NamespaceMetadata(public="false", auto_scan="true"))
    wrong = v2.UpdateInstanceNamespaceRequest(**here, body=scanning)
    refused(sdk.update_instance_namespace, wrong, 400, "SVCSTG.SWR.4000014")

    gone = v2.DeleteInstanceNamespaceRequest(**here)
    refused(sdk.delete_instance_namespace, gone, 406, "SVCSTG.SWR.4060074")
    web = v2.DeleteInstanceRepositoryRequest(**here, repository_name="web")
    assert sdk.delete_instance_repository(web).status_code == 204


def test_an_empty_namespace_is_deleted(sdk: SwrClient, org: str) -> None:
    here = {**HERE, "namespace_name": org}

    assert sdk.delete_instance_namespace(v2.DeleteInstanceNamespaceRequest(**here)).status_code == 204
    refused(sdk.show_instance_namespace, v2.ShowInstanceNamespaceRequest(**here), 404, "SVCSTG.SWR.4040058")


def test_repositories_are_listed_shown_and_described(sdk: SwrClient, api: Api, org: str) -> None:
    push(api, f"{org}/team/web", "v1")
    here = {**HERE, "namespace_name": org}

    page = sdk.list_namespace_repositories(v2.ListNamespaceRepositoriesRequest(**here, limit=10, offset=0))
    [row] = page.repositories
    assert (page.total, row.name, row.namespace_name, row.tag_count, row.artifact_count) == (1, "team/web", org, 1, 1)
    newest = sdk.list_instance_repositories(
        v2.ListInstanceRepositoriesRequest(**HERE, namespace_id=row.namespace_id, order_column="updated_at")
    )
    assert [one.id for one in newest.repositories] == [row.id]

    body = v2.UpdateRepoConfigRequestBody(description="of the team")
    web = {**here, "repository_name": "team/web"}
    assert sdk.update_instance_repository(v2.UpdateInstanceRepositoryRequest(**web, body=body)).status_code == 200
    assert sdk.show_instance_repository(v2.ShowInstanceRepositoryRequest(**web)).description == "of the team"
    odd = v2.ListInstanceRepositoriesRequest(**HERE, limit=10, offset=5)
    refused(sdk.list_instance_repositories, odd, 400, "SVCSTG.SWR.4000056")


def test_artifacts_and_tags_are_listed_and_deleted(sdk: SwrClient, api: Api, org: str) -> None:
    image = push(api, f"{org}/team/web", "v1")
    web = {**HERE, "namespace_name": org, "repository_name": "team/web"}
    digest = {**web, "reference": str(image.digest)}

    [artifact] = sdk.list_instance_artifacts(v2.ListInstanceArtifactsRequest(**web, tags="v1")).artifacts
    assert (artifact.digest, artifact.type, artifact.manifest_media_type) == (
        str(image.digest),
        "IMAGE",
        image.media_type,
    )
    assert [tag.name for tag in artifact.tags] == ["v1"]
    assert sdk.show_instance_artifact(v2.ShowInstanceArtifactRequest(**digest)).id == artifact.id
    [tag] = sdk.list_instance_tags(v2.ListInstanceTagsRequest(**web)).tags
    assert (tag.name, tag.digest, tag.artifact_id) == ("v1", artifact.digest, artifact.id)

    assert sdk.delete_instance_tag(v2.DeleteInstanceTagRequest(**web, tag_name="v1")).status_code == 204
    assert sdk.list_instance_tags(v2.ListInstanceTagsRequest(**web)).total == 0
    assert sdk.delete_instance_artifact(v2.DeleteInstanceArtifactRequest(**digest)).status_code == 204
    refused(sdk.show_instance_artifact, v2.ShowInstanceArtifactRequest(**digest), 404, "SVCSTG.SWR.4040115")


def test_a_name_that_reads_as_another_call_is_written_with_the_other_sign(sdk: SwrClient, api: Api, org: str) -> None:
    push(api, f"{org}/web/artifacts", "v1")
    here = {**HERE, "namespace_name": org}

    odd = v2.ShowInstanceRepositoryRequest(**here, repository_name="web/artifacts")
    refused(sdk.show_instance_repository, odd, 400, "SVCSTG.SWR.4000014")
    plain = v2.ShowInstanceRepositoryRequest(**here, repository_name="web$artifacts")
    assert sdk.show_instance_repository(plain).name == "web/artifacts"


def test_logins_are_made_and_disabled(newcomer: Newcomer, server: Server, api: Api, org: str) -> None:
    push(api, f"{org}/web", "v1")
    sdk, user = newcomer()
    api.grant(org, user.user, "read")

    short = sdk.create_instance_temp_credential(v2.CreateInstanceTempCredentialRequest(**HERE))
    body = v2.CreateLongTermCredentialRequestBody(name="pipeline")
    lasting = sdk.create_instance_lt_credential(v2.CreateInstanceLtCredentialRequest(**HERE, body=body))
    logins = [f"{one.user_id}:{one.auth_token}" for one in (short, lasting)]
    assert short.expire_date.endswith("Z") and lasting.expire_date is None
    assert [can_pull(server, f"{org}/web:v1", login) for login in logins] == [True, True]
    assert not can_pull(server, f"{org}/web:v1", f"{logins[1]}0")

    own = sdk.list_instance_lt_credentials(v2.ListInstanceLtCredentialsRequest(**HERE))
    [row] = [one for one in own.auth_tokens if one.token_id == lasting.token_id]
    assert (own.total, row.name, row.enable, row.user_id) == (2, "pipeline", True, lasting.user_id)

    here = {**HERE, "credential_id": lasting.token_id}
    for enable in (False, True):
        body = v2.UpdateLongTermCredentialRequestBody(enable=enable)
        changed = sdk.update_instance_lt_credential(v2.UpdateInstanceLtCredentialRequest(**here, body=body))
        assert changed.status_code == 200
        assert can_pull(server, f"{org}/web:v1", logins[1]) is enable
    assert sdk.delete_instance_lt_credential(v2.DeleteInstanceLtCredentialRequest(**here)).status_code == 204
    assert [can_pull(server, f"{org}/web:v1", login) for login in logins] == [True, False]


def test_the_audit_tells_what_was_made(sdk: SwrClient, newcomer: Newcomer, api: Api, org: str) -> None:
    push(api, f"{org}/web", "v1")

    logs = sdk.list_audit_logs(v2.ListAuditLogsRequest(**HERE, operation="create", limit=100)).audit_logs
    rows = [(one.resource_type, one.resource, one.username) for one in logs if one.resource.startswith(org)]
    assert rows == [
        ("artifact", f"{org}/web:v1", "admin"),
        ("repository", f"{org}/web", "admin"),
        ("namespace", org, "admin"),
    ]
    theirs, _ = newcomer()
    refused(theirs.list_audit_logs, v2.ListAuditLogsRequest(**HERE, operation="create"), 403, "SVCSTG.SWR.4039002")


def test_a_repository_that_is_named_like_these_calls_is_still_one(
    sdk: SwrClient, api: Api, server: Server, org: str
) -> None:
    """All that the registry protocol has a path for is the registry's."""
    name = f"{org}/instances/{INSTANCE_ID}/namespaces/{org}/repositories/web"
    push(api, name, "v1")

    assert can_pull(server, f"{name}:v1", f"{server.user}:{server.password}")
    listed = api.client.get(f"/v2/{name}/tags/list", headers=_token(api, name))
    assert listed.json() == {"name": name, "tags": ["v1"]}
    inside = v2.ListNamespaceRepositoriesRequest(**HERE, namespace_name=org)
    assert [one.name for one in sdk.list_namespace_repositories(inside).repositories] == [name.partition("/")[2]]


def _token(api: Api, name: str) -> dict[str, str]:
    answer = api.client.get("/auth/token", params={"scope": f"repository:{name}:pull"})
    return {"Authorization": f"Bearer {answer.json()['token']}"}
