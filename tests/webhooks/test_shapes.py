"""Payloads, field by field, and the signatures of chats."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from entrepot.webhooks.happenings import Happening
from entrepot.webhooks.rules import TEST, TRAITS, Kind
from entrepot.webhooks.secrets import Secrets
from entrepot.webhooks.shapes import body_of
from entrepot.webhooks.signing import dress, refusal

AT = datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)
SOURCE = "https://images.example"
DIGEST = "sha256:" + "a" * 64
PUSHED = Happening(
    "e1",
    "image_pushed",
    "manifest.pushed",
    AT,
    "acme/team/web",
    "acme",
    "d1",
    "user:1",
    {"digest": DIGEST},
    DIGEST,
    "application/vnd.oci.image.manifest.v1+json",
    ["v1", "latest"],
    "alice",
)


def test_harbor_s_consumers_find_what_they_look_for() -> None:
    assert json.loads(body_of(Kind.HARBOR, PUSHED, SOURCE)) == {
        "type": "PUSH_ARTIFACT",
        "occur_at": 1795953600,
        "operator": "alice",
        "event_data": {
            "resources": [
                {"digest": DIGEST, "tag": tag, "resource_url": f"images.example/acme/team/web:{tag}"}
                for tag in ("v1", "latest")
            ],
            "repository": {
                "date_created": 1795953600,
                "name": "team/web",
                "namespace": "acme",
                "repo_full_name": "acme/team/web",
                "repo_type": "private",
            },
        },
    }


def test_harbor_s_consumers_are_told_which_quota_is_used_up() -> None:
    data = {"quota": "bytes", "of": "domain", "limit": 10, "count": 1}
    full = Happening("e1", "quota_exceeded", "quota.exceeded", AT, "acme/team/web", "acme", "d1", "user:1", data)

    said = json.loads(body_of(Kind.HARBOR, full, SOURCE))

    assert said["type"] == "QUOTA_EXCEED"
    details = {"Details": "The quota of the domain for bytes: 10 allowed, and more was wanted."}
    assert said["event_data"].pop("custom_attributes") == details
    assert said["event_data"]["repository"]["repo_full_name"] == "acme/team/web"
    assert "resources" not in said["event_data"]
    nearly = {**data, "used": 9}
    warning = Happening("e2", "quota_warning", "quota.warning", AT, "acme", "acme", "d1", "system", nearly)
    warned = json.loads(body_of(Kind.HARBOR, warning, SOURCE))
    assert (warned["type"], warned["event_data"]["repository"]["namespace"]) == ("QUOTA_WARNING", "acme")
    assert warned["event_data"]["custom_attributes"]["Details"] == "The quota of the domain for bytes: 9 of 10 used."
    assert "Quota: of the domain for bytes: 10 allowed" in json.loads(body_of(Kind.MAIL, full, SOURCE))["text"]


def test_the_registry_s_consumers_find_what_they_look_for() -> None:
    events = json.loads(body_of(Kind.DOCKER, PUSHED, SOURCE))["events"]

    assert [one["id"] for one in events] == ["e1.v1", "e1.latest"]
    assert events[0] == {
        "id": "e1.v1",
        "timestamp": "2026-11-29T12:00:00.000000Z",
        "action": "push",
        "target": {
            "mediaType": PUSHED.media_type,
            "digest": DIGEST,
            "repository": "acme/team/web",
            "url": f"{SOURCE}/v2/acme/team/web/manifests/{DIGEST}",
            "tag": "v1",
        },
        "request": {"id": "e1", "host": "images.example"},
        "actor": {"name": "alice"},
        "source": {"addr": "images.example"},
    }


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_says_everything_it_has_words_for(kind: Kind) -> None:
    for word in (*TRAITS[kind].words, TEST):
        for tags in (["v1"], []):
            happening = Happening("e1", word, "type", AT, "acme/web", "acme", "d1", "user:1", {}, tags=tags)
            assert isinstance(json.loads(body_of(kind, happening, SOURCE)), dict)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (Kind.SLACK, ("text",)),
        (Kind.DINGTALK, ("markdown", "text")),
        (Kind.WECOM, ("markdown", "content")),
        (Kind.FEISHU, ("content", "text")),
        (Kind.GENERIC, ("title",)),
        (Kind.MAIL, ("subject",)),
    ],
)
def test_people_are_told_what_was_pushed(kind: Kind, place: tuple[str, ...]) -> None:
    said = json.loads(body_of(kind, PUSHED, SOURCE))
    for name in place:
        said = said[name]
    assert "Image pushed: acme/team/web:v1" in said


def test_dingtalk_s_signature_stands_in_the_address() -> None:
    dressed = dress(Kind.DINGTALK, Secrets(secret="SECx"), "m1", AT, "{}")

    stamp = str(int(AT.timestamp()) * 1000)
    expected = base64.b64encode(hmac.digest(b"SECx", f"{stamp}\nSECx".encode(), hashlib.sha256)).decode()
    assert dressed.query == {"timestamp": stamp, "sign": expected}
    assert dress(Kind.DINGTALK, Secrets(), "m1", AT, "{}").query == {}


def test_feishu_s_signature_stands_in_the_body() -> None:
    body = json.loads(dress(Kind.FEISHU, Secrets(secret="x"), "m1", AT, body_of(Kind.FEISHU, PUSHED, SOURCE)).body)

    stamp = str(int(AT.timestamp()))
    assert body["timestamp"] == stamp
    assert body["sign"] == base64.b64encode(hmac.digest(f"{stamp}\nx".encode(), b"", hashlib.sha256)).decode()
    assert body["msg_type"] == "text"


@pytest.mark.parametrize(
    ("kind", "answer", "is_refused"),
    [
        (Kind.DINGTALK, '{"errcode":0,"errmsg":"ok"}', False),
        (Kind.DINGTALK, '{"errcode":310000,"errmsg":"sign not match"}', True),
        (Kind.WECOM, '{"errcode":93000}', True),
        (Kind.FEISHU, '{"code":19021,"msg":"sign match fail"}', True),
        (Kind.FEISHU, '{"code":0}', False),
        (Kind.FEISHU, "<html>", True),
        (Kind.SLACK, "ok", False),
        (Kind.CLOUDEVENTS, '{"errcode":1}', False),
    ],
)
def test_a_chat_that_answers_200_may_have_refused(kind: Kind, answer: str, is_refused: bool) -> None:
    assert bool(refusal(kind, answer)) is is_refused
