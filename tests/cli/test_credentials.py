"""Which server commands talk to, and as whom."""

from pathlib import Path

import pytest

from entrepot.cli import credentials
from entrepot.cli.credentials import Kept, NotSignedIn, SignIn
from entrepot.values.errors import ParameterInvalid

pytestmark = pytest.mark.usefixtures("home")

HERE = SignIn("http://127.0.0.1:5000", "admin", "one")
THERE = SignIn("https://there.example", "ann", "two")


def keep(*sign_ins: SignIn, current: SignIn) -> None:
    credentials.write(Kept({one.url: one for one in sign_ins}, current.url))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://registry.example", "http://registry.example"),
        ("https://registry.example:5000/", "https://registry.example:5000"),
        ("HTTPS://Registry.Example/images/", "https://registry.example/images"),
        ("registry.example:5000", "https://registry.example:5000"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1", "http://127.0.0.1"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("https://[2001:db8::1]:5000", "https://[2001:db8::1]:5000"),
    ],
)
def test_an_address_has_one_spelling(text: str, url: str) -> None:
    assert credentials.parse_url(text) == url
    assert credentials.parse_url(url) == url


@pytest.mark.parametrize(
    "text",
    ["", "://", "ftp://x", "https://", "https://a:b@c", "https://x?y", "https://x#y", "https://x:99999", "http://[x"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid):
        credentials.parse_url(text)


def test_nobody_is_signed_in_at_first() -> None:
    with pytest.raises(NotSignedIn, match=r"entrepot login http://127\.0\.0\.1:5000 -u USER"):
        credentials.effective()


def test_the_environment_says_who_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(THERE, current=THERE)
    monkeypatch.setenv("ENTREPOT_USER", "admin")
    monkeypatch.setenv("ENTREPOT_PASSWORD", "secret")

    assert credentials.effective() == SignIn("http://127.0.0.1:5000", "admin", "secret")

    monkeypatch.setenv("ENTREPOT_URL", "https://elsewhere.example/")
    assert credentials.effective() == SignIn("https://elsewhere.example", "admin", "secret")


def test_a_user_without_a_password_is_half_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTREPOT_USER", "admin")

    with pytest.raises(NotSignedIn, match="ENTREPOT_PASSWORD"):
        credentials.effective()


def test_an_address_in_the_environment_chooses_among_the_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(HERE, THERE, current=HERE)
    assert credentials.effective().user == "admin"

    monkeypatch.setenv("ENTREPOT_URL", "there.example")
    assert credentials.effective().user == "ann"

    monkeypatch.setenv("ENTREPOT_URL", "https://unknown.example")
    with pytest.raises(NotSignedIn, match=r"entrepot login https://unknown\.example"):
        credentials.effective()


def test_what_is_kept_only_its_owner_reads(home: Path) -> None:
    keep(HERE, THERE, current=THERE)

    file = home / "entrepot" / "credentials.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in file.parent.iterdir()] == ["credentials.json"]
    assert credentials.read().current == THERE.url


@pytest.mark.parametrize("content", ["", "{", "[]", '{"servers": {}}', '{"servers": {"x": 1}, "current": ""}', "\x00"])
def test_a_file_that_cannot_be_read_is_named(home: Path, content: str) -> None:
    (home / "entrepot").mkdir(parents=True)
    (home / "entrepot" / "credentials.json").write_text(content)

    with pytest.raises(ParameterInvalid, match=r"credentials\.json"):
        credentials.effective()


def test_a_password_is_in_no_representation() -> None:
    assert "one" not in repr(HERE).replace("None", "")


def test_only_http_to_another_machine_is_exposed() -> None:
    assert credentials.is_exposed("http://registry.example")
    assert not credentials.is_exposed("https://registry.example")
    assert not credentials.is_exposed("http://localhost:5000")
