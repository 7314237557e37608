"""What a webhook may say, and what follows from an attempt. Values in, value or error out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import re2

from entrepot.access.patterns import ESCAPE
from entrepot.plumbing.expressions import Expression
from entrepot.values.errors import ParameterInvalid, TooMany, quoted, worded
from entrepot.values.names import RepositoryName, WebhookName
from entrepot.values.words import one_of

TEST_LANE: Final = "!test"  # no repository's name
AUTHORIZATION_CHARS_MAX: Final = 4_096
_PATTERN_CHARS_MAX: Final = 255
_FIRST_PAUSE_SECONDS: Final = 5.0
_PAUSE_SECONDS_MAX: Final = 3_600.0
_DOUBLINGS_MAX: Final = 20
_SECRET_CHARS_MAX: Final = 256
_RECIPIENTS_MAX: Final = 20
_RECIPIENT_CHARS_MAX: Final = 254
# Narrower than RFC 5321: no quotes, no comments, ASCII. It can match no text in two ways.
_match_recipient = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*").fullmatch
GONE: Final = 410


class Kind(StrEnum):
    """What a delivery looks like, and how it travels: to programs, into chats, as mail."""

    CLOUDEVENTS = "cloudevents"
    HARBOR = "harbor"
    DOCKER = "docker"
    GENERIC = "generic"
    SLACK = "slack"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"
    MAIL = "mail"


class Word(StrEnum):
    """What can happen, in the words of those who listen."""

    IMAGE_PUSHED = "image_pushed"
    IMAGE_PULLED = "image_pulled"
    IMAGE_DELETED = "image_deleted"
    TAG_DELETED = "tag_deleted"
    REPOSITORY_CREATED = "repository_created"
    REPOSITORY_DELETED = "repository_deleted"
    QUOTA_WARNING = "quota_warning"
    QUOTA_EXCEEDED = "quota_exceeded"


@dataclass(frozen=True, slots=True)
class Trait:
    """`signs`: with a secret of ours. `takes_secret`: signs with one that the chat gave, in its own manner.

    `hides_path`: who knows the path of the address may write there. `words`: what it has words for.
    """

    signs: bool = False
    takes_secret: bool = False
    hides_path: bool = False
    words: Sequence[Word] = tuple(Word)


_OF_IMAGES: Final = (Word.IMAGE_PUSHED, Word.IMAGE_PULLED, Word.IMAGE_DELETED)
TRAITS: Final[Mapping[Kind, Trait]] = {
    Kind.CLOUDEVENTS: Trait(signs=True),
    Kind.HARBOR: Trait(signs=True, words=(*_OF_IMAGES, Word.QUOTA_WARNING, Word.QUOTA_EXCEEDED)),
    Kind.DOCKER: Trait(signs=True, words=(*_OF_IMAGES, Word.TAG_DELETED, Word.REPOSITORY_DELETED)),
    Kind.GENERIC: Trait(signs=True),
    Kind.SLACK: Trait(hides_path=True),
    Kind.DINGTALK: Trait(takes_secret=True),
    Kind.WECOM: Trait(),
    Kind.FEISHU: Trait(takes_secret=True, hides_path=True),
    Kind.MAIL: Trait(),
}

TEST: Final = "test"
"""The word of a delivery that somebody had sent to try a webhook out."""


class State(StrEnum):
    """What became of a delivery. Only a test fails for good: everything else waits until it is delivered."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which names fit: all, when it is empty. A `*` stands for any characters, also for none and for slashes."""

    text: str

    @classmethod
    def parse(cls, text: str, field: str) -> "Pattern":
        """Raises ParameterInvalid."""
        if len(text) > _PATTERN_CHARS_MAX or not text.isprintable() or " " in text or ESCAPE in text:
            raise ParameterInvalid(
                worded(
                    "{field} is a name in which `*` stands for any characters, at most {pattern_chars_max} "
                    "long; not {text}.",
                    field=field,
                    pattern_chars_max=_PATTERN_CHARS_MAX,
                    text=quoted(text),
                ),
                kind=field,
            )
        return cls(text)

    def fits(self, name: str) -> bool:
        """Matched in time that is linear in the name."""
        return not self.text or Expression(".*".join(map(re2.escape, self.text.split("*")))).fits(name)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a webhook listens to. `repositories` is about names after the organization's; `tags` about an image's."""

    words: Sequence[Word]
    repositories: Pattern
    tags: Pattern

    @classmethod
    def parse(cls, kind: Kind, words: Sequence[str], repositories: str, tags: str) -> "Filter":
        """Raises ParameterInvalid."""
        parsed = list(dict.fromkeys(one_of(Word, word, "events") for word in words))
        if not parsed:
            raise ParameterInvalid(worded("events names at least one of {word}.", word=", ".join(Word)), kind="events")
        if without := [word for word in parsed if word not in TRAITS[kind].words]:
            raise ParameterInvalid(
                worded(
                    "{kind} has no word for {without}; it has for {words}.",
                    kind=kind,
                    without=", ".join(without),
                    words=", ".join(TRAITS[kind].words),
                ),
                kind="events",
            )
        return cls(parsed, Pattern.parse(repositories, "repositories"), Pattern.parse(tags, "tags"))

    def fits(self, word: Word, repository: str, tags: Sequence[str]) -> bool:
        """`tags`: those the event is about; an event about none fits only where all tags do."""
        if word not in self.words or not self.repositories.fits(repository):
            return False
        return not self.tags.text or any(self.tags.fits(tag) for tag in tags)


@dataclass(frozen=True, slots=True)
class Definition:
    """A webhook as somebody defined it. Without `repository` it is about all of its organization."""

    name: WebhookName
    repository: RepositoryName | None
    kind: Kind
    filter: Filter
    is_enabled: bool


def check_count(count: int, most: int) -> None:
    """Raises TooMany."""
    if count >= most:
        raise TooMany(worded("An organization has at most {most} webhooks; delete one first.", most=most), limit=most)


def check_secret(kind: Kind, secret: str) -> None:
    """Pass for no secret, and for one that a chat of this kind gave. Raises ParameterInvalid."""
    if secret and not TRAITS[kind].takes_secret:
        takers = ", ".join(one for one in Kind if TRAITS[one].takes_secret)
        raise ParameterInvalid(
            worded("A secret is given for {takers} only; not for {kind}.", takers=takers, kind=kind), kind="secret"
        )
    if len(secret) > _SECRET_CHARS_MAX or not secret.isprintable():
        raise ParameterInvalid(
            worded(
                "A secret has at most {secret_chars_max} characters that can be printed.",
                secret_chars_max=_SECRET_CHARS_MAX,
            ),
            kind="secret",
        )


def check_recipients(recipients: Sequence[str]) -> None:
    """Pass for addresses of mail, as many as may be. Raises ParameterInvalid."""
    if not 1 <= len(recipients) <= _RECIPIENTS_MAX:
        raise ParameterInvalid(
            worded("Mail goes to 1 to {recipients_max} recipients.", recipients_max=_RECIPIENTS_MAX), kind="recipients"
        )
    for one in recipients:
        if len(one) > _RECIPIENT_CHARS_MAX or not _match_recipient(one):
            raise ParameterInvalid(
                worded("{one} is not an address of mail, as alice@example.com.", one=quoted(one)), kind="recipients"
            )


def check_authorization(text: str) -> None:
    """Pass for what can stand in a header. Raises ParameterInvalid."""
    if len(text) > AUTHORIZATION_CHARS_MAX or not text.isascii() or not text.isprintable() or text != text.strip():
        raise ParameterInvalid(
            worded(
                "authorization is the value of a header: at most {authorization_chars_max} ASCII "
                "characters that can be printed.",
                authorization_chars_max=AUTHORIZATION_CHARS_MAX,
            ),
            kind="authorization",
        )


def pause_seconds(attempts: int, chance: float, retry_after: float | None = None) -> float:
    """How long to wait after so many attempts that failed; `chance` from 0 to 1 spreads those that failed together.

    5 seconds, then twice as long each time, at most an hour; of that the second half is left to chance.
    A target that asks to be left alone for longer is, for as long as the longest pause.
    """
    whole = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(attempts - 1, _DOUBLINGS_MAX), _PAUSE_SECONDS_MAX)
    return max(whole * (0.5 + chance / 2), min(retry_after or 0.0, _PAUSE_SECONDS_MAX))


def is_over(failing_seconds: float, retry_seconds: float, status: int | None) -> bool:
    """Whether a webhook pauses now: it failed for so long, or its target says that it is gone for good."""
    return status == GONE or failing_seconds >= retry_seconds
