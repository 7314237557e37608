"""Compare: what two versions of a repository have different: how they are run, their layers, their files."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from entrepot.access.actor import Actor
from entrepot.archives.tree import Change, Changed, changes
from entrepot.registry import rules
from entrepot.registry.files import Layered, read_layers
from entrepot.registry.inspect import Inspected, inspect_version
from entrepot.registry.room import Registry
from entrepot.values.descriptor import Descriptor
from entrepot.values.image_config import ImageConfig
from entrepot.values.names import RepositoryName
from entrepot.values.platform import Platform
from entrepot.values.reference import Reference

_NOTHING: Final = ImageConfig()


@dataclass(frozen=True, slots=True)
class ConfigChange:
    """`what` is a field of the configuration; `key`: which variable or label. None where one side does not have it."""

    what: str
    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class LayerChange:
    """A layer of one of the two; `how` is None when both have it."""

    layer: Descriptor
    how: Changed | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A page of the `files` that are different, after which `following` goes on; everything else is whole.

    `counts`: files and folders that came, went and changed, on all pages; a folder that came or went counts as one.
    """

    before: Inspected
    after: Inspected
    config: Sequence[ConfigChange]
    layers: Sequence[LayerChange]
    files: Sequence[Change]
    counts: Mapping[Changed, int]
    following: str | None
    problems: Sequence[str]


async def compare_versions(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    before: Reference,
    after: Reference,
    marker: str,
    limit: int,
    platform: Platform | None = None,
) -> Comparison:
    """What changed from `before` to `after`; of files those after the path `marker`.

    Of an index its image for `platform`, else for linux/amd64, else the first. Raises Unauthenticated,
    RepositoryUnknown, ManifestUnknown or ParameterInvalid.
    """
    old, new = [await read_layers(registry, actor, path, one, None, platform) for one in (before, after)]
    left, right = [await inspect_version(registry, actor, path, one.manifest.digest) for one in (old, new)]
    files, counts, following = await registry.layers.run(partial(_files, old, new, marker, limit))
    return Comparison(
        left,
        right,
        list(_config(left.config or _NOTHING, right.config or _NOTHING)),
        _layers(left, right),
        files,
        counts,
        following,
        list(dict.fromkeys((*old.problems, *new.problems))),
    )


def _files(
    old: Layered, new: Layered, marker: str, limit: int
) -> tuple[Sequence[Change], Mapping[Changed, int], str | None]:
    counts = dict.fromkeys(Changed, 0)
    mark = marker.split("/")
    wanted: list[Change] = []
    for change in changes(old.tree, new.tree):
        counts[change.how] += 1
        # By parts, as they come: a folder, what is in it, then its neighbour, whose name may have a sign before "/".
        if len(wanted) <= limit and (not marker or change.path.split("/") > mark):
            wanted.append(change)
    items, has_more = rules.page(wanted, limit)
    return items, counts, items[-1].path if has_more else None


def _layers(left: Inspected, right: Inspected) -> Sequence[LayerChange]:
    """Those that went, then all of the newer image in their order."""
    old, new = ({one.digest for one in side.manifest.layers} for side in (left, right))
    gone = [LayerChange(one, Changed.REMOVED) for one in left.manifest.layers if one.digest not in new]
    now = [LayerChange(one, None if one.digest in old else Changed.ADDED) for one in right.manifest.layers]
    return [*gone, *now]


def _config(old: ImageConfig, new: ImageConfig) -> Iterator[ConfigChange]:
    for what, read in _FIELDS.items():
        before, after = read(old), read(new)
        for key in dict.fromkeys((*before, *after)):
            if before.get(key) != after.get(key):
                yield ConfigChange(what, key, before.get(key), after.get(key))


def _one(text: str) -> Mapping[str, str]:
    return {"": text} if text else {}


def _words(words: Sequence[str]) -> Mapping[str, str]:
    return _one(" ".join(words))


def _variables(env: Sequence[str]) -> Mapping[str, str]:
    return {name: value for name, _, value in (one.partition("=") for one in env)}


_FIELDS: Final[Mapping[str, Callable[[ImageConfig], Mapping[str, str]]]] = {
    "platform": lambda config: _one(config.platform),
    "entrypoint": lambda config: _words(config.entrypoint),
    "command": lambda config: _words(config.command),
    "working_dir": lambda config: _one(config.working_dir),
    "user": lambda config: _one(config.user),
    "stop_signal": lambda config: _one(config.stop_signal),
    "ports": lambda config: _words(sorted(config.ports)),
    "volumes": lambda config: _words(sorted(config.volumes)),
    "env": lambda config: _variables(config.env),
    "label": lambda config: config.labels,
}
