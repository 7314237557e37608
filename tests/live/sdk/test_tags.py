"""One more tag for an image, and signatures kept as tags (contract §5), by the official client."""

from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient

from tests.live.api import Api
from tests.live.cli.test_commands import push
from tests.live.sdk.conftest import refused


def test_an_image_gets_one_more_tag(sdk: SwrClient, again: SwrClient, api: Api) -> None:
    org = api.create_org()
    image = push(api, f"{org}/team/web", "v1")
    where = {"namespace": org, "repository": "team/web"}
    body = v2.CreateRepoTagRequestBody(source_tag="v1", destination_tag="stable")

    assert sdk.create_repo_tag(v2.CreateRepoTagRequest(**where, body=body)).status_code == 201
    assert sdk.show_repo_tag(v2.ShowRepoTagRequest(**where, tag="stable")).digest == str(image.digest)
    refused(again.create_repo_tag, v2.CreateRepoTagRequest(**where, body=body), 409, "ENTREPOT.4090041")
    newer = push(api, f"{org}/team/web", "v2")
    moving = v2.CreateRepoTagRequestBody(source_tag="v2", destination_tag="stable", override=True)
    assert sdk.create_repo_tag(v2.CreateRepoTagRequest(**where, body=moving)).status_code == 201
    assert sdk.show_repo_tag(v2.ShowRepoTagRequest(**where, tag="stable")).digest == str(newer.digest)
    unknown = v2.CreateRepoTagRequestBody(source_tag="nothing", destination_tag="x")
    refused(sdk.create_repo_tag, v2.CreateRepoTagRequest(**where, body=unknown), 404, "SVCSTG.SWR.4040115")


def test_a_signature_belongs_to_its_image(sdk: SwrClient, api: Api) -> None:
    org = api.create_org()
    image = push(api, f"{org}/web", "v1")
    name = f"{str(image.digest).replace(':', '-')}.sig"
    signature = push(api, f"{org}/web", name)
    where = {"namespace": org, "repository": "web"}

    found = sdk.list_repo_accessories(v2.ListRepoAccessoriesRequest(**where, tag="v1", limit=10, offset=0))
    [accessory] = found.accessories
    assert (found.total, accessory.sig_tag, accessory.sig_digest) == (1, name, str(signature.digest))
    assert (accessory.type, accessory.target_digest) == ("signature.cosign", str(image.digest))

    named = sdk.list_references(v2.ListReferencesRequest(**where, tag=name))
    assert (named.tags, named.has_more, named.next_marker) == (["v1"], False, None)
    refused(
        sdk.list_repo_accessories,
        v2.ListRepoAccessoriesRequest(**where, tag="v1", limit=101),
        400,
        "SVCSTG.SWR.4000056",
    )
