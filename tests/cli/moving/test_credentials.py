"""Who asks a source: options before the environment, before what `entrepot login` and `docker login` keep."""

import base64
import json
from pathlib import Path

import pytest

from entrepot.cli import credentials
from entrepot.cli.credentials import Kept, SignIn
from entrepot.cli.moving.credentials import PASSWORD, USER, find_credentials
from entrepot.remote.session import Credentials
from entrepot.values.errors import ParameterInvalid

URL = "https://registry.example:5000"


@pytest.fixture(autouse=True)
def docker(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's settings, which do not exist yet; nobody is logged in anywhere."""
    assert not home.exists()
    for name in (USER, PASSWORD):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    return tmp_path / "config.json"


def write(docker: Path, host: str, pair: str) -> None:
    docker.write_text(json.dumps({"auths": {host: {"auth": base64.b64encode(pair.encode()).decode()}}}))


def test_nobody_is_enough_for_what_is_public() -> None:
    assert find_credentials(URL, None, None) is None


@pytest.mark.parametrize("host", ["registry.example:5000", URL, f"{URL}/v1/"])
def test_what_docker_login_keeps_is_used_for_its_host_only(docker: Path, host: str) -> None:
    write(docker, host, "ci:with:colon")

    assert find_credentials(URL, None, None) == Credentials("ci", "with:colon")
    assert find_credentials("https://other.example", None, None) is None


def test_what_is_kept_for_an_encrypted_address_is_for_no_other() -> None:
    plain = URL.replace("https", "http")
    credentials.write(Kept({URL: SignIn(URL, "kept", "2")}, URL))
    assert find_credentials(plain, None, None) is None
    credentials.write(Kept({plain: SignIn(plain, "kept", "2")}, plain))
    assert find_credentials(plain, None, None) == find_credentials(URL, None, None) == Credentials("kept", "2")


def test_docker_hub_is_kept_under_an_address_of_its_own(docker: Path) -> None:
    write(docker, "https://index.docker.io/v1/", "me:1")

    assert find_credentials("https://registry-1.docker.io", None, None) == Credentials("me", "1")
    assert find_credentials(URL, None, None) is None


def test_each_place_wins_over_the_next(docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(docker, "registry.example:5000", "docker:1")
    credentials.write(Kept({URL: SignIn(URL, "kept", "2")}, URL))
    assert find_credentials(URL, None, None) == Credentials("kept", "2")
    monkeypatch.setenv(USER, "variable")
    monkeypatch.setenv(PASSWORD, "3")
    assert find_credentials(URL, None, None) == Credentials("variable", "3")
    assert find_credentials(URL, "option", "4") == Credentials("option", "4")


def test_a_user_and_a_password_belong_together() -> None:
    with pytest.raises(ParameterInvalid, match="--source-user"):
        find_credentials(URL, None, "4")
    with pytest.raises(ParameterInvalid, match="--source-password-stdin"):
        find_credentials(URL, "option", None)


@pytest.mark.parametrize("text", ["{", '{"auths": {"registry.example:5000": {"auth": "%%%"}}}', "[]"])
def test_settings_of_docker_that_cannot_be_read_are_said(docker: Path, text: str) -> None:
    docker.write_text(text)

    with pytest.raises(ParameterInvalid, match="cannot be read"):
        find_credentials(URL, None, None)
