"""Which API this is (contract §11), and its description for programs."""

import asyncio
from typing import Any, Final

from fastapi import Request
from pydantic import BaseModel

from entrepot.doors.manage.call import Call, TheCall

# The ways of `sign_in.py`, as OpenAPI names them: any one of them will do.
SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "basic": {"type": "http", "scheme": "basic", "description": "User name and password."},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`, made with an access key.",
    },
    "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": "From `POST /v3/auth/tokens`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "entrepot_session",
        "description": "From `POST /v2/manage/sessions`; what changes something also sends `X-CSRF-Token`.",
    },
}


class Links(BaseModel):
    href: str
    rel: str = "self"


class ApiVersion(BaseModel):
    id: str = "v2"
    links: Links
    version: str = ""
    min_version: str = ""
    status: str = "CURRENT"
    updated: str = "2026-01-01T00:00:00Z"


class ApiVersions(BaseModel):
    versions: list[ApiVersion]


class OneApiVersion(BaseModel):
    version: ApiVersion


async def list_api_versions(call: TheCall) -> ApiVersions:
    """The versions of this API."""
    return ApiVersions(versions=[_v2(call)])


async def show_api_version(call: TheCall) -> OneApiVersion:
    """This version of the API."""
    return OneApiVersion(version=_v2(call))


async def show_openapi(request: Request) -> dict[str, Any]:
    """The description of this API, in OpenAPI."""
    document: dict[str, Any] = await asyncio.to_thread(request.app.openapi)  # the first one takes a second to make
    document.setdefault("components", {})["securitySchemes"] = SECURITY_SCHEMES
    return document


def _v2(call: Call) -> ApiVersion:
    return ApiVersion(links=Links(href=f"{call.url}/v2"))
