"""What holds for every call: sign-in, paths, bodies, errors, request ids."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from fastapi.routing import APIRoute

from entrepot.accounts.scopes import Scope
from entrepot.accounts.tokens import issue_token
from entrepot.doors.manage import problems
from entrepot.doors.manage.door import build
from entrepot.doors.manage.framework import whole_framework
from entrepot.doors.manage.problems import problem_of
from entrepot.doors.manage.routes import ROUTES, find
from entrepot.registry import organizations
from entrepot.values import errors
from entrepot.values.errors import DatabaseBusy, EntrepotError, StorageFull
from tests.make.rooms import Rooms

NAMESPACES = "/v2/manage/namespaces"


def assert_problem(answer: httpx2.Response, status: int, code: str) -> str:
    """The answer has the contract's form of an error (§12); its message."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["error_code"] == code, body
    assert body["errors"] == [{"errorCode": code, "errorMessage": body["error_msg"], "detail": ""}]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"
    message: str = body["error_msg"]
    assert message[0].isprintable()
    return message


async def test_every_answer_has_a_request_id_of_its_own(api: httpx2.AsyncClient) -> None:
    ids = [(await api.get(path)).headers["x-request-id"] for path in ("/", NAMESPACES, "/v2/manage/nothing", "/v3/x")]

    assert len(set(ids)) == 4
    assert all(ids)


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.is_open], ids=lambda route: route.name)
async def test_a_call_without_credentials_is_refused_before_anything_is_read(
    anonymous: httpx2.AsyncClient, route: Any
) -> None:
    path = route.path.replace("{namespace}", "BAD").replace("{repository}", "x").replace("{tag}", "t")
    answer = await anonymous.request(route.method, path.replace("{name}", "n"), content=b"{not json")

    assert_problem(answer, 401, "APIGW.0301")
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    "header",
    [
        "Basic " + base64.b64encode(b"admin:wrong").decode(),
        "Basic " + base64.b64encode(b"nobody:wrong").decode(),
        "Basic not-base64!",
        "Basic",
        "Bearer abc.def.ghi",
        "Bearer ",
        "Negotiate abc",
        "\xe9",
    ],
)
async def test_wrong_credentials_are_refused(anonymous: httpx2.AsyncClient, header: str) -> None:
    answer = await anonymous.get(NAMESPACES, headers=[(b"authorization", header.encode("latin-1"))])

    assert_problem(answer, 401, "APIGW.0301")


async def test_a_registry_token_does_not_open_the_management_api(rooms: Rooms, anonymous: httpx2.AsyncClient) -> None:
    await rooms.organization("acme")
    await rooms.repository("acme/web")
    issued = await issue_token(
        rooms.accounts, rooms.admin, [Scope("repository", "acme/web", ("pull", "push", "delete"))]
    )

    answer = await anonymous.delete(f"{NAMESPACES}/acme/repos/web", headers={"authorization": f"Bearer {issued.token}"})

    assert_problem(answer, 401, "APIGW.0301")


async def test_a_disabled_user_is_out_at_once(rooms: Rooms, api: httpx2.AsyncClient, as_user: Any) -> None:
    await rooms.user("ann")
    ann = as_user("ann")
    assert (await ann.get(NAMESPACES)).status_code == 200

    await api.post("/v2/manage/users/ann/disable")

    assert_problem(await ann.get(NAMESPACES), 401, "APIGW.0301")


async def test_an_unknown_path_says_so(api: httpx2.AsyncClient) -> None:
    for path in ("/v2/manage/", "/v2/manage/nothing", "/v3/manage/namespaces", "/v2%2Fmanage/namespaces", "/v3/"):
        assert_problem(await api.get(path), 404, "SVCSTG.SWR.4040083")


async def test_no_path_has_a_slash_at_its_end_and_none_redirects(api: httpx2.AsyncClient) -> None:
    assert_problem(await api.get(f"{NAMESPACES}/"), 404, "SVCSTG.SWR.4040083")


