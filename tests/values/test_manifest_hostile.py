"""Bodies made to hurt: whatever arrives, the answer is a Manifest or a Refused, soon and in little memory."""

import json
import time
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entrepot.values.document import load_document
from entrepot.values.errors import ManifestInvalid, Refused
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import MANIFESTS
from tests.values.test_manifest import CONFIG, described, image, index

MIB = 1024 * 1024
NEST = 10_000


def refusal(body):
    with pytest.raises(ManifestInvalid) as caught:
        Manifest.parse(body, None)
    caught.value.message.encode()
    json.dumps(caught.value.detail, ensure_ascii=False).encode()
    return caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        b"[" * NEST,
        b"[" * NEST + b"]" * NEST,
        b'{"a":' * NEST,
        b'{"a":' * NEST + b"1" + b"}" * NEST,
        b'{"schemaVersion":2,"x":' + b"[" * NEST + b"]" * NEST + b"}",
        b'{"x":"\\"]]]]\\\\","y":' + b"[" * NEST + b"]" * NEST + b"}",
        b'{"a":[' * NEST + b"]}" * NEST,
    ],
)
def test_deep_nesting_is_refused_as_such(body):
    assert "nested more than 64 levels deep" in refusal(body)


def test_brackets_inside_strings_are_not_nesting():
    text = "[{" * NEST + '\\"' * 100 + ",,,," * 100_000 + "\\"
    document = image(annotations={"a": text, '"[': '{"'})
    manifest = Manifest.parse(json.dumps(document).encode(), None)
    assert manifest.annotations == {"a": text, '"[': '{"'}


