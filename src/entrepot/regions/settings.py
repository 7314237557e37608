"""What the room of regions is told; `app.py` makes it from the settings."""

from dataclasses import dataclass
from pathlib import Path

from entrepot.mirror.places import NOWHERE, Place


@dataclass(frozen=True, slots=True)
class RegionSettings:
    """`center`: where this installation itself is, and whom it serves whatever regions there are. `geoip_file`: tells
    where addresses are.

    `report_seconds`: an edge reports at least so often; after three times as long without a word it is lost.

    `decision_seconds`: so long an edge goes by what it was told about a client and a repository; `offline_seconds`: so
    long it does when the center is away. `url_seconds`: so long an address is valid to which a client was sent on.
    `pass_seconds`: so long the token is with which an edge pulls from here.
    """

    center: Place = NOWHERE
    geoip_file: Path | None = None
    report_seconds: float = 2.0
    decision_seconds: int = 15
    offline_seconds: int = 3_600
    url_seconds: int = 20
    pass_seconds: int = 120
    edges_max: int = 1_000
