"""Platform: what an image in an index runs on (image-spec, image-index.md)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from entrepot.values.document import Fields
from entrepot.values.errors import ParameterInvalid, quoted, worded

_UNKNOWN = "unknown"
_TEXT_CHARS_MAX = 255
_match = re.compile(r"([a-zA-Z0-9_.-]+)(?:\(([a-zA-Z0-9_.-]+)\))?/([a-zA-Z0-9_.-]+)(?:/([a-zA-Z0-9_.-]+))?").fullmatch


@dataclass(frozen=True, slots=True)
class Platform:
    """Operating system and processor; `str()` gives `linux/arm64/v8` or `windows(10.0.17763.1)/amd64`."""

    os: str
    architecture: str
    variant: str | None = None
    os_version: str | None = None

    @classmethod
    def parse(cls, text: str) -> Platform:
        """The platform people write as `os/architecture[/variant]`. Raises ParameterInvalid."""
        found = _match(text) if len(text) <= _TEXT_CHARS_MAX else None
        if found is None:
            raise ParameterInvalid(
                worded("{text} is not a platform, as in linux/amd64 or linux/arm64/v8", text=quoted(text))
            )
        return cls(os=found[1], architecture=found[3], variant=found[4], os_version=found[2])

    @classmethod
    def from_json(cls, value: object, path: str = "platform") -> Platform:
        """The platform of a descriptor.

        An operating system or architecture that is missing or empty becomes "unknown": tools write such platforms for
        what is no image, and a platform only informs. Raises ManifestInvalid.
        """
        fields = Fields(value, path)
        return cls(
            os=fields.optional_text("os") or _UNKNOWN,
            architecture=fields.optional_text("architecture") or _UNKNOWN,
            variant=fields.optional_text("variant") or None,
            os_version=fields.optional_text("os.version") or None,
        )

    def __str__(self) -> str:
        version = f"({self.os_version})" if self.os_version else ""
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.os}{version}/{self.architecture}{variant}"