@given(
    st.recursive(
        st.none() | st.text(alphabet='[]{}",:\\a'), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_the_scan_counts_depth_as_the_document_has_it(document):
    def depth(value):
        if isinstance(value, dict):
            value = list(value.values())
        return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0

    body = json.dumps(document).encode()
    assert load_document(body, depth_max=depth(document), values_max=1_000_000) == document
    if depth(document):
        with pytest.raises(ManifestInvalid, match="nested"):
            load_document(body, depth_max=depth(document) - 1, values_max=1_000_000)


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"0," * (2 * MIB - 2) + b"0]",
        b"[" + b"[]," * MIB + b"0]",
        b"[" + b"{}," * MIB + b"0]",
        b"[" + b'"",' * MIB + b"0]",
        b'{"schemaVersion":2,"manifests":[' + b"{}," * MIB + b"{}]}",
        b"[" * (4 * MIB),
        b"]" * (4 * MIB),
        b'"' * (4 * MIB),
        b'\\"' * (2 * MIB),
        b'"' + b'\\"' * (2 * MIB - 1),
        b"\\" * (4 * MIB),
        b"," * (4 * MIB),
        b"1" * (4 * MIB),
        b" " * (4 * MIB),
        b"\xff" * (4 * MIB),
        b'"' + b"\\ud800" * (MIB // 2) + b'"',
        b"1e" + b"9" * MIB,
    ],
)
def test_a_body_of_the_largest_size_is_refused_soon(body):
    started = time.perf_counter()
    refusal(body[: 4 * MIB])
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("item", [b"0,", b"[],", b"{},"])
def test_a_flood_of_values_takes_little_memory(item):
    body = b"[" + item * (4 * MIB // len(item) - 2) + b"0]"
    tracemalloc.start()
    try:
        assert "more than 200000 values" in refusal(body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * len(body)


@pytest.mark.parametrize("key", ["layers", "manifests"])
def test_more_descriptors_than_the_limit_are_refused(key):
    document = (image if key == "layers" else index)(**{key: [described()] * 10_001})
    assert f"{key}: has 10001 items; at most 10000 are accepted" in refusal(json.dumps(document).encode())


def test_ten_thousand_layers_are_taken():
    manifest = Manifest.parse(json.dumps(image(layers=[described()] * 10_000)).encode(), None)
    assert len(manifest.layers) == 10_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"null", "must be an object"),
        (b"[]", "must be an object"),
        (b"true", "must be an object"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        ('{"schemaVersion":2}'.encode("utf-16"), "not UTF-8"),
        ('{"schemaVersion":2}'.encode("utf-16-le"), "not JSON"),
        (b'{"a":"\xff"}', "not UTF-8: byte 6"),
        (b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
        (b'{"a":"\xc0\x80"}', "not UTF-8"),
        (b'{"a":NaN}', "NaN is not a number"),
        (b'{"a":[-Infinity]}', "-Infinity is not a number"),
        (b'{"a":Infinity}', "Infinity is not a number"),
        (b'{"a":1,"a":1}', "the key 'a' is given twice"),
        (b'{"a":1,"\\u0061":2}', "the key 'a' is given twice"),
        (b'{"x":[{"b":1,"b":1}]}', "the key 'b' is given twice"),
        (b'{"\\ud800":1,"\\ud800":1}', "is given twice"),
        (b'{"a":' + b"9" * 10_000 + b"}", "too many digits"),
        (b"{'a':1}", "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b'{"a":"\n"}', "not JSON"),
        (b'{"a":1}//', "not JSON"),
        (b'{"a":"\\x"}', "not JSON"),
    ],
)
def test_what_is_no_strict_json_object_is_refused(body, words):
    assert words in refusal(body)


@pytest.mark.parametrize("surrogate", ["\\ud800", "\\udc00", "\\ud800x", "\\u0000"])
@pytest.mark.parametrize(
    "field", ['"annotations":{"a":"%s"}', '"annotations":{"%s":"a"}', '"artifactType":"%s"', '"mediaType":"%s"']
)
def test_text_that_no_database_holds_is_refused(field, surrogate):
    config = json.dumps(CONFIG)
    assert "must not hold" in refusal(
        f'{{"schemaVersion":2,"config":{config},"layers":[],{field % surrogate}}}'.encode()
    )


def test_odd_text_in_unknown_fields_is_none_of_our_business():
    body = f'{{"schemaVersion":2,"config":{json.dumps(CONFIG)},"layers":[],"x\\ud800":"\\u0000\\udfff"}}'.encode()
    assert Manifest.parse(body, None).body == body


def manifest_or_refused(body, media_type):
    try:
        manifest = Manifest.parse(body, media_type)
    except Refused as error:
        error.message.encode()
        json.dumps(error.detail, ensure_ascii=False).encode()
    else:
        assert manifest.body == body


TYPES = st.none() | st.sampled_from(MANIFESTS) | st.text(max_size=20)


@given(st.binary() | st.text(alphabet='{}[]",:\\u0d8019eE.-naNIfity', max_size=40).map(str.encode), TYPES)
@example(b"", None)
def test_any_bytes_are_a_manifest_or_refused(body, media_type):
    manifest_or_refused(body, media_type)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([str(CONFIG["digest"]), "a/b", "e30=", *MANIFESTS])
)
KEYS = st.sampled_from(
    ["schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "annotations", "artifactType"]
    + ["digest", "size", "urls", "data", "platform", "os", "Layers", "other"]
)
ANY = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(), inner, max_size=6)
)


@given(ANY, TYPES)
def test_any_json_is_a_manifest_or_refused(document, media_type):
    manifest_or_refused(json.dumps(document).encode(), media_type)


@given(st.sampled_from([image(), index()]), KEYS, ANY, st.sampled_from(["top", "first"]), TYPES)
def test_a_manifest_with_any_one_field_replaced_is_a_manifest_or_refused(document, key, value, where, media_type):
    document = json.loads(json.dumps(document))
    target = document if where == "top" else (document.get("layers") or document["manifests"])[0]
    target[key] = value
    manifest_or_refused(json.dumps(document).encode(), media_type)
