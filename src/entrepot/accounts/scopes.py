"""Docker token scopes: `repository:team/app:pull,push`, `registry:catalog:*`.

Source: distribution's token scope documentation ("resource scope grammar"), as clients use it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from entrepot.access.check import BLOBS
from entrepot.access.levels import Level
from entrepot.values.errors import ParameterInvalid, worded

_SCOPE = re.compile(r"([a-z0-9]+)(?:\([a-z0-9]+\))?:([^\s\"\\\0]{1,300}):([a-z*]+(?:,[a-z*]+)*)")
_SCOPES_MAX = 100
LEVEL_OF = {"pull": Level.READ, "push": Level.EDIT, "delete": Level.MANAGE}
CATALOG = "registry:catalog"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a client asks a token for."""

    kind: str
    name: str
    actions: tuple[str, ...]


def parse_scopes(texts: Iterable[str]) -> list[Scope]:
    """Scopes from parameters, each one or several separated by spaces. Raises ParameterInvalid."""
    parts = [part for text in texts for part in text.split()]
    if len(parts) > _SCOPES_MAX:
        raise ParameterInvalid(
            worded("At most {scopes_max} scopes are accepted, not {count}.", scopes_max=_SCOPES_MAX, count=len(parts))
        )
    return [_parse(part) for part in parts]


def granted_actions(scope: Scope, level: Level) -> list[str]:
    """Those of the scope's actions that `level` on its name allows; `*` asks for all there are."""
    if scope_name(scope.kind, scope.name) in (CATALOG, BLOBS):
        return ["*"]  # reaches only what the caller may read
    if scope.kind != "repository":
        return []
    wanted = list(LEVEL_OF) if "*" in scope.actions else [one for one in LEVEL_OF if one in scope.actions]
    return [action for action in wanted if level >= LEVEL_OF[action]]


def scope_name(kind: str, name: str) -> str:
    """The key of a scope in an actor's limits: a repository's is its own name."""
    return name if kind == "repository" else f"{kind}:{name}"


def _parse(text: str) -> Scope:
    found = _SCOPE.fullmatch(text)
    if found is None:
        raise ParameterInvalid(worded("A scope is TYPE:NAME:ACTION[,ACTION…], not {text}.", text=repr(text[:100])))
    return Scope(found[1], found[2], tuple(found[3].split(",")))
