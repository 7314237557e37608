"""Requests signed by the official client's own signer: the oracle of ours."""

from collections.abc import Sequence
from datetime import UTC, datetime

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

from tests.make.wire import Headers

HOST = "registry.example"  # what `Wire` sends


def signed(
    key: tuple[str, str],
    method: str,
    path: str,
    query: Sequence[tuple[str, object]] = (),
    body: bytes = b"",
    headers: Headers = (),
    at: datetime | None = None,
    host: str = HOST,
) -> tuple[str, dict[str, str]]:
    """The target and the headers of the request, signed with `key` (AK and SK) at `at`, the start of the tests' clock.

    `path` is as it goes over the wire, `query` before it is encoded.
    """
    request = SdkRequest(
        method=method,
        schema="http",
        host=host,
        resource_path=path,
        query_params=list(query),
        header_params={
            "Content-Type": "application/json",
            "User-Agent": "huaweicloud-usdk-python/3.0",
            "X-Sdk-Date": f"{at or datetime(2026, 1, 1, tzinfo=UTC):%Y%m%dT%H%M%SZ}",
            **dict(headers),
        },
        body=body,
    )
    Signer(BasicCredentials(*key, "project")).sign(request)
    return request.uri, request.header_params
