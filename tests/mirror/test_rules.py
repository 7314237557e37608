"""Addresses of regions and limits of synchronisation, as tables."""

import pytest

from entrepot.mirror.rules import (
    RULES_MAX,
    WAITING_MAX,
    Status,
    check_again,
    check_cancel,
    check_rules,
    check_waiting,
    parse_url,
    pause_seconds,
)
from entrepot.values.errors import ParameterInvalid, TooMany


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://images.example.com", "https://images.example.com"),
        ("https://images.example.com/", "https://images.example.com"),
        ("http://10.0.0.7:5000", "http://10.0.0.7:5000"),
        ("http://[2001:db8::1]:5000", "http://[2001:db8::1]:5000"),
    ],
)
def test_an_address_is_a_scheme_and_a_host(text: str, address: str) -> None:
    assert parse_url(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "images.example.com",
        "ftp://images.example.com",
        "file:///etc/passwd",
        "https://",
        "https://:443",
        "https://user:secret@images.example.com",
        "https://images.example.com/v2",
        "https://images.example.com?x=1",
        "https://images.example.com#x",
        "https://images.example.com:port",
        "https://images.example.com:99999",
        "https://images .example.com",
        "https://images.example.com\n",
        "https://[::1",
        "https://bücher.example",
        "https://" + "a" * 255,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid, match="address of a region"):
        parse_url(text)


def test_the_last_one_that_fits_is_the_limit() -> None:
    check_rules(RULES_MAX - 1)
    check_waiting(WAITING_MAX)

    with pytest.raises(TooMany, match="at most 100 rules"):
        check_rules(RULES_MAX)
    with pytest.raises(TooMany, match="At most 1000 copies of a repository wait at once; 1001 would"):
        check_waiting(WAITING_MAX + 1)


@pytest.mark.parametrize(
    ("failures", "asked_for", "seconds"),
    [(1, None, 30), (2, None, 90), (3, None, 270), (1, 60.0, 60), (3, 60.0, 270), (9, None, 3_600), (1, 1e9, 3_600)],
)
def test_pauses_grow_up_to_an_hour_and_a_region_may_ask_for_longer(
    failures: int, asked_for: float | None, seconds: float
) -> None:
    assert pause_seconds(failures, 30, asked_for) == seconds


@pytest.mark.parametrize("status", Status)
def test_a_copy_is_under_way_or_may_be_tried_again_or_has_succeeded(status: Status) -> None:
    may = {
        Status.WAITING: "cancel",
        Status.RUNNING: "cancel",
        Status.SUCCESS: "",
        Status.FAILED: "again",
        Status.TIMEOUT: "again",
        Status.CANCEL: "again",
        Status.EXISTED: "again",
    }[status]
    for check, word in ((check_cancel, "cancel"), (check_again, "again")):
        if may == word:
            check(status)
        else:
            with pytest.raises(ParameterInvalid, match=status.value):
                check(status)
