"""What is added to a delivery when it is sent: signatures, each as its receiver checks them. Values in, values out."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from entrepot.webhooks.rules import TRAITS, Kind
from entrepot.webhooks.secrets import SECRET_PREFIX, Secrets
from entrepot.webhooks.shapes import content_type_of


@dataclass(frozen=True, slots=True)
class Dressed:
    """A request, ready to be sent; `query` comes to that of the address."""

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str] = field(default_factory=dict)


def dress(kind: Kind, secrets: Secrets, message_id: str, at: datetime, text: str) -> Dressed:
    headers = {"content-type": content_type_of(kind)}
    if secrets.authorization:
        headers["authorization"] = secrets.authorization
    body = text.encode()
    if TRAITS[kind].signs:
        return Dressed(body, headers | signed_headers(message_id, at, body, secrets.valid(at)))
    if kind is Kind.DINGTALK and secrets.secret:
        return Dressed(body, headers, _dingtalk(secrets.secret, at))
    if kind is Kind.FEISHU and secrets.secret:
        signed = {**_feishu(secrets.secret, at), **json.loads(text)}
        return Dressed(json.dumps(signed, ensure_ascii=False).encode(), headers)
    return Dressed(body, headers)


def signed_headers(message_id: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """As the Standard Webhooks specification has them (standardwebhooks.com).

    One signature for each secret, so that a receiver may know either during a rotation.
    """
    seconds = int(at.timestamp())
    signed = b"%s.%d.%s" % (message_id.encode(), seconds, body)
    keys = [base64.b64decode(secret.removeprefix(SECRET_PREFIX)) for secret in secrets]
    signatures = " ".join(f"v1,{_signature(key, signed)}" for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(seconds), "webhook-signature": signatures}


def refusal(kind: Kind, answer: str) -> str:
    """What a chat says against a message, though it answers with status 200; empty when it took it."""
    names = {Kind.DINGTALK: "errcode", Kind.WECOM: "errcode", Kind.FEISHU: "code"}
    if kind not in names:
        return ""
    try:
        said: Any = json.loads(answer)
    except (ValueError, RecursionError):
        return "It answered no JSON."
    code = said.get(names[kind], 0) if isinstance(said, dict) else "nothing"
    return f"It answered with the code {code!s:.40}." if code else ""


def _dingtalk(secret: str, at: datetime) -> Mapping[str, str]:
    """DingTalk, custom robots, "sign": HMAC of milliseconds and secret, keyed by the secret."""
    stamp = str(int(at.timestamp() * 1000))
    return {"timestamp": stamp, "sign": _signature(secret.encode(), f"{stamp}\n{secret}".encode())}


def _feishu(secret: str, at: datetime) -> Mapping[str, str]:
    """Feishu, custom bots, signature: HMAC of nothing, keyed by seconds and secret."""
    stamp = str(int(at.timestamp()))
    return {"timestamp": stamp, "sign": _signature(f"{stamp}\n{secret}".encode(), b"")}


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
