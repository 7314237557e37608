"""Every page of the table, walked by those it is not for: what nobody saw to be open is not open.

A new page that people without any permission may see is named in `FOR_EVERY_ACCOUNT`; one for everybody, signed in
or not, in `PUBLIC`. All others must refuse them.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from entrepot.doors.console.page import Page
from entrepot.doors.console.pages import PAGES
from tests.doors.console.conftest import As
from tests.make.rooms import Rooms

PUBLIC = {"show_login", "list_public", "show_search"}
FOR_EVERY_ACCOUNT = {
    "list_public",
    "show_search",
    "show_overview",
    "show_profile",
    "show_password",
    "list_keys",
    "show_logins",
    "list_tokens",
    "confirm_token_deletion",
    "list_sessions",
    "explain_access",
    "show_uploads",
    "list_robots",
    "new_robot",
    "list_organizations",
    "new_organization",
    "list_images",
    "list_shared",
    "list_given",
    "list_cold",
    "list_warmups",
}
# Goes on for ever; `tests/live/console/test_live.py` reads it.
STREAMS = {"follow_changes"}
HOSTILE = """<script>alert(1)</script>"><img src=x onerror=alert(1)>"""
DIGEST = f"sha256:{'0' * 64}"
HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def pages_of(*methods: str) -> Iterator[tuple[Page, str]]:
    """The pages of the table, each with its address in this house."""
    names = {
        "organization": "acme",
        "repository": "acme/web",
        "version": "1.0",
        "tag": "1.0",
        "digest": DIGEST,
        "user": "admin",
        "mirror": "hub",
        "virtual": "everything",
        "rule": "1",
        "policy": "1",
    }
    for page in PAGES:
        if page.method in methods and page.name not in STREAMS:
            path = page.path
            for name in [part.strip("{}") for part in path.split("/") if part.startswith("{")]:
                path = path.replace(f"{{{name}}}", names.get(name, "x"))
            yield page, path


def test_a_page_has_a_name_of_its_own():
    assert [name for name, count in Counter(page.name for page in PAGES).items() if count > 1] == []


async def test_who_is_not_signed_in_gets_to_the_login_from_every_page_but_the_public_ones(
    furnished: Rooms, as_user: As
) -> None:
    nobody, wrong = await as_user(""), []
    for page, path in pages_of("GET"):
        answer = await nobody.get(path, params={"to": DIGEST, "tag": "1.0"})
        leads_to_login = answer.status_code == 303 and answer.headers["location"].startswith("/console/login")
        if (answer.status_code != 200) if page.name in PUBLIC else not leads_to_login:
            wrong.append((page.name, answer.status_code))
    assert wrong == []


@pytest.mark.parametrize("who", ["stranger", "partner/boss"])
async def test_people_without_permission_see_no_page_that_is_not_for_every_account(
    furnished: Rooms, as_user: As, who: str
) -> None:
    stranger, wrong = await as_user(who), []
    for page, path in pages_of("GET"):
        is_of_acme = "{organization}" in page.path or "{repository}" in page.path
        if who != "stranger" and not is_of_acme:
            continue  # an administrator of their own domain
        answer = await stranger.get(path)
        if (answer.status_code == 200) != (page.name in FOR_EVERY_ACCOUNT):
            wrong.append((page.name, answer.status_code))
    assert wrong == []


async def test_no_form_is_taken_without_the_token_of_its_session_or_from_another_site(
    furnished: Rooms, as_user: As
) -> None:
    admin, other = await as_user("admin"), await as_user("admin")
    attacks: list[dict[str, Any]] = [
        {"token": ""},
        {"token": other.csrf_token},
        {"headers": {"origin": "https://evil.example"}},
        {"headers": {"origin": "null"}},
        {"headers": {"sec-fetch-site": "cross-site"}},
        {"headers": {"sec-fetch-site": "same-site"}},
    ]
    wrong = []
    for page, path in pages_of("POST", "PATCH"):
        for attack in attacks:
            answer = await admin.post(path, method=page.method, **attack)
            if answer.status_code != 403:
                wrong.append((page.name, attack, answer.status_code))
    assert wrong == []
    assert (await admin.get("/console/")).status_code == 200  # nor did a forged form sign anybody out


