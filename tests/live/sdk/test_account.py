"""Versions, quotas, reports, projects and credentials (contract §11, §15, §19), by the official client."""

from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient
from huaweicloudsdkswr.v2.region.swr_region import SwrRegion

from tests.live.api import Api
from tests.live.process import Server
from tests.live.sdk.conftest import ClientOf, Newcomer, refused


def test_versions_are_told(sdk: SwrClient) -> None:
    [version] = sdk.list_api_versions(v2.ListApiVersionsRequest()).versions
    assert (version.id, version.status, version.links.rel) == ("v2", "CURRENT", "self")

    assert sdk.show_api_version(v2.ShowApiVersionRequest(api_version="v2")).version.id == "v2"


def test_quotas_are_those_of_the_callers_project(
    sdk: SwrClient, client_of: ClientOf, admin_key: tuple[str, str], api: Api
) -> None:
    api.create_org()

    [quota] = sdk.list_quotas(v2.ListQuotasRequest()).quotas
    assert (quota.quota_key, quota.unit) == ("namespace", "")
    assert quota.used >= 1

    stranger = client_of(admin_key, project_id="f" * 32)
    refused(stranger.list_quotas, v2.ListQuotasRequest(), 403, "SVCSTG.SWR.4039001")


def test_reports_are_daily(sdk: SwrClient) -> None:
    for kind in ("store", "downflow"):
        report = sdk.show_domain_resource_reports(
            v2.ShowDomainResourceReportsRequest(resource_type=kind, frequency="daily")
        ).body
        assert report[-1].date == f"{datetime.now(UTC):%Y-%m-%d}"
        assert report[-1].value >= 0


def test_a_wrong_secret_is_refused_as_the_gateway_does(client_of: ClientOf, admin_key: tuple[str, str]) -> None:
    for key in ((admin_key[0], "wrong"), ("UNKNOWN", admin_key[1])):
        refused(client_of(key).list_namespaces, v2.ListNamespacesRequest(), 401, "APIGW.0301")


def test_a_key_that_was_disabled_or_deleted_is_out_at_once(newcomer: Newcomer) -> None:
    sdk, user = newcomer()
    [key] = user.client.get("/v2/manage/keys").json()["keys"]
    path = f"/v2/manage/keys/{key['access_key']}"
    sdk.list_namespaces(v2.ListNamespacesRequest())

    user.client.patch(path, json={"is_enabled": False})
    refused(sdk.list_namespaces, v2.ListNamespacesRequest(), 401, "APIGW.0301")
    user.client.patch(path, json={"is_enabled": True})
    assert not sdk.list_namespaces(v2.ListNamespacesRequest()).namespaces
    user.client.delete(path)
    refused(sdk.list_namespaces, v2.ListNamespacesRequest(), 401, "APIGW.0301")


def test_a_client_with_a_region_finds_its_project(
    server: Server, admin_key: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no endpoint and no project, it asks the identity service, which is here, too (contract §19)."""
    for name, value in (
        ("HOME", str(tmp_path)),
        ("HUAWEICLOUD_SDK_REGION_SWR_LOCAL", server.url),
        ("HUAWEICLOUD_SDK_IAM_ENDPOINT", server.url),
    ):
        monkeypatch.setenv(name, value)
    builder = SwrClient.new_builder().with_region(SwrRegion.value_of("local"))

    client = builder.with_credentials(BasicCredentials(*admin_key)).build()

    assert client.get_credentials().project_id
    assert client.list_quotas(v2.ListQuotasRequest()).quotas
    client.get_http_client().close()
    client.get_http_client().executor.shutdown()


def test_a_token_signs_in_as_a_key_does(server: Server, api: Api) -> None:
    person = {"name": server.user, "password": server.password, "domain": {"name": "default"}}
    identity = {"methods": ["password"], "password": {"user": person}}
    with httpx2.Client(base_url=server.url, trust_env=False) as client:
        body = {"auth": {"identity": identity, "scope": {"project": {"name": "local"}}}}
        token = client.post("/v3/auth/tokens", json=body).headers["x-subject-token"]

        answer = client.get("/v2/manage/namespaces", headers={"x-auth-token": token})

    assert answer.status_code == 200
