"""Repositories, who may do what there, and their tags (contract §4 to §6), by the official client."""

import pytest
from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient

from tests.live.api import Api
from tests.live.cli.test_commands import push
from tests.live.process import Server
from tests.live.sdk.conftest import Newcomer, refused


@pytest.fixture
def org(api: Api) -> str:
    return api.create_org()


def create(sdk: SwrClient, org: str, name: str, **more: object) -> v2.CreateRepoResponse:
    body = v2.CreateRepoRequestBody(repository=name, is_public=False, **more)
    return sdk.create_repo(v2.CreateRepoRequest(namespace=org, body=body))


def test_a_repository_is_created_shown_changed_and_deleted(
    sdk: SwrClient, again: SwrClient, server: Server, org: str
) -> None:
    assert create(sdk, org, "team/web", category="linux", description="of the team").status_code == 201
    body = v2.CreateRepoRequestBody(repository="team/web", is_public=False)
    refused(again.create_repo, v2.CreateRepoRequest(namespace=org, body=body), 409, "SVCSTG.SWR.4090006")

    shown = sdk.show_repository(v2.ShowRepositoryRequest(namespace=org, repository="team/web"))
    assert (shown.name, shown.category, shown.description, shown.is_public) == (
        "team/web",
        "linux",
        "of the team",
        False,
    )
    assert (shown.creator_name, shown.size, shown.num_images, shown.num_download) == ("admin", 0, 0, 0)
    assert shown.path == shown.internal_path == f"{server.host}/{org}/team/web"
    assert len(shown.domain_id) == 32 and shown.created.endswith("Z") and shown.ns_id

    # What clients write for the slash, in the path.
    changed = sdk.update_repo(
        v2.UpdateRepoRequest(namespace=org, repository="team$web", body=v2.UpdateRepoRequestBody(is_public=True))
    )
    assert changed.status_code == 201
    assert sdk.show_repository(v2.ShowRepositoryRequest(namespace=org, repository="team$web")).is_public is True

    gone = sdk.delete_repo(v2.DeleteRepoRequest(namespace=org, repository="team/web"))
    assert gone.status_code == 204
    refused(
        sdk.show_repository, v2.ShowRepositoryRequest(namespace=org, repository="team/web"), 404, "SVCSTG.SWR.4040113"
    )


def test_what_is_no_repository_is_refused(sdk: SwrClient, org: str) -> None:
    body = v2.CreateRepoRequestBody(repository="Web", is_public=False)
    refused(sdk.create_repo, v2.CreateRepoRequest(namespace=org, body=body), 400, "SVCSTG.SWR.4001029")
    missing = v2.CreateRepoRequestBody(repository="web")
    refused(sdk.create_repo, v2.CreateRepoRequest(namespace=org, body=missing), 400, "SVCSTG.SWR.4001014")


def test_repositories_are_listed_by_page(sdk: SwrClient, server: Server, api: Api, org: str) -> None:
    image = push(api, f"{org}/db/main", "v1")
    for name in ("alpha", "beta"):
        create(sdk, org, name)
    order = "order_column::name|order_type::asc"

    page = sdk.list_repos_details(v2.ListReposDetailsRequest(filter=f"namespace::{org}|limit::2|offset::1|{order}"))
    assert page.content_range == "1-2/3"
    assert [one.name for one in page.body] == ["beta", "db/main"]
    row = page.body[1]
    assert (row.namespace, row.domain_name, row.num_images, row.tags) == (org, "default", 1, ["v1"])
    assert (row.path, row.total_range, row.status, row.is_public) == (f"{server.host}/{org}/db/main", 3, False, False)
    assert row.size == sum(len(blob.content) for blob in image.blobs)

    plain = sdk.list_repos_details(
        v2.ListReposDetailsRequest(
            namespace=org, name="alp", limit="10", offset="0", order_column="name", order_type="asc"
        )
    )
    assert [one.name for one in plain.body] == ["alpha"]
    assert sdk.list_repos_details(v2.ListReposDetailsRequest(namespace=org, name="none")).content_range == "0-0/0"
    for wrong, code in ((f"{order}|limit::0", "4000056"), ("what::ever", "4001035"), ("order_column::size", "4001096")):
        refused(sdk.list_repos_details, v2.ListReposDetailsRequest(filter=wrong), 400, f"SVCSTG.SWR.{code}")