async def test_who_is_not_signed_in_changes_nothing(furnished: Rooms, as_user: As) -> None:
    nobody, wrong = await as_user(""), []
    for page, path in pages_of("POST", "PATCH"):
        answer = await nobody.post(path, "", method=page.method, digest=DIGEST)
        leads_to_login = answer.status_code == 303 and answer.headers["location"].startswith("/console/login")
        if not page.is_open and not leads_to_login:
            wrong.append((page.name, answer.status_code))
    assert wrong == []
    assert {page.name for page in PAGES if page.is_open} == {"log_in", "log_out", "set_preferences"}


async def test_every_page_keeps_other_sites_out_and_runs_no_script_but_ours(furnished: Rooms, as_user: As) -> None:
    admin, wrong = await as_user("admin"), []
    for page, path in pages_of("GET"):
        for address in (path, f"{path}/no-such-page"):
            answer = await admin.get(address)
            policy = answer.headers.get("content-security-policy", "")
            if "frame-ancestors 'none'" not in policy or "script-src 'self'" not in policy or "unsafe" in policy:
                wrong.append((page.name, "content-security-policy"))
            wrong += [(page.name, name) for name, value in HEADERS.items() if answer.headers.get(name) != value]
    assert wrong == []


async def test_no_page_says_back_what_a_link_put_into_it(furnished: Rooms, as_user: As) -> None:
    asked = dict.fromkeys(
        ("q", "after", "order", "direction", "who", "action", "name", "next", "domain", "user", "step", "of", "format"),
        HOSTILE,
    )
    for who in ("admin", ""):
        browser, wrong = await as_user(who), []
        for page, path in pages_of("GET"):
            for parameters in (asked, {"q": HOSTILE}, {"name": "acme/web", "who": HOSTILE}):
                answer = await browser.get(path, params=parameters)
                if "<script>alert" in answer.text or "<img src=x" in answer.text:
                    wrong.append(page.name)
        assert wrong == []


async def test_a_session_that_ended_opens_no_page_any_more(furnished: Rooms, as_user: As) -> None:
    first, second = await as_user("stranger"), await as_user("stranger")
    assert (await first.get("/console/account")).status_code == 200
    ended = await second.post(f"/console/account/sessions/{first.session_id}/end")
    assert ended.status_code == 303
    for path in ("/console/account", "/console/images"):
        assert (await first.get(path)).headers["location"].startswith("/console/login")
    assert (await first.post("/console/account/tokens", name="late")).headers["location"].startswith("/console/login")


async def test_people_cannot_end_or_change_what_is_somebody_elses(furnished: Rooms, as_user: As) -> None:
    admin, stranger = await as_user("admin"), await as_user("stranger")
    key, _secret = await furnished.key()
    for path in (
        f"/console/account/sessions/{admin.session_id}/end",
        f"/console/account/keys/{key}/disable",
        f"/console/account/keys/{key}/delete",
    ):
        assert (await stranger.post(path)).status_code == 404
    assert (await stranger.get(f"/console/account/keys/{key}/delete")).status_code == 404
    assert (await admin.get("/console/account")).status_code == 200


async def test_the_file_of_a_key_holds_what_the_page_before_held_and_nothing_else(
    furnished: Rooms, as_user: As
) -> None:
    stranger = await as_user("stranger")
    path = "/console/account/keys/credentials"
    good = {"key": "A" * 20, "secret": "B" * 40}
    answer = await stranger.post(path, **good)
    assert answer.headers["content-disposition"] == 'attachment; filename="credentials.csv"'
    assert answer.text.splitlines()[0] == '"User Name","Access Key Id","Secret Access Key"'
    assert answer.text.splitlines()[1] == f'"stranger","{good["key"]}","{good["secret"]}"'
    for bad in ({"key": "=cmd()"}, {"secret": HOSTILE}, {"key": ""}):
        assert (await stranger.post(path, **{**good, **bad})).status_code == 400
