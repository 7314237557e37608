"""This command's settings: how much of a source is believed."""

from dataclasses import dataclass
from typing import Final

from entrepot.remote.settings import RemoteSettings


@dataclass(frozen=True, slots=True)
class MovingSettings:
    repositories_max: int = 100_000
    tags_max: int = 100_000
    """Of one repository."""

    people_max: int = 10_000
    folders_max: int = 1_000_000
    """Looked into in search of repositories, in a storage folder or a folder of layouts."""

    folder_depth_max: int = 24
    lost_max: int = 10
    """So many images in a row for which a registry could not be reached, and no further one is tried."""


DEFAULT: Final = MovingSettings()
REMOTE: Final = RemoteSettings(asked_seconds_max=300.0, attempts_max=8)
"""A registry that says when to come again (429, `Retry-After`) is obeyed up to five minutes."""
