"""FastAPI's part: what a call is given is parsed by the types of its handler, and all calls are described.

Each call has an application of its own, made when somebody first asks for it: to make all takes half a second, and a
call that is found already need not be looked for again. None of them knows rooms: what a call may use comes with it
(`call.py`).
"""

from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.datastructures import Default
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from entrepot import __version__
from entrepot.doors.manage.examples import EXAMPLES
from entrepot.doors.manage.fields import ErrorAnswer, invalid
from entrepot.doors.manage.route import Route
from entrepot.doors.manage.routes import ROUTES
from entrepot.doors.manage.versions import SECURITY_SCHEMES
from entrepot.values.errors import ParameterInvalid

_BY_NAME = {route.name: route for route in ROUTES}


@cache
def framework_of(name: str) -> FastAPI:
    """The application of one call of the table; it describes all."""
    api = _empty()
    _add(api, _BY_NAME[name])
    api.openapi = lambda: whole_framework().openapi()  # type: ignore[method-assign]  # as FastAPI's manual does it
    return api


@cache
def whole_framework() -> FastAPI:
    """One application with every call of the table, for the description."""
    api = _empty()
    for route in ROUTES:
        _add(api, route)
    return api


def _empty() -> FastAPI:
    """It serves no page of its own."""
    api = FastAPI(
        title="entrepot management API",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        responses={"4XX": {"model": ErrorAnswer}, "5XX": {"model": ErrorAnswer}},
    )
    api.add_exception_handler(RequestValidationError, _refuse_invalid)
    api.add_exception_handler(HTTPException, _refuse_unreadable)
    return api


def _add(api: FastAPI, route: Route) -> None:
    api.add_api_route(
        route.path,
        route.handler,
        methods=[route.method],
        status_code=route.status,
        name=route.name,
        operation_id=route.name,
        tags=[route.group],
        include_in_schema=route.is_described,
        response_model_exclude_none=route.without_none,
        response_class=Default(JSONResponse) if route.answers is JSONResponse else route.answers,
        openapi_extra=_described(route),
    )


def _described(route: Route) -> dict[str, Any]:
    """What the description says of a call beside its shape: how to sign in, and an example of its body."""
    said: dict[str, Any] = {} if route.is_open else {"security": [{name: []} for name in SECURITY_SCHEMES]}
    if route.answers is not JSONResponse:  # FastAPI takes its media type for errors', too
        errors = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorAnswer"}}}}
        said["responses"] = {"4XX": errors, "5XX": errors}
    if route.name in EXAMPLES:
        said["requestBody"] = {"content": {"application/json": {"example": EXAMPLES[route.name]}}}
    if route.reads_bytes:
        schema = {"type": "string", "format": "binary"}
        said["requestBody"] = {"required": True, "content": {"application/octet-stream": {"schema": schema}}}
    return said


async def _refuse_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    raise invalid(error.errors()) from error


async def _refuse_unreadable(_request: Request, error: Exception) -> Response:
    raise ParameterInvalid("The body is not JSON that can be read.", kind="body") from error
