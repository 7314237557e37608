"""Organizations and who may do what there (contract §2, §3), by the official client."""

from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient

from tests.live.api import fresh_name
from tests.live.sdk.conftest import Newcomer, refused


def create(sdk: SwrClient, name: str) -> v2.CreateNamespaceResponse:
    body = v2.CreateNamespaceRequestBody(namespace=name)
    return sdk.create_namespace(v2.CreateNamespaceRequest(body=body))


def test_an_organization_is_created_shown_listed_and_deleted(sdk: SwrClient, again: SwrClient) -> None:
    name = fresh_name()
    assert create(sdk, name).status_code == 201
    body = v2.CreateNamespaceRequestBody(namespace=name)
    refused(again.create_namespace, v2.CreateNamespaceRequest(body=body), 409, "SVCSTG.SWR.4090060")

    shown = sdk.show_namespace(v2.ShowNamespaceRequest(namespace=name))
    assert (shown.name, shown.creator_name, shown.auth) == (name, "admin", 7)
    assert isinstance(shown.id, int)
    [row] = sdk.list_namespaces(v2.ListNamespacesRequest(filter=f"namespace::{name}|mode::visible")).namespaces
    assert (row.id, row.name, row.creator_name, row.auth) == (shown.id, name, "admin", 7)

    assert sdk.delete_namespaces(v2.DeleteNamespacesRequest(namespace=name)).status_code == 204
    refused(sdk.show_namespace, v2.ShowNamespaceRequest(namespace=name), 404, "SVCSTG.SWR.4040058")
    refused(again.delete_namespaces, v2.DeleteNamespacesRequest(namespace=name), 404, "SVCSTG.SWR.4040058")


def test_what_is_no_name_is_refused(sdk: SwrClient) -> None:
    for name in ("Acme", "library", "a..b", "x" * 65):
        body = v2.CreateNamespaceRequestBody(namespace=name)
        refused(sdk.create_namespace, v2.CreateNamespaceRequest(body=body), 400, "SVCSTG.SWR.4001028")


def test_an_organization_with_images_stays(sdk: SwrClient) -> None:
    name = fresh_name()
    create(sdk, name)
    body = v2.CreateRepoRequestBody(repository="web", is_public=False)
    sdk.create_repo(v2.CreateRepoRequest(namespace=name, body=body))

    refused(sdk.delete_namespaces, v2.DeleteNamespacesRequest(namespace=name), 406, "SVCSTG.SWR.4060074")


def test_a_permission_is_given_changed_and_taken(sdk: SwrClient, again: SwrClient, newcomer: Newcomer) -> None:
    name = fresh_name()
    create(sdk, name)
    theirs, user = newcomer()
    user_id = user.client.get(f"/v2/manage/users/{user.user}").json()["id"]
    refused(theirs.show_namespace_auth, v2.ShowNamespaceAuthRequest(namespace=name), 404, "SVCSTG.SWR.4040058")

    read = [v2.UserAuth(user_id=user_id, user_name=user.user, auth=1)]
    given = sdk.create_namespace_auth(v2.CreateNamespaceAuthRequest(namespace=name, body=read))
    assert given.status_code == 200
    refused(
        again.create_namespace_auth,
        v2.CreateNamespaceAuthRequest(namespace=name, body=read),
        409,
        "SVCSTG.SWR.4090076",
    )
    seen = theirs.show_namespace_auth(v2.ShowNamespaceAuthRequest(namespace=name))
    assert (seen.name, seen.creator_name, seen.self_auth.user_name, seen.self_auth.auth) == (
        name,
        "admin",
        user.user,
        1,
    )
    refused(theirs.delete_namespaces, v2.DeleteNamespacesRequest(namespace=name), 403, "SVCSTG.SWR.4039002")

    manage = [v2.UserAuth(user_id=user_id, user_name=user.user, auth=7)]
    changed = sdk.update_namespace_auth(v2.UpdateNamespaceAuthRequest(namespace=name, body=manage))
    assert changed.status_code == 201
    [other] = sdk.show_namespace_auth(v2.ShowNamespaceAuthRequest(namespace=name)).others_auths
    assert (other.user_id, other.user_name, other.auth) == (user_id, user.user, 7)

    taken = sdk.delete_namespace_auth(v2.DeleteNamespaceAuthRequest(namespace=name, body=[user_id]))
    assert taken.status_code == 204
    assert not sdk.show_namespace_auth(v2.ShowNamespaceAuthRequest(namespace=name)).others_auths


def test_a_level_that_is_none_is_refused(sdk: SwrClient) -> None:
    name = fresh_name()
    create(sdk, name)
    body = [v2.UserAuth(user_id="", user_name="somebody", auth=5)]

    refused(
        sdk.create_namespace_auth, v2.CreateNamespaceAuthRequest(namespace=name, body=body), 400, "SVCSTG.SWR.4001065"
    )
