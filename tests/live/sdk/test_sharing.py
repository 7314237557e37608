"""Sharing with other domains (contract §7), by the official client on both sides."""

from collections.abc import Callable

import pytest
from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient

from tests.live.api import Api
from tests.live.cli.test_commands import PASSWORD, push
from tests.live.cli.test_share import guests
from tests.live.process import Server
from tests.live.sdk.conftest import Newcomer, create_key, refused

__all__ = ["guests"]  # a fixture

APP = "team/app"


@pytest.fixture
def org(api: Api) -> str:
    """An organization with the private repository `team/app`, tagged `v1`."""
    name = api.create_org()
    push(api, f"{name}/{APP}", "v1")
    return name


def share(org: str, receiver: str, deadline: str = "forever", permit: str = "read") -> v2.CreateRepoDomainsRequest:
    body = v2.CreateRepoDomainsRequestBody(access_domain=receiver, permit=permit, deadline=deadline)
    return v2.CreateRepoDomainsRequest(namespace=org, repository=APP, body=body)


def test_a_repository_is_shared_shown_listed_changed_and_taken_back(
    sdk: SwrClient, again: SwrClient, org: str, guests: str
) -> None:
    one = {"namespace": org, "repository": APP, "access_domain": guests}
    assert sdk.show_access_domain(v2.ShowAccessDomainRequest(**one)).exist is False
    assert sdk.create_repo_domains(share(org, guests, "2999-12-31T00:00:00Z")).status_code == 201
    refused(again.create_repo_domains, share(org, guests, "2999-12-31T00:00:00Z"), 409, "SVCSTG.SWR.4090089")

    shown = sdk.show_access_domain(v2.ShowAccessDomainRequest(**one))
    [row] = sdk.list_repo_domains(v2.ListRepoDomainsRequest(namespace=org, repository=APP)).body
    for found in (shown, row):
        assert (found.namespace, found.repository, found.access_domain) == (org, APP, guests)
        assert (found.permit, found.deadline, found.description) == ("read", "2999-12-31T00:00:00Z", "")
        assert (found.creator_name, found.status, len(found.creator_id)) == ("admin", True, 32)
        assert found.created.endswith("Z") and found.updated.endswith("Z")
    assert shown.exist is True

    body = v2.UpdateRepoDomainsRequestBody(permit="read", deadline="forever", description="for good")
    assert sdk.update_repo_domains(v2.UpdateRepoDomainsRequest(**one, body=body)).status_code == 201
    changed = sdk.show_access_domain(v2.ShowAccessDomainRequest(**one))
    assert (changed.deadline, changed.description) == ("forever", "for good")

    assert sdk.delete_repo_domains(v2.DeleteRepoDomainsRequest(**one)).status_code == 204
    refused(again.delete_repo_domains, v2.DeleteRepoDomainsRequest(**one), 400, "SVCSTG.SWR.4001090")
    refused(again.update_repo_domains, v2.UpdateRepoDomainsRequest(**one, body=body), 400, "SVCSTG.SWR.4001090")
    assert not sdk.list_repo_domains(v2.ListRepoDomainsRequest(namespace=org, repository=APP)).body


def test_what_cannot_be_shared_is_refused(sdk: SwrClient, newcomer: Newcomer, api: Api, org: str, guests: str) -> None:
    for request in (
        share(org, "default"),
        share(org, "nobody"),
        share(org, guests, "2001-01-01T00:00:00Z"),
        share(org, guests, "soon"),
        share(org, guests, permit="write"),
    ):
        refused(sdk.create_repo_domains, request, 400, "SVCSTG.SWR.4000014")

    editor, user = newcomer()
    refused(editor.create_repo_domains, share(org, guests), 404, "SVCSTG.SWR.4040113")
    api.grant(org, user.user, "edit")
    refused(editor.create_repo_domains, share(org, guests, "2999-01-01"), 403, "SVCSTG.SWR.4039002")


def test_shared_repositories_are_listed(sdk: SwrClient, server: Server, org: str, guests: str) -> None:
    sdk.create_repo_domains(share(org, guests))
    filter_ = f"center::self|namespace::{org}|limit::5|offset::0|order_column::name|order_type::asc"

    page = sdk.list_shared_repos_details(v2.ListSharedReposDetailsRequest(center="self", filter=filter_))
    assert page.content_range == "0-1/1"
    [row] = page.body
    assert (row.name, row.namespace, row.domain_name, row.tags) == (APP, org, "default", ["v1"])
    assert (row.status, row.is_public, row.path) == (False, False, f"{server.host}/{org}/{APP}")
    marked = sdk.list_shared_repo_details(v2.ListSharedRepoDetailsRequest(shared_by="self", namespace=org))
    assert [(one.name, one.namespace_name, one.status) for one in marked.repos] == [(APP, org, False)]
    assert marked.next_marker is None

    wrong = v2.ListSharedReposDetailsRequest(center="self", order_column="is_public")
    refused(sdk.list_shared_repos_details, wrong, 400, "SVCSTG.SWR.4001096")
    refused(sdk.list_shared_repo_details, v2.ListSharedRepoDetailsRequest(), 400, "SVCSTG.SWR.4001014")


def test_receivers_see_what_is_shared_with_them_and_cannot_share_it_on(
    sdk: SwrClient, client_of: Callable[..., SwrClient], server: Server, org: str, guests: str
) -> None:
    sdk.create_repo_domains(share(org, guests))
    receiver = client_of(create_key(server, f"{guests}/boss", PASSWORD))

    [row] = receiver.list_shared_repos_details(v2.ListSharedReposDetailsRequest(center="thirdparty")).body
    assert (row.namespace, row.name, row.domain_name, row.status) == (org, APP, "default", True)
    request = v2.ListSharedRepoDetailsRequest(shared_by="thirdparty", status=True)
    [marked] = receiver.list_shared_repo_details(request).repos
    assert (marked.namespace_name, marked.name, marked.status) == (org, APP, True)
    one = {"namespace": org, "repository": APP}
    assert receiver.show_repository(v2.ShowRepositoryRequest(**one)).num_images == 1
    refused(receiver.create_repo_domains, share(org, "default"), 403, "SVCSTG.SWR.4039002")
    refused(receiver.list_repo_domains, v2.ListRepoDomainsRequest(**one), 403, "SVCSTG.SWR.4039002")

    sdk.delete_repo_domains(v2.DeleteRepoDomainsRequest(**one, access_domain=guests))
    empty = receiver.list_shared_repos_details(v2.ListSharedReposDetailsRequest(center="thirdparty"))
    assert (empty.body, empty.content_range) == (None, "0-0/0")
    refused(receiver.show_repository, v2.ShowRepositoryRequest(**one), 404, "SVCSTG.SWR.4040113")
