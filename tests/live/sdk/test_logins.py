"""Docker logins, agency, gates, overview (contract §11, §16) by the official client, and the logins by Skopeo."""

import base64
import hashlib
import hmac
import subprocess

from huaweicloudsdkswr import v2
from huaweicloudsdkswr.v2 import SwrClient

from tests.live import parts
from tests.live.api import Api
from tests.live.cli.test_commands import push
from tests.live.process import Server
from tests.live.sdk.conftest import Newcomer, create_key, refused


def can_pull(server: Server, image: str, login: str) -> bool:
    """Whether a docker client that logs in with `USER:PASSWORD` gets the image."""
    command = [parts.command("skopeo"), "inspect", "--raw", "--tls-verify=false", "--creds", login]
    return (
        subprocess.run([*command, f"docker://{server.host}/{image}"], capture_output=True, check=False).returncode == 0
    )


def login_of(answer: v2.CreateSecretResponse | v2.CreateAuthorizationTokenResponse, server: Server) -> str:
    """`USER:PASSWORD`, which body and header say alike."""
    login = base64.b64decode(answer.auths[server.host].auth).decode()
    user, _, password = login.partition(":")
    assert answer.x_swr_dockerlogin == f"docker login -u {user} -p {password} {server.host}"
    return login


def test_logins_for_a_time_pull(sdk: SwrClient, server: Server, api: Api) -> None:
    org = api.create_org()
    push(api, f"{org}/web", "v1")

    secret = sdk.create_secret(v2.CreateSecretRequest(projectname="north"))
    assert secret.x_swr_expireat.endswith("Z")
    assert login_of(secret, server).startswith("north@")
    token = sdk.create_authorization_token(v2.CreateAuthorizationTokenRequest())
    assert token.x_swr_expireat.endswith("Z")

    for answer in (secret, token):
        login = login_of(answer, server)
        assert can_pull(server, f"{org}/web:v1", login)
        assert not can_pull(server, f"{org}/web:v1", f"{login}0")


def test_the_login_of_a_key_pulls_until_the_key_is_disabled(server: Server, api: Api) -> None:
    org = api.create_org()
    push(api, f"{org}/web", "v1")
    with api.create_user() as user:
        key, secret = create_key(server, user.user, user.password)
        login = f"local@{key}:{hmac.new(secret.encode(), key.encode(), hashlib.sha256).hexdigest()}"
        assert not can_pull(server, f"{org}/web:v1", login)
        api.grant(org, user.user, "read")
        assert can_pull(server, f"{org}/web:v1", login)
        user.client.patch(f"/v2/manage/keys/{key}", json={"is_enabled": False})
        assert not can_pull(server, f"{org}/web:v1", login)


def test_the_agency_is_agreed_to_once(sdk: SwrClient, again: SwrClient, newcomer: Newcomer) -> None:
    theirs, _ = newcomer()
    refused(theirs.create_agency, v2.CreateAgencyRequest(), 403, "SVCSTG.SWR.4039002")
    before = sdk.check_agency(v2.CheckAgencyRequest())
    assert (before.is_agency, len(before.domain_id)) == (False, 32)

    assert sdk.create_agency(v2.CreateAgencyRequest()).status_code == 204
    refused(again.create_agency, v2.CreateAgencyRequest(), 409, "ENTREPOT.4090006")

    assert theirs.check_agency(v2.CheckAgencyRequest()).is_agency is True


def test_gates_say_what_is_here(sdk: SwrClient) -> None:
    gates = sdk.show_share_feature_gates(v2.ShowShareFeatureGatesRequest())

    assert gates.enable_list_v3 is gates.enable_authorization_token is gates.enable_image_quota is True
    assert gates.enable_image_sync is True
    assert gates.enable_sm3 is gates.enable_image_scan is gates.enable_cci_service is gates.enable_pipeline is False
    assert gates.enable_experience is gates.enable_hss_service is False
    assert gates.enable_image_label is gates.enable_resource is False


def test_the_overview_counts(sdk: SwrClient, api: Api) -> None:
    push(api, f"{api.create_org()}/web", "v1")

    seen = sdk.show_domain_overview(v2.ShowDomainOverviewRequest())

    assert (seen.domain_name, len(seen.domain_id)) == ("default", 32)
    assert seen.namspace_num >= 1 and seen.repo_num >= 1 and seen.image_num >= 1
    assert seen.store_space > 0 and seen.downflow_size >= 0
