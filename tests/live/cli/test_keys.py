"""`entrepot key` against a real server."""

import pytest

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, read, refused


@pytest.fixture
def as_user(as_admin: Run, api: Api, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, str]:
    """A shell of a new user, and their name."""
    with api.create_user() as user:
        monkeypatch.setenv("ENTREPOT_USER", user.user)
        monkeypatch.setenv("ENTREPOT_PASSWORD", user.password)
        return as_admin, user.user


def test_a_key_from_its_making_to_its_end(as_user: tuple[Run, str]) -> None:
    run, name = as_user
    made = run("key", "create", "--description", "of the shell", "--json")
    pair = read(made)
    assert list(pair) == ["access_key", "secret_key"]
    key = pair["access_key"]

    [row] = read(run("key", "list", "--json"))
    assert (row["access_key"], row["user_name"], row["last_used_at"]) == (key, name, None)
    shown = ok(run("key", "show", key))
    assert key in shown and "of the shell" in shown and "never" in shown
    assert pair["secret_key"] not in ok(run("key", "list")) + shown

    assert ok(run("key", "update", key, "--disable")) == f"The access key {key} is disabled.\n"
    assert read(run("key", "update", key, "--enable", "--description", "again", "--json"))["description"] == "again"
    assert "--yes" in run("key", "delete", key).err
    assert ok(run("key", "delete", key, "--yes")) == f"Deleted the access key {key}.\n"
    assert "no access key" in refused(run("key", "show", key))


def test_a_secret_is_printed_once_and_alone(as_user: tuple[Run, str]) -> None:
    run, _ = as_user

    made = run("key", "create")

    assert made.code == 0
    assert [line.partition(":")[0] for line in made.out.splitlines()] == ["Access key", "Secret key"]
    assert "not shown again" in made.err


def test_a_third_key_is_refused_with_a_next_step(as_user: tuple[Run, str]) -> None:
    run, _ = as_user
    for _ in range(2):
        read(run("key", "create", "--json"))

    assert "delete one first" in refused(run("key", "create"))


def test_administrators_list_the_keys_of_others(as_admin: Run, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with api.create_user() as user:
        made = user.client.post("/v2/manage/keys").json()

        [row] = read(as_admin("key", "list", "--user", user.user, "--json"))

    assert row["access_key"] == made["access_key"]


def test_wrong_usage_is_told(as_admin: Run) -> None:
    assert as_admin("key", "update", "AK").code == 2
    assert as_admin("key", "update", "AK", "--enable", "--disable").code == 2