async def test_another_method_is_told_which_ones_there_are(api: httpx2.AsyncClient) -> None:
    answer = await api.put(NAMESPACES, json={})

    assert_problem(answer, 405, "SVCSTG.SWR.4040083")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "4001018"),
        (b"{", "4001018"),
        (b"\xff", "4001018"),
        (b"[]", "4001018"),
        (b'"text"', "4001018"),
        (b"null", "4001018"),
        (b"[" * 60_000, "4001018"),
        (b'{"namespace": ' + b"9" * 5_000 + b"}", "4001018"),
        (b"{}", "4001014"),
        (b'{"namespace": null}', "4000014"),
        (b'{"namespace": 7}', "4000014"),
        (b'{"namespace": "a\\u0000b"}', "4000014"),
        (b'{"namespace": "\\ud800"}', "4000014"),
        (b'{"namespace": "Acme"}', "4001028"),
        (b'{"namespace": "library"}', "4001028"),
        (b'{"namespace": "../x"}', "4001028"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_with_a_sentence(
    api: httpx2.AsyncClient, content: bytes, code: str
) -> None:
    answer = await api.post(NAMESPACES, content=content, headers={"content-type": "application/json"})

    message = assert_problem(answer, 400, f"SVCSTG.SWR.{code}")
    assert len(message) < 500


async def test_what_is_missing_is_named(api: httpx2.AsyncClient) -> None:
    answer = await api.post(f"{NAMESPACES}/acme/repos", json={"repository": "web"})

    assert assert_problem(answer, 400, "SVCSTG.SWR.4001014") == "The request is not valid: is_public is missing."


@pytest.mark.parametrize("value", ["true", 1, "yes", None])
async def test_only_true_and_false_are_true_and_false(api: httpx2.AsyncClient, value: Any) -> None:
    answer = await api.post(f"{NAMESPACES}/acme/repos", json={"repository": "web", "is_public": value})

    assert_problem(answer, 400, "SVCSTG.SWR.4001009")


async def test_a_body_that_does_not_say_it_is_json_is_not_read_as_json(api: httpx2.AsyncClient) -> None:
    """So no form of a foreign page can speak with the credentials a browser remembers."""
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = await api.post(NAMESPACES, content=b'{"namespace": "acme"}', headers={"content-type": kind})
        assert_problem(answer, 400, "SVCSTG.SWR.4001018")


async def test_a_charset_beside_the_media_type_is_welcome(api: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json;charset=utf-8"}

    assert (await api.post(NAMESPACES, content=b'{"namespace": "acme"}', headers=headers)).status_code == 201


async def test_a_call_without_a_body_does_not_mind_the_header_of_one(api: httpx2.AsyncClient) -> None:
    answer = await api.get(NAMESPACES, headers={"content-type": "application/json"})

    assert answer.status_code == 200


async def test_a_body_that_is_too_large_is_refused(rooms: Rooms, api: httpx2.AsyncClient) -> None:
    body = json.dumps({"namespace": "a" * rooms.manage.json_bytes_max}).encode()

    assert_problem(await api.post(NAMESPACES, content=body), 413, "SVCSTG.SWR.4131001")


async def test_fields_nobody_asked_for_change_nothing(rooms: Rooms, api: httpx2.AsyncClient, as_user: Any) -> None:
    await rooms.user("ann")
    answer = await as_user("ann").post(
        NAMESPACES, json={"namespace": "acme", "id": 99, "creator_name": "admin", "auth": 1, "domain_id": "other"}
    )

    assert answer.status_code == 201
    shown = (await as_user("ann").get(f"{NAMESPACES}/acme")).json()
    assert (shown["creator_name"], shown["auth"]) == ("ann", 7)
    assert shown["id"] != 99


@pytest.mark.parametrize(
    ("error", "status"), [(StorageFull(), 507), (DatabaseBusy(), 503), (RuntimeError("secret detail"), 500)]
)
async def test_trouble_of_ours_is_answered_in_the_same_form(
    api: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    async def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(organizations, "show_organization", fail)
    answer = await api.get(f"{NAMESPACES}/acme")

    assert "secret" not in assert_problem(answer, status, "SVCSTG.SWR.5000046")
    assert ("retry-after" in answer.headers) == (status == 503)


async def test_versions_are_told_without_sign_in(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/", headers={"accept": "*/*"})

    version = answer.json()["versions"][0]
    assert version["id"] == "v2"
    assert version["links"] == {"href": "http://registry.test/v2", "rel": "self"}
    assert version["status"] == "CURRENT"


async def test_the_version_of_this_api_can_be_asked(api: httpx2.AsyncClient) -> None:
    assert (await api.get("/v2")).json()["version"]["id"] == "v2"


async def test_the_description_names_every_call_and_no_other_host(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/v2/manage/openapi.json")

    document = answer.json()
    described = {
        (method.upper(), path, call["operationId"])
        for path, calls in document["paths"].items()
        for method, call in calls.items()
    }
    assert described == {(route.method, route.path, route.name) for route in ROUTES if route.is_described}
    text = re.sub(r"https://[a-z]+\.example\.com", "", answer.text.replace('"type":"http"', ""))
    assert "http" not in text


async def test_nothing_but_the_table_is_served(api: httpx2.AsyncClient) -> None:
    for path in ("/redoc", "/openapi.json", "/v2/manage/docs"):
        assert (await api.get(path)).status_code == 404


def test_the_framework_has_the_routes_of_the_table_and_no_others() -> None:
    routes = whole_framework().routes
    served = {(method, route.path) for route in routes if isinstance(route, APIRoute) for method in route.methods or ()}

    assert len(served) == len(routes)
    assert served == {(route.method, route.path) for route in ROUTES}


def test_every_path_of_the_table_is_found() -> None:
    for route in ROUTES:
        path = route.path.replace("{", "").replace("}", "")
        assert find(path)[route.method] is route


def _all_errors(kind: type[EntrepotError] = EntrepotError) -> Mapping[str, type[EntrepotError]]:
    found = {}
    for one in kind.__subclasses__():
        found[one.__name__] = one
        found.update(_all_errors(one))
    return found


@pytest.mark.parametrize("kind", [k for k in _all_errors().values() if k.__module__.startswith(errors.__name__)])
def test_every_error_has_a_status_and_a_code(kind: type[EntrepotError]) -> None:
    made = kind.__new__(kind)
    EntrepotError.__init__(made)

    problem = problem_of(made)

    assert 400 <= problem.status < 600
    assert (problem.status >= 500) == (not issubclass(kind, errors.Refused))


def test_no_two_lines_of_the_problem_table_contradict_their_code() -> None:
    for problem in [*problems._TABLE.values(), *problems.ON_ORGANIZATION_ACCESS.values()]:
        number = problem.code.rpartition(".")[2]
        if problem.code.startswith("SVCSTG") and problem.status not in (405, 503, 507):
            assert number.startswith(str(problem.status)), problem


def test_a_code_of_our_own_means_one_thing() -> None:
    lines = [problem.code for problem in problems._TABLE.values() if problem.code.startswith("ENTREPOT")]

    assert len(lines) == len(set(lines))


def test_a_door_can_be_built_twice(rooms: Rooms) -> None:
    assert build(rooms.manage) is not build(rooms.manage)


def test_what_a_call_says_of_too_many_is_not_said_of_wrong_passwords() -> None:
    """The guard of sign-in raises a kind of TooMany, before any call begins."""
    assert problem_of(errors.TooMany(), problems.ON_SHARES).status == 400
    assert problem_of(errors.TooManyLogins(), problems.ON_SHARES) == problem_of(errors.TooManyLogins())
    assert problem_of(errors.TooManyLogins()).status == 403
