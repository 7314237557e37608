"""The page that shows the API's description: all of it comes from this server, and nothing runs in it but its files."""

import re

import httpx2

from entrepot.doors.manage.table.installation import OPENAPI_PATH

FILES = {
    "/docs/start.js": "text/javascript",
    "/docs/swagger-ui-bundle.js": "text/javascript",
    "/docs/swagger-ui.css": "text/css",
}


async def test_the_page_is_open_and_names_only_files_of_this_server(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/docs")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    named = re.findall(r"(?:src|href)=\"([^\"]+)\"", answer.text)
    assert {one.partition("?")[0] for one in named} == {*FILES, OPENAPI_PATH, "data:,"}


async def test_its_files_are_there_and_may_be_kept_when_their_address_has_a_version(
    anonymous: httpx2.AsyncClient,
) -> None:
    page = (await anonymous.get("/docs")).text

    for path, media_type in FILES.items():
        answer = await anonymous.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == media_type
        assert len(answer.content) > 100
        assert ("immutable" in answer.headers.get("cache-control", "")) is (f"{path}?v=" in page)


async def test_a_policy_forbids_scripts_of_others_and_frames(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/docs")

    rules = dict(rule.strip().partition(" ")[::2] for rule in answer.headers["content-security-policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == "'none'"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=", answer.text)


async def test_what_the_page_does_not_need_is_not_served(anonymous: httpx2.AsyncClient) -> None:
    for path in ("/docs/redoc.standalone.js", "/docs/..%2F__init__.py", "/docs/docs.html", "/docs/"):
        assert (await anonymous.get(path)).status_code == 404
