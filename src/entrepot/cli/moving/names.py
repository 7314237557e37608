"""Names of what moves in: which repositories and tags are wanted, and what they are called here. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from entrepot.values.errors import NameInvalid, quoted
from entrepot.values.names import REPOSITORY_CHARS_MAX, OrganizationName, RepositoryName

_match_source = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*").fullmatch
_match_special = re.compile(r"sha(?:256|512)-[0-9a-f]{64,128}(?:\.(?:sig|att|sbom))?").fullmatch
_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Renaming:
    """What becomes of a name: `strip` goes from its beginning, `prefix` comes before it, all of it into `to`."""

    to: OrganizationName
    strip: str = ""
    prefix: str = ""

    def target(self, source: str) -> RepositoryName:
        """The repository here. Raises NameInvalid: a name that is not legal here is not made to fit."""
        strip = self.strip.strip("/")
        kept = source[len(strip) + 1 :] if strip and source.startswith(f"{strip}/") else source
        return RepositoryName.parse("/".join(part for part in (self.to, self.prefix.strip("/"), kept) if part))

    def pattern(self, project: str) -> str:
        """The repositories here that those of a project of the source become, as grants name them: `team/*`."""
        strip, prefix = self.strip.strip("/"), self.prefix.strip("/")
        kept = "" if project == strip else project.removeprefix(f"{strip}/") if strip else project
        return "/".join(part for part in (prefix, kept, "*") if part)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Patterns with `*`, `?` and `[…]`; none of a kind means all."""

    repositories: Sequence[str] = ()
    tags: Sequence[str] = ()

    def has_repository(self, name: str) -> bool:
        return _matches(name, self.repositories)

    def has_tag(self, tag: str) -> bool:
        return _matches(tag, self.tags)

    @property
    def named(self) -> list[str]:
        """The repositories that are named in full, for a source that does not list them."""
        return [one for one in self.repositories if not _WILD.intersection(one)]


def check_source_name(name: str) -> RepositoryName:
    """A repository as another registry may spell it: also of one part, also with capitals. Raises NameInvalid.

    It becomes a part of addresses and paths, so nothing that has a meaning there is let through.
    """
    if len(name) <= REPOSITORY_CHARS_MAX and _match_source(name) and not {".", ".."}.intersection(name.split("/")):
        return RepositoryName(name)
    raise NameInvalid(f"{quoted(name)} is not the name of a repository.", kind="repository")


def is_attachment(tag: str) -> bool:
    """Whether a tag is one that tools make of a digest: a list of referrers, or cosign's `.sig`, `.att`, `.sbom`."""
    return _match_special(tag) is not None


def images_first(tags: Iterable[str]) -> list[str]:
    """Tags in order, attachments last: most of them come along with their image before their turn."""
    return sorted(tags, key=lambda tag: (is_attachment(tag), tag))


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns)
