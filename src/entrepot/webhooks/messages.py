"""What people are told, in the forms that chats and mail take. Names of images and users hold nothing to escape."""

from collections.abc import Mapping
from typing import Any, Final

from entrepot.plumbing.clock import rfc3339
from entrepot.webhooks.happenings import Happening
from entrepot.webhooks.rules import TEST, Word

_TITLES: Final[Mapping[str, str]] = {
    Word.IMAGE_PUSHED: "Image pushed",
    Word.IMAGE_PULLED: "Image pulled",
    Word.IMAGE_DELETED: "Image deleted",
    Word.TAG_DELETED: "Tag deleted",
    Word.REPOSITORY_CREATED: "Repository created",
    Word.REPOSITORY_DELETED: "Repository deleted",
    Word.QUOTA_WARNING: "Quota nearly used up",
    Word.QUOTA_EXCEEDED: "Quota used up",
    TEST: "A test",
}


def title_of(happening: Happening) -> str:
    about = f"{happening.subject}:{happening.tags[0]}" if happening.tags else happening.subject
    return f"{_TITLES[happening.word]}: {about}"


def details_of(happening: Happening, source: str) -> list[tuple[str, str]]:
    """What else is known, by name."""
    known = (
        ("Tags", ", ".join(happening.tags)),
        ("Digest", happening.digest),
        ("Quota", quota_of(happening)),
        ("By", happening.actor_name),
        ("At", f"{happening.time:%Y-%m-%d %H:%M:%S} UTC"),
        ("Look", f"{source}/console/"),
    )
    return [(name, text) for name, text in known if text]


def quota_of(happening: Happening) -> str:
    """Which quota it is about; empty when it is about none."""
    data = happening.data
    if "quota" not in data:
        return ""
    how = (
        f"{data['used']} of {data['limit']} used" if "used" in data else f"{data['limit']} allowed, and more was wanted"
    )
    return f"of the {data['of']} for {data['quota']}: {how}"


def _text(happening: Happening, source: str) -> str:
    return "\n".join(f"{name}: {text}" for name, text in details_of(happening, source))


def generic(happening: Happening, source: str) -> Mapping[str, Any]:
    return {
        "title": title_of(happening),
        "text": _text(happening, source),
        "event": happening.word,
        "subject": happening.subject,
        "tags": list(happening.tags),
        "digest": happening.digest,
        "actor": happening.actor_name,
        "time": rfc3339(happening.time),
    }


def slack(happening: Happening, source: str) -> Mapping[str, Any]:
    """For an incoming webhook of Slack."""
    lines = "\n".join(f"*{name}:* {text}" for name, text in details_of(happening, source))
    return {"text": f"*{title_of(happening)}*\n{lines}"}


def dingtalk(happening: Happening, source: str) -> Mapping[str, Any]:
    """For a custom robot of a group of DingTalk."""
    return {"msgtype": "markdown", "markdown": {"title": title_of(happening), "text": _markdown(happening, source)}}


def wecom(happening: Happening, source: str) -> Mapping[str, Any]:
    """For a robot of a group of WeCom."""
    return {"msgtype": "markdown", "markdown": {"content": _markdown(happening, source)}}


def feishu(happening: Happening, source: str) -> Mapping[str, Any]:
    """For a custom bot of a group of Feishu, or Lark."""
    return {"msg_type": "text", "content": {"text": f"{title_of(happening)}\n{_text(happening, source)}"}}


def mail(happening: Happening, source: str) -> Mapping[str, Any]:
    return {"subject": title_of(happening), "text": f"{title_of(happening)}\n\n{_text(happening, source)}\n"}


def _markdown(happening: Happening, source: str) -> str:
    lines = "\n".join(f"- {name}: {text}" for name, text in details_of(happening, source))
    return f"### {title_of(happening)}\n\n{lines}"
