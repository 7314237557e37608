"""Settings as text, and what stays secret."""

import pytest

from entrepot.settings import Settings, load
from entrepot.settings.reference import sections
from entrepot.settings.showing import mask_url, plain, show

URLS = {
    "postgresql://me:secret@db:5432/images": "postgresql://me:********@db:5432/images",
    "postgresql://me:se/c@ret@db/images": "postgresql://me:********@db/images",
    "postgresql://me@db/images": "postgresql://me@db/images",
    "sqlite:////var/lib/entrepot/entrepot.db": "sqlite:////var/lib/entrepot/entrepot.db",
    "s3://b/p?endpoint=http://h:1&secret_access_key=x&region=r": "s3://b/p?endpoint=http://h:1&secret_access_key=********&region=r",
    "/var/lib/entrepot/storage": "/var/lib/entrepot/storage",
}


@pytest.mark.parametrize(("url", "masked"), URLS.items())
def test_a_url_is_shown_without_its_secrets(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_values_are_shown_as_a_person_would_write_them() -> None:
    settings = load({"admin_password": "correct horse"}, {}).settings
    shown = {name: show(name, getattr(settings, name)) for name in Settings.model_fields}

    assert shown["port"] == "5000"
    assert shown["upload_idle_seconds"] == "1d"
    assert shown["manifest_bytes_max"] == "4MiB"
    assert shown["anonymous_pull"] == "true"
    assert shown["tls_cert"] == "not set"
    assert shown["admin_password"] == "********"


def test_programs_get_numbers_as_numbers() -> None:
    settings = load({"admin_password": "correct horse"}, {}).settings

    assert plain("port", settings.port) == 5000
    assert plain("anonymous_pull", settings.anonymous_pull) is True
    assert plain("tls_cert", settings.tls_cert) is None
    assert plain("admin_password", settings.admin_password) == "********"


def test_every_setting_stands_under_one_heading_and_is_explained() -> None:
    assert sorted(name for names in sections().values() for name in names) == sorted(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert field.description and field.description.endswith("."), name


def test_an_amount_says_its_unit_in_its_name() -> None:
    """But for `gc_grace`, which scripts rely on as it is."""
    for name, field in Settings.model_fields.items():
        if name == "gc_grace":
            continue
        for unit in ("seconds", "bytes"):
            assert (unit in field.metadata) == (unit in name.split("_")), name
