"""What helpers of Docker and files of Podman keep is used for its host; a helper is run as no more than a name."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from entrepot.cli.moving import keychains
from entrepot.cli.moving.keychains import of_keychains
from entrepot.remote.session import Credentials
from entrepot.values.errors import ParameterInvalid

HOST = "registry.example:5000"
KEYCHAIN = """#!/bin/sh
[ "$1" = get ] || exit 9
read -r address || true
[ "$address" = "registry.example:5000" ] && { echo '{"Username": "ann", "Secret": "s3cret"}'; exit 0; }
echo "credentials not found in native keychain"; exit 1
"""


@pytest.fixture(autouse=True)
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Docker's settings, which do not exist yet, and nothing of Podman's."""
    for name in ("REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path / "config.json"


def helper(folder: Path, name: str, script: str = KEYCHAIN) -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(script)
    program.chmod(0o755)


def write(file: Path, **settings: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(settings))


def auths(host: str, pair: str) -> dict[str, dict[str, str]]:
    return {host: {"auth": base64.b64encode(pair.encode()).decode()}}


@pytest.mark.parametrize(
    "settings",
    [
        {"credsStore": "chain"},
        {"credHelpers": {HOST: "chain"}, "credsStore": "none"},
        {"credsStore": "chain", "auths": {HOST: {}}},
    ],
)
def test_a_helper_is_asked_for_the_registry_by_the_name_that_docker_login_gave_it(
    docker: Path, settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    helper(docker.parent, "chain")
    write(docker, **settings)

    assert of_keychains(HOST) == Credentials("ann", "s3cret")
    assert capsys.readouterr().err == ""


def test_what_a_helper_does_not_have_is_looked_for_in_the_files(
    docker: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    helper(docker.parent, "chain")
    write(docker, credsStore="chain", auths=auths("other.example", "bob:1"))
    write(docker.parent / "settings" / "containers" / "auth.json", auths=auths("third.example", "pod:2"))

    assert of_keychains("other.example") == Credentials("bob", "1")
    assert of_keychains("third.example") == Credentials("pod", "2")
    assert of_keychains("fourth.example") is None
    assert capsys.readouterr().err == ""


def test_podman_logs_in_to_what_is_below_a_path_and_has_a_file_of_its_own(
    docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = docker.parent / "pod.json"
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(file))
    write(file, auths=auths("quay.example", "all:1") | auths("quay.example/team", "team:2"))

    assert of_keychains("quay.example", "team/web") == Credentials("team", "2")
    assert of_keychains("quay.example", "teams") == Credentials("all", "1")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (None, "is not installed"),
        ("#!/bin/sh\necho the keychain is locked; exit 1\n", "refused: the keychain is locked"),
        ("#!/bin/sh\nexit 3\n", "ended with 3"),
        ("#!/bin/sh\necho hello\n", "no user and password"),
        ("#!/bin/sh\necho '[]'\n", "no user and password"),
        ('#!/bin/sh\necho \'{"Username": "<token>", "Secret": "eyJ"}\'\n', "a token"),
        ("#!/nowhere/at-all\n", "cannot be run"),
        ("#!/bin/sh\nexec sleep 60\n", "did not answer within"),
    ],
)
def test_a_helper_that_gives_nothing_is_told_and_the_source_is_asked_by_nobody(
    docker: Path, script: str | None, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keychains, "_HELPER_SECONDS", 0.5)
    if script is not None:
        helper(docker.parent, "chain", script)
    write(docker, credsStore="chain")

    assert of_keychains(HOST) is None

    told = capsys.readouterr().err
    assert told.startswith("warning: docker-credential-chain ") and said in told, told


@pytest.mark.parametrize("name", ["../evil", "a b", "-x", "x;id", 7, ["chain"], "x" * 65])
def test_a_helper_has_a_name_and_no_path_or_words(docker: Path, name: object) -> None:
    write(docker, credsStore=name)

    with pytest.raises(ParameterInvalid, match="no name of one"):
        of_keychains(HOST)


def test_settings_that_are_none_are_said(docker: Path) -> None:
    write(docker, credHelpers=["chain"])

    with pytest.raises(ParameterInvalid, match="cannot be read"):
        of_keychains(HOST)
