"""This room's settings: how much of an archive is believed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Watch: TypeAlias = Callable[[int], None]
"""Told after each bounded piece of work how many bytes it was; may raise, to end the work."""


def unwatched(_count: int) -> None:
    """For whoever needs neither progress nor a way to stop."""


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    members_max: int = 100_000
    name_chars_max: int = 512
    name_depth_max: int = 16
    header_bytes_max: int = 64 << 20
    """All headers of a tar together, its long names included."""

    document_bytes_max: int = 4 << 20
    document_depth_max: int = 64
    document_values_max: int = 200_000
    images_max: int = 1_000
    manifests_max: int = 10_000
    index_depth_max: int = 4

    unpacked_bytes_max: int = 256 << 30
    """What a compressed archive, or one compressed layer, may unpack to."""

    ratio_max: int = 500
    """How many times its own size compressed content may unpack to, beyond `ratio_free_bytes`."""

    ratio_free_bytes: int = 1 << 30
    scratch_bytes_max: int = 256 << 30
    """All temporary files of one open archive together."""


@dataclass(frozen=True, slots=True)
class ListingSettings:
    """How much of one layer is read to list what is in it."""

    entries_max: int = 100_000
    bytes_max: int = 4 << 30
    """Unpacked."""

    name_chars_max: int = 4_096
    depth_max: int = 128
    header_bytes_max: int = 256 << 20


DEFAULT = ArchiveSettings()
LISTING = ListingSettings()
