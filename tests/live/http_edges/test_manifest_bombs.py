"""Manifests made to hurt whoever parses them: deep, wide, odd, or not JSON to everybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.live.conformance.answers import Answer, expect
from tests.live.conformance.builders import Make, Manifest
from tests.live.conformance.conftest import fresh_make
from tests.live.conformance.media_types import IMAGE, INDEX
from tests.live.conformance.repository import ACCEPT, Repository

REFUSALS = (
    "MANIFEST_INVALID",
    "SIZE_INVALID",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "BLOB_UNKNOWN",
    "UNSUPPORTED",
)
DIGEST = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def whole() -> Manifest:
    return fresh_make().image()


@pytest.fixture
def furnished(repo: Repository, whole: Manifest) -> Repository:
    """A repository that holds everything the manifest needs, so that only the oddity can be refused."""
    repo.push(*whole.blobs)
    return repo


DEEP = {
    "arrays": b'{"schemaVersion":2,"x":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "objects": b'{"schemaVersion":2,"x":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "unclosed": b"[" * 1_000_000,
    "a number of a million digits": b'{"schemaVersion":2,"x":' + b"9" * 1_000_000 + b"}",
    "a version of a million digits": b'{"schemaVersion":' + b"2" * 1_000_000 + b"}",
    "an exponent": b'{"schemaVersion":2,"x":1e999999999}',
    "a hundred thousand keys": json.dumps({"schemaVersion": 2, **{f"k{n}": n for n in range(100_000)}}).encode(),
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize("media_type", [IMAGE, INDEX])
def test_what_is_deep_or_huge_is_refused_soon(furnished: Repository, kind: str, media_type: str) -> None:
    expect(furnished.put_body("latest", DEEP[kind], media_type), 400, 413, code=REFUSALS)
    expect(furnished.head_manifest("latest"), 404)


MEMBERS = {
    "arrays": b"[" * 200_000 + b"]" * 200_000,
    "objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "a number of a million digits": b"9" * 1_000_000,
    "a tiny fraction": b"0." + b"0" * 1_000_000 + b"1",
    "an exponent": b"-1e999999999",
    "a hundred thousand keys": json.dumps({f"k{n}": n for n in range(100_000)}).encode(),
    "a text of three megabytes": b'"' + b"\\u0041" * 500_000 + b'"',
}


@pytest.mark.parametrize("kind", MEMBERS)
def test_a_bomb_in_an_unknown_member_is_kept_as_it_is_or_refused(
    furnished: Repository, whole: Manifest, kind: str
) -> None:
    """The rest of the manifest is valid, and unknown members are allowed."""
    body = whole.body[:-1] + b', "x": ' + MEMBERS[kind] + b"}"
    check_kept_or_refused(furnished, furnished.put_body("latest", body), body)


@pytest.mark.parametrize("count", [5_000, 20_000])
def test_very_many_layers_are_refused(furnished: Repository, whole: Manifest, count: int) -> None:
    """Too many, or missing: either way one answer, and not longer than a client takes."""
    layer = whole.content["layers"][0]
    layers = [{**layer, "digest": f"sha256:{number:064x}"} for number in range(count)]
    body = json.dumps({**whole.content, "layers": layers}, separators=(",", ":")).encode()
    answer = expect(furnished.put_body("latest", body), 400, 404, 413, code=REFUSALS)
    assert len(answer.body) <= 4 * 1024 * 1024


def test_one_layer_very_many_times_is_one_layer_or_refused(furnished: Repository, whole: Manifest) -> None:
    body = json.dumps({**whole.content, "layers": whole.content["layers"][:1] * 20_000}).encode()
    if len(body) > 4 * 1024 * 1024:
        body = json.dumps({**whole.content, "layers": whole.content["layers"][:1] * 15_000}).encode()
    check_kept_or_refused(furnished, furnished.put_body("latest", body), body)


def test_very_many_children_are_refused(furnished: Repository) -> None:
    children = [{"mediaType": IMAGE, "digest": f"sha256:{number:064x}", "size": 1} for number in range(20_000)]
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
    expect(furnished.put_body("latest", body, INDEX), 400, 404, 413, code=REFUSALS)


def test_an_index_of_an_index_of_an_index_is_taken_or_refused(repo: Repository) -> None:
    """Fifty floors: whatever is decided, no answer walks them all."""
    make: Make = fresh_make()
    top = repo.publish(make.image(0))
    for floor in range(50):
        top = make.index([top], annotations={"floor": str(floor)})
        answer = expect(repo.put_manifest(top.digest, top), 201, 400, code=REFUSALS)
        if answer.status == 400:
            return
    assert expect(repo.get_manifest(top.digest), 200).body == top.body
    expect(repo.delete_manifest(top.digest), 202)


def test_an_index_of_itself_cannot_be_made(repo: Repository) -> None:
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "subject": None}).encode()
    answer = repo.put_body("self", body, INDEX)
    check_kept_or_refused(repo, answer, body, tag="self")


def drop(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.pop(name)


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set a member; the path is written `layers.0.size`."""

    def change(content: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        place: Any = content
        for step in parents:
            place = place[int(step) if step.isdigit() else step]
        place[int(last) if last.isdigit() else last] = value

    return change


INVALID = {
    "no schema version": drop("schemaVersion"),
    "schema version 3": put("schemaVersion", 3),
    "schema version as text": put("schemaVersion", "2"),
    "no config": drop("config"),
    "config is null": put("config", None),
    "config is a list": put("config", []),
    "config is text": put("config", "text"),
    "no layers": drop("layers"),
    "layers is an object": put("layers", {}),
    "layers is a number": put("layers", 7),
    "a layer is text": put("layers.0", "text"),
    "a layer is null": put("layers.0", None),
    "a layer is a list": put("layers.0", []),
    "no digest": put("layers.0", {"mediaType": "x/y", "size": 1}),
    "digest is a number": put("layers.0.digest", 7),
    "digest is malformed": put("layers.0.digest", "sha256:nothing"),
    "digest climbs": put("layers.0.digest", "sha256:../../../etc/passwd"),
    "digest is upper case": put("layers.0.digest", "sha256:" + "A" * 64),
    "digest ends in a line feed": put("layers.0.digest", DIGEST + "\n"),
    "size is negative": put("layers.0.size", -1),
    "size is text": put("layers.0.size", "12"),
    "size is a fraction": put("layers.0.size", 1.5),
    "size is true": put("layers.0.size", True),
    "size is beyond 64 bits": put("layers.0.size", 2**70),
    "media type is a number": put("layers.0.mediaType", 7),
    "media type is a list": put("mediaType", [IMAGE]),
    "subject is text": put("subject", "text"),
    "subject is a list": put("subject", []),
    "subject without digest": put("subject", {"mediaType": IMAGE, "size": 1}),
    "artifact type is a number": put("artifactType", 7),
    "annotations is a list": put("annotations", []),
    "an annotation is a number": put("annotations", {"a": 1}),
    "an annotation is null": put("annotations", {"a": None}),
    "also an index": put("manifests", []),
}


@pytest.mark.parametrize("kind", INVALID)
def test_a_member_of_the_wrong_kind_is_refused(furnished: Repository, whole: Manifest, kind: str) -> None:
    content = whole.content
    INVALID[kind](content)
    expect(furnished.put_body("latest", json.dumps(content).encode()), 400, code=REFUSALS)
    expect(furnished.head_manifest("latest"), 404)


# Allowed by the letter, or a matter of taste: taken and kept byte for byte, or refused.
STRANGE = {
    "NUL in an annotation": put("annotations", {"a": "x\x00y"}),
    "NUL in a type": put("artifactType", "a/b\x00c"),
    "half a surrogate pair": put("annotations", {"a": "\ud800"}),
    "a line feed in a type": put("artifactType", "a/b\r\nX-Evil: 1"),
    "an empty type": put("artifactType", ""),
    "a huge type": put("artifactType", "a/" + "b" * 100_000),
    "a huge annotation key": put("annotations", {"k" * 100_000: ""}),
    "a size that is not true": put("layers.0.size", 1),
    "a size of 2^63": put("layers.0.size", 2**63),
    "urls that are no addresses": put("layers.0.urls", ["javascript:alert(1)", ""]),
    "urls is text": put("layers.0.urls", "text"),
    "platform is a list": put("layers.0.platform", []),
    "data that is not the layer's": put("layers.0.data", "AAAA"),
    "data that is not base64": put("layers.0.data", "***"),
    "subject is null": put("subject", None),
    "annotations is null": put("annotations", None),
    "subject is itself impossible": put("subject", {"mediaType": IMAGE, "digest": DIGEST, "size": -1}),
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_member_is_kept_as_it_is_or_refused(furnished: Repository, whole: Manifest, kind: str) -> None:
    content = whole.content
    STRANGE[kind](content)
    body = json.dumps(content).encode()
    check_kept_or_refused(furnished, furnished.put_body("latest", body), body)
    subject = content.get("subject") or {}
    for digest in (DIGEST, subject.get("digest", DIGEST)):
        expect(furnished.list_referrers(digest), 200)


TEXTS = {
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "not UTF-8": lambda text: text.replace(b'"schemaVersion"', b'"\xff": 1, "schemaVersion"'),
    "something after the end": lambda text: text + b" {}",
    "a trailing comma": lambda text: text[:-1] + b",}",
    "a comment": lambda text: b"/* */" + text,
    "NaN": lambda text: text[:-1] + b', "x": NaN}',
    "Infinity": lambda text: text[:-1] + b', "x": -Infinity}',
    "single quotes": lambda text: text.replace(b'"', b"'"),
    "a control character": lambda text: text[:-1] + b', "x": "\x01"}',
}


@pytest.mark.parametrize("kind", TEXTS)
def test_what_is_not_json_to_everybody_is_refused(furnished: Repository, whole: Manifest, kind: str) -> None:
    """Two parsers that read it differently would see two images under one digest."""
    expect(furnished.put_body("latest", TEXTS[kind](whole.body)), 400, code=REFUSALS)


@pytest.mark.parametrize("member", ["layers", "config", "mediaType", "schemaVersion", "x"])
def test_a_member_twice_is_kept_as_it_is_or_refused(furnished: Repository, whole: Manifest, member: str) -> None:
    value = json.dumps(whole.content.get(member, 1))
    body = whole.body[:-1] + f', "{member}": {value}, "{member}": {value}}}'.encode()
    check_kept_or_refused(furnished, furnished.put_body("latest", body), body)


def check_kept_or_refused(repo: Repository, answer: Answer, body: bytes, tag: str = "latest") -> None:
    expect(answer, 201, 400, code=REFUSALS)
    if answer.status == 201:
        assert expect(repo.get_manifest(tag, ACCEPT), 200).body == body
    else:
        expect(repo.head_manifest(tag), 404)
