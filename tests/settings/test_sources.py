"""Where settings come from, and what is said about wrong ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from entrepot.settings import SettingsInvalid, load
from entrepot.settings.sources import NAMES, flag, variable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "entrepot.toml"


def refusal(overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> str:
    with pytest.raises(SettingsInvalid) as refused:
        load(overrides, environ or {})
    return str(refused.value)


def test_without_any_source_everything_is_at_its_default() -> None:
    loaded = load({}, {})

    assert (loaded.settings.host, loaded.settings.port, loaded.settings.workers) == ("127.0.0.1", 5000, 1)
    assert set(loaded.origins) == set(NAMES)
    assert set(loaded.origins.values()) == {"default"}
    assert loaded.warnings == ()


def test_a_flag_wins_over_the_environment_over_the_file_over_the_default(file: Path) -> None:
    file.write_text('port = 5001\nworkers = 2\nhost = "::1"')
    environ = {"ENTREPOT_PORT": "5002", "ENTREPOT_WORKERS": "3", "ENTREPOT_CONFIG": str(file)}

    loaded = load({"port": 5003, "workers": None}, environ)

    assert (loaded.settings.port, loaded.origins["port"]) == (5003, "flag --port")
    assert (loaded.settings.workers, loaded.origins["workers"]) == (3, "environment ENTREPOT_WORKERS")
    assert (loaded.settings.host, loaded.origins["host"]) == ("::1", f"file {file}")
    assert (loaded.settings.page_max, loaded.origins["page_max"]) == (1000, "default")


def test_the_flag_for_the_file_wins_over_the_variable_for_it(file: Path) -> None:
    file.write_text("port = 5001")

    loaded = load({"config": file}, {"ENTREPOT_CONFIG": "/nowhere.toml"})

    assert loaded.settings.port == 5001
    assert loaded.origins["config"] == "flag --config"


def test_everything_kept_on_the_machine_follows_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    settings = load({"data": "here"}, {}).settings

    assert settings.data == tmp_path / "here"
    assert settings.database_url == f"sqlite:///{tmp_path}/here/entrepot.db"
    assert settings.storage_url == f"{tmp_path}/here/storage"


def test_durations_and_sizes_may_be_written_with_their_unit(file: Path) -> None:
    file.write_text('upload_idle_seconds = "2h"\nfree_bytes_min = 4096')

    settings = load({"config": file}, {"ENTREPOT_MANIFEST_BYTES_MAX": "8MiB", "ENTREPOT_DRAIN_SECONDS": "5"}).settings

    assert settings.upload_idle_seconds == 7200
    assert settings.free_bytes_min == 4096
    assert settings.manifest_bytes_max == 8 << 20
    assert settings.drain_seconds == 5


def test_an_empty_value_counts_as_not_given(file: Path) -> None:
    file.write_text('tls_cert = ""')

    loaded = load({"config": file}, {"ENTREPOT_PORT": "", "ENTREPOT_TLS_KEY": ""})

    assert loaded.settings.port == 5000
    assert not loaded.settings.is_tls


WRONG = {
    "port": ("99999", "less than or equal to 65535"),
    "workers": ("many", "a whole number"),
    "token_seconds": ("soon", "a duration such as 90s, 15m, 24h or 30d"),
    "free_bytes_min": ("4 megs", "a size such as 4096"),
    "storage_redirect": ("perhaps", "true or false"),
    "log_format": ("xml", "'console' or 'json'"),
    "external_url": ("images.example.com", "http:// or https:// with a host"),
    "database_url": ("mysql://localhost/x", "sqlite:/// or postgresql://"),
    "storage_url": ("gs://bucket", "a folder, or begin with file:// or s3://"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_told_with_its_name_its_value_and_its_source(name: str, file: Path) -> None:
    value, wish = WRONG[name]
    file.write_text(f'{name} = "{value}"')

    for told, source in (
        (refusal({name: value}), f"flag {flag(name)}"),
        (refusal({}, {variable(name): value}), f"environment {variable(name)}"),
        (refusal({"config": file}), f"file {file}"),
    ):
        assert told.startswith(f"The setting {name}, {value} ({source}), should ")
        assert wish in told


def test_every_wrong_value_is_told_at_once() -> None:
    told = refusal({"port": 0}, {"ENTREPOT_WORKERS": "0", "ENTREPOT_DATA": "x"})

    assert len(told.splitlines()) == 2


def test_a_secret_is_never_told() -> None:
    assert "hunter2" not in refusal({}, {"ENTREPOT_ADMIN_PASSWORD": "hunter2"})
    assert "hunter2" not in refusal({}, {"ENTREPOT_DATABASE_URL": "mysql://me:hunter2@localhost/x"})
    assert "hunter2" not in repr(load({}, {"ENTREPOT_ADMIN_PASSWORD": "hunter2hunter2"}))


def test_an_unknown_key_of_the_file_is_refused_with_the_likely_one(file: Path) -> None:
    file.write_text('prot = 5001\nconfig = "x"')

    told = refusal({"config": file})

    assert f"The settings file {file} has a key prot, which is no setting. Is port meant?" in told
    assert f"The settings file {file} has a key config, which is no setting." in told


def test_an_unknown_variable_is_a_warning_with_the_likely_one() -> None:
    (warning,) = load({}, {"ENTREPOT_PROT": "1", "ENTREPOT_URL": "http://localhost:5000", "OTHER": "1"}).warnings

    assert warning == "The environment variable ENTREPOT_PROT is no setting and has no effect. Is ENTREPOT_PORT meant?"


def test_an_unknown_flag_is_refused() -> None:
    assert refusal({"prot": 1}) == "prot (flag --prot) is no setting. Is port meant?"


def test_what_kubernetes_sets_beside_a_service_named_entrepot_is_no_setting() -> None:
    links = {
        "ENTREPOT_PORT": "tcp://10.0.0.7:5000",
        "ENTREPOT_PORT_5000_TCP": "tcp://10.0.0.7:5000",
        "ENTREPOT_SERVICE_HOST": "10.0.0.7",
    }

    loaded = load({}, links)

    assert (loaded.settings.port, loaded.origins["port"], loaded.warnings) == (5000, "default", ())


def test_a_file_that_is_missing_or_broken_is_told(file: Path) -> None:
    assert refusal({"config": file}) == f"The settings file {file} cannot be read: No such file or directory."
    file.write_bytes(b"port = \xff")
    assert f"The settings file {file} is not TOML" in refusal({"config": file})
    file.write_text("port 5000")
    assert f"The settings file {file} is not TOML" in refusal({"config": file})


def test_a_certificate_without_its_key_is_refused() -> None:
    told = "The settings tls_cert and tls_key belong together: give both, or neither."
    assert refusal({"tls_cert": "server.crt"}) == told


def test_an_external_url_loses_its_last_slash() -> None:
    assert (
        load({"external_url": "https://images.example.com/"}, {}).settings.external_url == "https://images.example.com"
    )


def test_settings_do_not_change_once_read() -> None:
    settings = load({}, {}).settings

    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]
