"""From an event of the feed to what happened in the words of those who listen. Values in, value out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from entrepot.jobs.events import Event, Recorded
from entrepot.registry.events import (
    ManifestDeleted,
    ManifestPulled,
    ManifestPushed,
    QuotaNearlyUsed,
    QuotaRefused,
    RepositoryCreated,
    RepositoryDeleted,
    TagDeleted,
    TagMoved,
)
from entrepot.webhooks.rules import Filter, Pattern, Word

_EVENTS: Final[Mapping[type[Event], Word]] = {
    ManifestPushed: Word.IMAGE_PUSHED,
    TagMoved: Word.IMAGE_PUSHED,  # a tag names another image from now on: for who listens that is a push
    ManifestPulled: Word.IMAGE_PULLED,
    ManifestDeleted: Word.IMAGE_DELETED,
    TagDeleted: Word.TAG_DELETED,
    RepositoryCreated: Word.REPOSITORY_CREATED,
    RepositoryDeleted: Word.REPOSITORY_DELETED,
    QuotaNearlyUsed: Word.QUOTA_WARNING,
    QuotaRefused: Word.QUOTA_EXCEEDED,
}
WORDS: Final[Mapping[str, Word]] = {event.type: word for event, word in _EVENTS.items()}
"""From types of the feed to words."""


@dataclass(frozen=True, slots=True)
class Happening:
    """`word` is what happened, `type` how the feed calls it. `actor_name` is empty where nobody did it."""

    id: str
    word: str
    type: str
    time: datetime
    subject: str
    organization: str
    domain_id: str
    actor: str
    data: Mapping[str, Any]
    digest: str = ""
    media_type: str = ""
    tags: Sequence[str] = ()
    actor_name: str = ""
    is_public: bool = False

    @property
    def repository(self) -> str:
        """The name after the organization's; empty for what is about none."""
        return self.subject.partition("/")[2]

    def only(self, tags: Pattern) -> "Happening":
        """The same, about those of its tags that fit."""
        return replace(self, tags=[tag for tag in self.tags if tags.fits(tag)]) if tags.text else self


def happening_of(event: Recorded) -> Happening | None:
    """None for what nobody can listen to."""
    word = WORDS.get(event.type)
    if word is None:
        return None
    data = event.data
    return Happening(
        event.id,
        word,
        event.type,
        event.time,
        event.subject,
        event.organization,
        event.domain_id,
        event.actor,
        data,
        digest=data.get("digest", ""),
        media_type=data.get("media_type", ""),
        tags=_tags(event),
    )


def fits(chosen: Filter, happening: Happening) -> bool:
    return chosen.fits(Word(happening.word), happening.repository, happening.tags)


def _tags(event: Recorded) -> Sequence[str]:
    data = event.data
    if "tag" in data:
        return [data["tag"]]
    if event.type == ManifestPulled.type:
        reference = data.get("reference", "")
        return [] if ":" in reference else [reference]
    return list(data.get("tags", ()))
