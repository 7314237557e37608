"""What a delivery to a program says, by the kind of its webhook. Values in, JSON out.

What is secret is added when it is sent (`signing.py`); what is for people is in `messages.py`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from entrepot.jobs.events import CLOUDEVENTS_TYPE_PREFIX
from entrepot.plumbing.clock import rfc3339
from entrepot.webhooks import messages
from entrepot.webhooks.happenings import Happening
from entrepot.webhooks.rules import TEST, Kind, Word

Shape = Callable[[Happening, str], Mapping[str, Any]]
"""From what happened, and the address of this service, to a document."""

# What Harbor calls it (goharbor.io, "Configure Webhook Notifications"), and the registry (distribution, "Work with
# notifications").
_HARBOR: Final[Mapping[str, str]] = {
    Word.IMAGE_PUSHED: "PUSH_ARTIFACT",
    Word.IMAGE_PULLED: "PULL_ARTIFACT",
    Word.IMAGE_DELETED: "DELETE_ARTIFACT",
    Word.QUOTA_WARNING: "QUOTA_WARNING",
    Word.QUOTA_EXCEEDED: "QUOTA_EXCEED",
    TEST: "TEST_ENDPOINT",
}
_DOCKER: Final[Mapping[str, str]] = {Word.IMAGE_PUSHED: "push", Word.IMAGE_PULLED: "pull"}
_DELETE: Final = "delete"


def cloud_event(happening: Happening, source: str) -> Mapping[str, Any]:
    """CloudEvents 1.0, structured JSON: an event as the feed for programs has it."""
    return {
        "specversion": "1.0",
        "id": happening.id,
        "source": source,
        "type": CLOUDEVENTS_TYPE_PREFIX + happening.type,
        "subject": happening.subject,
        "time": rfc3339(happening.time),
        "datacontenttype": "application/json",
        "data": happening.data,
        "actor": happening.actor,
        "organization": happening.organization,
        "domainid": happening.domain_id,
    }


def harbor_event(happening: Happening, source: str) -> Mapping[str, Any]:
    """As Harbor's default payload: a resource for each tag, or one without; of a quota the sentence about it."""
    host, seconds = urlsplit(source).netloc, int(happening.time.timestamp())
    image = f"{host}/{happening.subject}"
    resources = [
        {"digest": happening.digest, "tag": tag, "resource_url": f"{image}:{tag}"} for tag in happening.tags
    ] or [{"digest": happening.digest, "resource_url": f"{image}@{happening.digest}"}]
    about: Mapping[str, Any] = {"resources": [] if happening.word == TEST else resources}
    if quota := messages.quota_of(happening):
        about = {"custom_attributes": {"Details": f"The quota {quota}."}}
    return {
        "type": _HARBOR[happening.word],
        "occur_at": seconds,
        "operator": happening.actor_name,
        "event_data": {
            **about,
            "repository": {
                "date_created": seconds,
                "name": happening.repository,
                "namespace": happening.organization,
                "repo_full_name": happening.subject,
                "repo_type": "public" if happening.is_public else "private",
            },
        },
    }


def docker_events(happening: Happening, source: str) -> Mapping[str, Any]:
    """As the registry's notifications: an envelope with an event for each tag, or one without. A test is empty."""
    tags: Sequence[str] = happening.tags or [""]
    return {"events": [] if happening.word == TEST else [_docker_event(happening, source, tag) for tag in tags]}


def _docker_event(happening: Happening, source: str, tag: str) -> Mapping[str, Any]:
    address = f"{source}/v2/{happening.subject}/manifests/{happening.digest or tag}"
    target = {
        "mediaType": happening.media_type,
        "digest": happening.digest,
        "repository": happening.subject,
        "url": address if happening.digest or tag else "",
        "tag": tag,
    }
    return {
        "id": f"{happening.id}.{tag}" if tag else happening.id,
        "timestamp": rfc3339(happening.time),
        "action": _DOCKER.get(happening.word, _DELETE),
        "target": {key: value for key, value in target.items() if value},
        "request": {"id": happening.id, "host": urlsplit(source).netloc},
        "actor": {"name": happening.actor_name},
        "source": {"addr": urlsplit(source).netloc},
    }


SHAPES: Final[Mapping[Kind, Shape]] = {
    Kind.CLOUDEVENTS: cloud_event,
    Kind.HARBOR: harbor_event,
    Kind.DOCKER: docker_events,
    Kind.GENERIC: messages.generic,
    Kind.SLACK: messages.slack,
    Kind.DINGTALK: messages.dingtalk,
    Kind.WECOM: messages.wecom,
    Kind.FEISHU: messages.feishu,
    Kind.MAIL: messages.mail,
}
CONTENT_TYPES: Final[Mapping[Kind, str]] = {
    Kind.CLOUDEVENTS: "application/cloudevents+json; charset=utf-8",
    Kind.DOCKER: "application/vnd.docker.distribution.events.v1+json",
}
_CONTENT_TYPE: Final = "application/json; charset=utf-8"


def body_of(kind: Kind, happening: Happening, source: str) -> str:
    return json.dumps(SHAPES[kind](happening, source), ensure_ascii=False, separators=(",", ":"))


def content_type_of(kind: Kind) -> str:
    return CONTENT_TYPES.get(kind, _CONTENT_TYPE)
