"""Addresses of regions and limits of synchronisation, as tables."""

import pytest

from entrepot.mirror.rules import RULES_MAX, WAITING_MAX, check_rules, check_waiting, parse_url
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
