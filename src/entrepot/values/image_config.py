"""Image configuration: what an image says about itself, its platform, how it is run, the steps that made it.

Anybody can push one, and nothing acts on it here: it is shown. So what has the wrong shape counts as absent, and only
a document that cannot be read at all is refused (image-spec, config.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from entrepot.values.descriptor import Descriptor
from entrepot.values.document import load_document
from entrepot.values.errors import ManifestInvalid
from entrepot.values.media_types import DOCKER_CONFIG, OCI_CONFIG

CONFIGS: Final = frozenset({OCI_CONFIG, DOCKER_CONFIG})
_DEPTH_MAX: Final = 64
_VALUES_MAX: Final = 50_000


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an image's history. `is_empty`: it made no layer."""

    created_by: str
    comment: str = ""
    created_at: datetime | None = None
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """What of a configuration people look at. Texts are empty, and lists without items, where nothing is said."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    author: str = ""
    created_at: datetime | None = None
    user: str = ""
    working_dir: str = ""
    stop_signal: str = ""
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    steps: tuple[Step, ...] = ()

    @classmethod
    def parse(cls, body: bytes) -> ImageConfig:
        """The configuration in `body`. Raises ManifestInvalid for what is no JSON object, or one beyond all bounds."""
        document = load_document(body, depth_max=_DEPTH_MAX, values_max=_VALUES_MAX)
        if not isinstance(document, dict):
            raise ManifestInvalid("the configuration must be an object")
        run = _object(document.get("config"))
        return cls(
            os=_text(document.get("os")),
            architecture=_text(document.get("architecture")),
            variant=_text(document.get("variant")),
            author=_text(document.get("author")),
            created_at=_moment(document.get("created")),
            user=_text(run.get("User")),
            working_dir=_text(run.get("WorkingDir")),
            stop_signal=_text(run.get("StopSignal")),
            entrypoint=_texts(run.get("Entrypoint")),
            command=_texts(run.get("Cmd")),
            env=_texts(run.get("Env")),
            ports=tuple(_object(run.get("ExposedPorts"))),
            volumes=tuple(_object(run.get("Volumes"))),
            labels={key: value for key, value in _object(run.get("Labels")).items() if isinstance(value, str)},
            steps=tuple(_step(_object(item)) for item in _items(document.get("history"))),
        )

    @property
    def platform(self) -> str:
        """As `linux/arm64/v8`; empty when nothing is said."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def made(self, layers: tuple[Descriptor, ...]) -> tuple[tuple[Step | None, Descriptor | None], ...]:
        """Steps with the layer each one made, the oldest first; layers beyond the history come last, without a step."""
        left = iter(layers)
        paired = [(step, None if step.is_empty else next(left, None)) for step in self.steps]
        return (*paired, *((None, layer) for layer in left))


def _step(fields: Mapping[str, object]) -> Step:
    return Step(
        _text(fields.get("created_by")),
        _text(fields.get("comment")),
        _moment(fields.get("created")),
        fields.get("empty_layer") is True,
    )


def _text(value: object) -> str:
    """Text that can be sent: a lone half of a surrogate pair becomes a question mark."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    """A list of words; Docker's old files have one text where a list belongs."""
    if isinstance(value, str):
        return (_text(value),)
    return tuple(_text(item) for item in _items(value) if isinstance(item, str))


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        return {}
    return {_text(key): _text(one) if isinstance(one, str) else one for key, one in value.items()}


def _moment(value: object) -> datetime | None:
    """A time; None also for the year 1, which tools write for "not known"."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year > 1 else None
