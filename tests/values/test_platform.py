import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.errors import ManifestInvalid, ParameterInvalid
from entrepot.values.platform import Platform

WORD = st.from_regex(r"[a-zA-Z0-9_.-]{1,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/arm64/v8", Platform("linux", "arm64", "v8")),
        ("windows(10.0.17763.1)/amd64", Platform("windows", "amd64", None, "10.0.17763.1")),
    ],
)
def test_a_platform_is_written_with_slashes(text, platform):
    assert Platform.parse(text) == platform
    assert str(platform) == text


@given(WORD, WORD, st.none() | WORD, st.none() | WORD)
def test_any_platform_survives_a_round_trip(os, architecture, variant, os_version):
    platform = Platform(os, architecture, variant, os_version)
    assert Platform.parse(str(platform)) == platform


@pytest.mark.parametrize(
    "text", ["", "linux", "/", "linux/", "/amd64", "a/b/c/d", "a b/c", "linux()/amd64", "a/b\n", "a/" * 999]
)
def test_what_is_no_platform_is_refused(text):
    with pytest.raises(ParameterInvalid):
        Platform.parse(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
        ({"os": "windows", "architecture": "amd64", "os.version": "10"}, "windows(10)/amd64"),
        ({"os": "linux", "architecture": "amd64", "os.features": ["x"], "variant": None}, "linux/amd64"),
        ({"os": "", "architecture": ""}, "unknown/unknown"),
        ({}, "unknown/unknown"),
    ],
)
def test_the_platform_of_a_descriptor_is_read(value, expected):
    assert str(Platform.from_json(value)) == expected


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ([], "platform"),
        ("linux/amd64", "platform"),
        ({"os": 1}, "platform.os"),
        ({"os.version": {}}, "platform.os.version"),
    ],
)
def test_a_malformed_platform_is_refused_by_path(value, path):
    with pytest.raises(ManifestInvalid) as caught:
        Platform.from_json(value)
    assert caught.value.detail["path"] == path
