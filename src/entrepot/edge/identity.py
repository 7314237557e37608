"""Who an edge is: what it got when it joined, and what it last heard; so it can start while the center is away."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from entrepot.plumbing.sealing import write_private
from entrepot.values.errors import Refused

FILE_NAME: Final = "edge.json"


class NotAnEdge(Refused):
    """The folder does not hold what an edge keeps."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`keys`: public keys (PEM) of the center by id; `service`: what tokens are for that it signs."""

    id: str
    name: str
    region: str
    center: str
    secret: str = field(repr=False)
    service: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)

    def knowing(self, service: str, keys: Mapping[str, str]) -> "Identity":
        return replace(self, service=service, keys=dict(keys))


def load_identity(data: Path) -> Identity | None:
    """Who this edge is; None when it has not joined. Raises NotAnEdge."""
    file = data / FILE_NAME
    if not file.exists():
        return None
    try:
        return Identity(**json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise NotAnEdge(f"{file} cannot be read. Move it away and join again, with a new token.") from error


def save_identity(data: Path, identity: Identity) -> None:
    """Durable when it returns; readable by the owner only."""
    write_private(data / FILE_NAME, json.dumps(asdict(identity)).encode())