def test_repositories_are_listed_by_marker(sdk: SwrClient, org: str) -> None:
    for name in ("alpha", "beta", "gamma"):
        create(sdk, org, name)

    first = sdk.list_repo_details(v2.ListRepoDetailsRequest(namespace=org, limit=2, is_public=False))
    assert [one.name for one in first.repos] == ["alpha", "beta"]
    assert first.next_marker == first.repos[1].id
    rest = sdk.list_repo_details(v2.ListRepoDetailsRequest(namespace=org, limit=2, marker=first.next_marker))
    assert [(one.name, one.namespace_name) for one in rest.repos] == [("gamma", org)]
    assert rest.next_marker is None


def test_a_permission_on_a_repository_is_given_changed_and_taken(sdk: SwrClient, newcomer: Newcomer, org: str) -> None:
    create(sdk, org, "team/web")
    theirs, user = newcomer()
    where = {"namespace": org, "repository": "team/web"}
    refused(theirs.show_user_repository_auth, v2.ShowUserRepositoryAuthRequest(**where), 404, "SVCSTG.SWR.4040113")

    def auth(level: int) -> list[v2.UserAuth]:
        return [v2.UserAuth(user_id="", user_name=user.user, auth=level)]

    given = sdk.create_user_repository_auth(v2.CreateUserRepositoryAuthRequest(**where, body=auth(1)))
    assert given.status_code == 201
    seen = theirs.show_user_repository_auth(v2.ShowUserRepositoryAuthRequest(**where))
    assert (seen.name, seen.self_auth.user_name, seen.self_auth.auth) == ("team/web", user.user, 1)
    refused(theirs.delete_repo, v2.DeleteRepoRequest(**where), 403, "SVCSTG.SWR.4039002")

    changed = sdk.update_user_repository_auth(v2.UpdateUserRepositoryAuthRequest(**where, body=auth(3)))
    assert changed.status_code == 201
    [other] = sdk.show_user_repository_auth(v2.ShowUserRepositoryAuthRequest(**where)).others_auths
    assert (other.user_name, other.auth) == (user.user, 3)

    taken = sdk.delete_user_repository_auth(v2.DeleteUserRepositoryAuthRequest(**where, body=[other.user_id]))
    assert taken.status_code == 204
    refused(theirs.show_user_repository_auth, v2.ShowUserRepositoryAuthRequest(**where), 404, "SVCSTG.SWR.4040113")


def test_tags_are_listed_shown_and_deleted(
    sdk: SwrClient, again: SwrClient, server: Server, api: Api, org: str
) -> None:
    image = push(api, f"{org}/team/web", "v1")
    push(api, f"{org}/team/web", "v2")
    where = {"namespace": org, "repository": "team/web"}

    page = sdk.list_repository_tags(
        v2.ListRepositoryTagsRequest(**where, filter="limit::1|offset::1|order_column::tag|order_type::desc")
    )
    assert page.content_range == "1-1/2"
    [row] = page.body
    assert (row.tag, row.digest, row.schema, row.tag_type) == ("v1", str(image.digest), 2, 0)
    assert (row.path, row.is_trusted, row.scanned) == (f"{server.host}/{org}/team/web:v1", False, False)
    assert row.manifest == image.body.decode() and len(row.image_id) == 64

    first = sdk.list_repository_tag(
        v2.ListRepositoryTagRequest(**where, limit=1, order_column="tag", order_type="asc", with_manifest=True)
    )
    assert ([one.tag for one in first.tags], first.has_more) == (["v1"], True)
    assert first.tags[0].manifest == image.body.decode()
    rest = sdk.list_repository_tag(
        v2.ListRepositoryTagRequest(**where, marker=first.next_marker, order_column="tag", order_type="asc")
    )
    assert ([one.tag for one in rest.tags], rest.has_more, rest.next_marker) == (["v2"], False, None)

    shown = sdk.show_repo_tag(v2.ShowRepoTagRequest(**where, tag="v1"))
    assert (shown.tag, shown.digest, shown.id) == ("v1", str(image.digest), row.id)

    assert sdk.delete_repo_tag(v2.DeleteRepoTagRequest(**where, tag="v1")).status_code == 204
    refused(sdk.show_repo_tag, v2.ShowRepoTagRequest(**where, tag="v1"), 404, "SVCSTG.SWR.4040115")
    refused(again.delete_repo_tag, v2.DeleteRepoTagRequest(**where, tag="v1"), 404, "SVCSTG.SWR.4040115")
