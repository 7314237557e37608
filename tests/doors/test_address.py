"""How clients are told to reach this service: never by what only looks like a host."""

import pytest

from entrepot.doors.http.address import base_url


@pytest.mark.parametrize(
    ("host", "external_url", "expected"),
    [
        ("registry.example", "", "http://registry.example"),
        ("registry.example:5000", "", "http://registry.example:5000"),
        ("[::1]:5000", "", "http://[::1]:5000"),
        ("registry.example", "https://images.example/", "https://images.example"),
        (None, "", "http://10.1.2.3:5000"),
        ("", "", "http://10.1.2.3:5000"),
        ('x",realm="evil', "", "http://10.1.2.3:5000"),
        ("a/b", "", "http://10.1.2.3:5000"),
        ("a@b", "", "http://10.1.2.3:5000"),
        ("a:b:c", "", "http://10.1.2.3:5000"),
        ("ä", "", "http://10.1.2.3:5000"),
    ],
)
def test_the_address_is_what_was_set_or_what_the_request_says(
    host: str | None, external_url: str, expected: str
) -> None:
    headers = [] if host is None else [(b"host", host.encode("latin-1"))]
    scope = {"type": "http", "scheme": "http", "server": ("10.1.2.3", 5000), "headers": headers}

    assert base_url(scope, external_url) == expected


def test_a_server_on_a_socket_without_port_is_named_by_what_is_known() -> None:
    assert base_url({"scheme": "http", "server": ("10.1.2.3", None), "headers": []}) == "http://10.1.2.3"
    assert base_url({"scheme": "http", "server": None, "headers": []}) == "http://127.0.0.1"
