"""Reference: how one manifest is asked for, inside a repository (tag or digest) or in full, with a host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from entrepot.values.digest import Digest
from entrepot.values.errors import NameInvalid, quoted, worded
from entrepot.values.names import RepositoryName, TagName

Reference: TypeAlias = TagName | Digest

_HOST_CHARS_MAX = 255 + len(":65535")
_match_host = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:.]+\])"
    r"(?::([0-9]{1,5}))?"
).fullmatch


def parse_reference(text: str) -> Reference:
    """A digest if `text` has a colon, which no tag can have, and a tag otherwise.

    Raises DigestInvalid or TagInvalid.
    """
    return Digest.parse(text) if ":" in text else TagName.parse(text)


def fallback_tag(subject: Digest) -> TagName:
    """The tag under which clients without the referrers API keep a list (specification, referrers tag schema)."""
    return TagName(f"{subject.algorithm[:32]}-{subject.hex[:64]}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """`host/organization/name:tag@digest` as people write it; `str()` gives it back.

    `host` is None when the text has none. Tag and digest may be absent, or both be there: then the digest decides.
    """

    host: str | None
    name: RepositoryName
    tag: TagName | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """What `text` refers to. Nothing is filled in: no default host, no `library/`, no `latest`.

        The first component is a host if it has a dot or a colon or is `localhost`, as Docker has it.
        Raises NameInvalid, TagInvalid or DigestInvalid.
        """
        rest, at, digest = text.partition("@")
        first, slash, remainder = rest.partition("/")
        host = first if slash and _looks_like_host(first) else None
        if host is not None:
            _check_host(host)
            rest = remainder
        # A colon is a tag's only in the last component; any before would be a port, and those are gone with the host.
        name, colon, tag = rest.partition(":")
        return cls(
            host,
            RepositoryName.parse(name),
            TagName.parse(tag) if colon else None,
            Digest.parse(digest) if at else None,
        )

    @property
    def reference(self) -> Reference | None:
        """What to ask the repository for: the digest if there is one, else the tag, else None."""
        return self.digest or self.tag

    def __str__(self) -> str:
        host = f"{self.host}/" if self.host is not None else ""
        tag = f":{self.tag}" if self.tag is not None else ""
        digest = f"@{self.digest}" if self.digest is not None else ""
        return f"{host}{self.name}{tag}{digest}"


def _looks_like_host(component: str) -> bool:
    return "." in component or ":" in component or component == "localhost"


def _check_host(host: str) -> None:
    found = _match_host(host) if len(host) <= _HOST_CHARS_MAX else None
    if found is None or (found[1] is not None and not 0 < int(found[1]) < 65536):
        raise NameInvalid(worded("{host} is not a host, as in registry.example:5000", host=quoted(host)), kind="host")
