"""Signatures as the official client's own signer makes them, and what else is not accepted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.accounts.signature import (
    Claim,
    Headers,
    RawRequest,
    canonical_request,
    check_date,
    check_query,
    is_genuine,
    parse_claim,
)
from entrepot.values.errors import ParameterInvalid, Unauthenticated
from tests.make.signed import HOST, signed

SECRET = "a secret of forty characters, or about so"
KEY = ("KEYOFTHETESTS", SECRET)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=" + "0" * 64
DATE = "20260101T000000Z"

words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
values = st.one_of(words, st.booleans(), st.integers())
segments = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"], exclude_characters="?#%"), max_size=8)
escapes = st.sampled_from(["%2F", "%2f", "%24", "%20", "%C3%A9", "%FF", "%25", "%252F"])
paths = st.lists(st.one_of(segments, escapes, st.tuples(segments, escapes).map("".join)), max_size=6)


def raw(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> RawRequest:
    """The request as it goes over the wire."""
    path, _, query = target.partition("?")
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return RawRequest(method, path.encode("latin-1"), query.encode("latin-1"), lines, body)


def is_accepted(request: RawRequest, secret: str = SECRET) -> bool:
    return is_genuine(parse_claim(request.headers), request, secret.encode())


@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "DELETE"]),
    path=paths.map(lambda parts: "/" + "/".join(parts)),
    query=st.lists(st.tuples(words, values), max_size=5, unique_by=lambda pair: pair[0]),
    body=st.binary(max_size=40),
    project=st.one_of(st.none(), words.filter(lambda word: word.isprintable())),
)
def test_what_the_official_client_signs_is_genuine(
    method: str, path: str, query: list[tuple[str, object]], body: bytes, project: str | None
) -> None:
    more = {} if project is None else {"X-Project-Id": project}
    target, headers = signed(KEY, method, path, query, body, more)

    assert is_accepted(raw(method, target, headers, body))
    assert not is_accepted(raw(method, target, headers, body + b" "))
    assert not is_accepted(raw(method, target, headers, body), SECRET + "x")


@given(st.lists(st.tuples(words, words), max_size=6))
def test_the_order_of_the_parameters_on_the_wire_does_not_matter(query: list[tuple[str, str]]) -> None:
    target, headers = signed(KEY, "GET", "/v2/manage/repos", query)
    path, _, sent = target.partition("?")
    request = raw("GET", f"{path}?{'&'.join(reversed(sent.split('&')))}", headers)

    assert is_accepted(request)


def test_the_canonical_request_is_that_of_the_contract() -> None:
    request = RawRequest(
        "get",
        b"/v2/manage/namespaces/a%2Fb%24c",
        b"limit=10&filter=name%3A%3Aweb&flag",
        [(b"host", b" registry.example "), (b"x-sdk-date", DATE.encode()), (b"accept", b"*/*")],
        b"",
    )

    assert canonical_request(request, ("host", "x-sdk-date")).decode().split("\n") == [
        "GET",
        "/v2/manage/namespaces/a/b%24c/",
        "filter=name%3A%3Aweb&flag=&limit=10",
        "host:registry.example",
        f"x-sdk-date:{DATE}",
        "",
        "host;x-sdk-date",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"method": "DELETE"},
        {"path": b"/v2/manage/namespaces/acmf"},
        {"path": b"/v2/manage/namespaces/acme%24x"},
        {"path": b"/v2/manage/namespaces/acme/.."},
        {"query": b"filter=mode%3A%3Avisible"},
        {"query": b"namespace=acme&filter=x"},
        {"body": b"{}"},
    ],
)
def test_a_changed_request_is_not_genuine(change: dict[str, Any]) -> None:
    target, headers = signed(KEY, "GET", "/v2/manage/namespaces/acme", [("namespace", "acme")])
    request = raw("GET", target, headers)
    assert is_accepted(request)

    assert not is_accepted(replace(request, **change))


@pytest.mark.parametrize("name", ["content-type", "host", "user-agent", "x-sdk-date"])
def test_a_changed_header_is_not_genuine(name: str) -> None:
    target, headers = signed(KEY, "GET", "/v2/manage/namespaces")
    request = raw("GET", target, headers)
    other = {"x-sdk-date": b"20260101T000001Z"}.get(name, b"other")

    changed = [(key, other if key.decode() == name else value) for key, value in request.headers]

    assert not is_accepted(replace(request, headers=changed))


def test_headers_that_are_not_signed_do_not_matter() -> None:
    target, headers = signed(KEY, "GET", "/v2/manage/namespaces")
    request = raw("GET", target, headers)

    assert is_accepted(replace(request, headers=[*request.headers, (b"accept", b"*/*"), (b"accept", b"text/html")]))


def test_nobody_says_that_the_body_needs_no_signature() -> None:
    """The word `UNSIGNED-PAYLOAD`, which the client has for bodies that are not JSON: no call here has such a body."""
    target, headers = signed(KEY, "POST", "/v2/manage/namespaces", body=b"x", headers={"Content-Type": "text/plain"})

    assert headers["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    assert not is_accepted(raw("POST", target, headers, b"x"))


@pytest.mark.parametrize(
    ("authorization", "more"),
    [
        ("", {}),
        ("SDK-HMAC-SHA256", {}),
        (GOOD.replace("SDK-HMAC-SHA256", "SDK-HMAC-SM3"), {}),
        (GOOD.replace("Access=AK", "Access="), {}),
        (GOOD.replace("Access=AK", "Access=A K"), {}),
        (GOOD.replace("host;x-sdk-date", "host"), {}),
        (GOOD.replace("host;x-sdk-date", "x-sdk-date"), {}),
        (GOOD.replace("host;x-sdk-date", "x-sdk-date;host"), {}),
        (GOOD.replace("host;x-sdk-date", "host;host;x-sdk-date"), {}),
        (GOOD.replace("host;x-sdk-date", "Host;X-Sdk-Date"), {}),
        (GOOD[:-1], {}),
        (GOOD[:-1] + "A", {}),
        (GOOD + " ", {"x-sdk-date": "2026-01-01T00:00:00Z"}),
        (GOOD, {"x-sdk-date": "20260132T000000Z"}),
        (GOOD, {"x-sdk-date": "2026011T0000000Z"}),
        (GOOD, {"x-sdk-date": ""}),
        (GOOD.replace("AK", "A" * 5_000), {}),
    ],
)
def test_what_has_not_the_form_of_a_signature_is_refused(authorization: str, more: dict[str, str]) -> None:
    headers = {"authorization": authorization, "host": HOST, "x-sdk-date": DATE, **more}

    with pytest.raises(Unauthenticated):
        parse_claim(raw("GET", "/", headers).headers)


@pytest.mark.parametrize("name", [b"authorization", b"x-sdk-date"])
@pytest.mark.parametrize("times", [0, 2])
def test_the_headers_of_a_signature_are_there_once(name: bytes, times: int) -> None:
    good = [(b"authorization", GOOD.encode()), (b"host", b"h"), (b"x-sdk-date", DATE.encode())]
    headers: Headers = [one for one in good if one[0] != name] + [one for one in good if one[0] == name] * times

    with pytest.raises(Unauthenticated):
        parse_claim(headers)


@pytest.mark.parametrize("times", [0, 2])
def test_a_signed_header_is_there_once(times: int) -> None:
    target, headers = signed(KEY, "GET", "/v2/manage/namespaces")
    request = raw("GET", target, headers)
    agent = [one for one in request.headers if one[0] == b"user-agent"]
    others = [one for one in request.headers if one[0] != b"user-agent"]

    with pytest.raises(Unauthenticated):
        is_accepted(replace(request, headers=others + agent * times))


@pytest.mark.parametrize(
    ("apart", "is_taken"),
    [
        (timedelta(0), True),
        (timedelta(minutes=15), True),
        (timedelta(minutes=-15), True),
        (timedelta(minutes=15, seconds=1), False),
        (timedelta(minutes=-15, seconds=-1), False),
        (timedelta(days=365), False),
    ],
)
def test_clocks_are_at_most_fifteen_minutes_apart(apart: timedelta, is_taken: bool) -> None:
    claim = Claim("AK", ("host", "x-sdk-date"), "0" * 64, DATE, NOW)

    if is_taken:
        check_date(claim, NOW + apart)
    else:
        with pytest.raises(Unauthenticated, match="minutes apart"):
            check_date(claim, NOW + apart)


@pytest.mark.parametrize("query", [b"a=1&a=2", b"a&a", b"a=1&%61=2", b"&".join([b"a=1"] * 300)])
def test_a_parameter_twice_is_refused(query: bytes) -> None:
    with pytest.raises(ParameterInvalid):
        check_query(query)
