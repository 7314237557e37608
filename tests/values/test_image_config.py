"""Image configurations: read leniently, for they are only shown."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestInvalid
from entrepot.values.image_config import ImageConfig
from entrepot.values.media_types import OCI_LAYER

_TEXTS = st.sampled_from(["", "a", "é", "\ud800", "<b>", "9999-12-31"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(["os", "architecture", "variant", "created", "author", "config", "history", "rootfs"])
_RUN_KEYS = st.sampled_from(["User", "Cmd", "Entrypoint", "Env", "Labels", "ExposedPorts", "Volumes", "WorkingDir"])


def test_a_configuration_is_read_as_docker_writes_it():
    document = {
        "os": "linux",
        "architecture": "arm64",
        "variant": "v8",
        "created": "2026-01-02T03:04:05.123456789Z",
        "config": {"Cmd": ["nginx", "-g"], "Env": ["A=1"], "ExposedPorts": {"80/tcp": {}}, "Labels": {"a": "b"}},
        "history": [{"created_by": "ADD x"}, {"created_by": "ENV A=1", "empty_layer": True}],
    }

    config = ImageConfig.parse(json.dumps(document).encode())

    assert config.platform == "linux/arm64/v8"
    assert config.created_at == datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)
    assert (config.command, config.env, config.ports) == (("nginx", "-g"), ("A=1",), ("80/tcp",))
    assert config.labels == {"a": "b"}
    assert [step.is_empty for step in config.steps] == [False, True]


def test_layers_belong_to_the_steps_that_are_not_empty_and_come_last_without_a_step():
    config = ImageConfig.parse(b'{"history": [{"empty_layer": true}, {"created_by": "COPY"}]}')
    first, second = (Descriptor(OCI_LAYER, Digest.of(text), 1) for text in (b"1", b"2"))

    made = config.made((first, second))

    assert [(step and step.created_by, layer) for step, layer in made] == [("", None), ("COPY", first), (None, second)]


@given(st.dictionaries(_KEYS, _JSON | st.dictionaries(_RUN_KEYS, _JSON, max_size=5), max_size=8))
def test_whatever_shape_a_configuration_has_it_is_read_and_can_be_sent(document: dict[str, object]):
    config = ImageConfig.parse(json.dumps(document).encode())
    texts = (config.user, *config.env, *config.command, *config.labels, *config.labels.values(), config.platform)
    assert all(isinstance(one, str) for one in texts)
    str(config).encode()


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "yesterday", "9999-12-31T23:59:59-23:00", 7, None])
def test_a_time_that_means_nothing_is_none(moment: object):
    assert ImageConfig.parse(json.dumps({"created": moment}).encode()).created_at is None


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"text"', b"{", b"[" * 200 + b"]" * 200, b'{"a":1,"a":2}'])
def test_what_is_no_object_is_refused(body: bytes):
    with pytest.raises(ManifestInvalid):
        ImageConfig.parse(body)
