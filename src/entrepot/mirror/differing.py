"""Differing: which tags of a repository name something else on the other side, or have something attached that is not
there. Manifests are asked for by their digests (HEAD); nothing is fetched.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from entrepot.mirror.wide_rules import WideRule
from entrepot.remote.together import together
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.names import TagName
from entrepot.values.reference import Reference

_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Sides:
    """How a repository is asked where it comes from, and on the other side.

    `tags`: all that it has, with what they name if that is known. `source` and `target` tell what a reference names;
    None: it is not there. `referrers`: what refers to a manifest, where it comes from.
    """

    tags: Mapping[str, Digest | None]
    source: Callable[[Reference], Awaitable[Digest | None]]
    target: Callable[[Reference], Awaitable[Digest | None]]
    referrers: Callable[[Digest], Awaitable[Sequence[Descriptor]]]


@dataclass(slots=True)
class Differing:
    """`wanted`: tags to be copied; `left_alone`: so many name another image there, and are not to be replaced."""

    wanted: list[str]
    looked_at: int = 0
    left_alone: int = 0


async def differing(sides: Sides, rule: WideRule) -> Differing:
    """What a rule has to do for a repository. Raises what the sides raise."""
    taken = [tag for tag in sides.tags if rule.takes(tag)]
    found = Differing([], looked_at=len(taken))
    for at in range(0, len(taken), _AT_ONCE):
        batch = taken[at : at + _AT_ONCE]
        verdicts = await together(partial(_judge, sides, rule, TagName(tag)) for tag in batch)
        found.wanted += [tag for tag, verdict in zip(batch, verdicts, strict=True) if verdict]
        found.left_alone += sum(verdict is None for verdict in verdicts)
    return found


async def _judge(sides: Sides, rule: WideRule, tag: TagName) -> bool | None:
    """Whether the tag is to be copied; None: it would be, if it might replace what is there."""
    there = await sides.target(tag)
    here = sides.tags[tag] or await sides.source(tag)
    if here is None:
        return False  # it was deleted a moment ago
    if there is None:
        return True
    if there != here:
        return True if rule.overrides else None
    return rule.referrers and await _lacks_attached(sides, rule, here)


async def _lacks_attached(sides: Sides, rule: WideRule, image: Digest) -> bool:
    for one in await sides.referrers(image):
        if await sides.target(one.digest) is None:
            return True
    for suffix in ("sig", "att", "sbom"):
        name = f"{image.algorithm}-{image.hex}.{suffix}"
        if name in sides.tags:
            here, there = sides.tags[name] or await sides.source(TagName(name)), await sides.target(TagName(name))
            if there is None or (there != here and rule.overrides):
                return True
    return False
