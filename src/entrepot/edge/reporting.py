"""Reporting: an edge says how it is, again and again, and goes by what it hears.

The center holds each report for a while before it answers: so both see at once when the other is gone.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, time
from typing import Any, Final, Protocol

from entrepot import __version__
from entrepot.edge.center import Center
from entrepot.edge.identity import Identity, save_identity
from entrepot.edge.keeping import Keeping
from entrepot.edge.permits import Heard
from entrepot.edge.pulls import Streams, take_some, to_json
from entrepot.edge.settings import EdgeSettings
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.round_trips import round_trip_ms
from entrepot.registry.pulled import PullCounts
from entrepot.values.errors import EntrepotError, RemoteUnreachable, Unauthenticated

_PAUSE_SECONDS: Final = 0.5
_PAUSE_SECONDS_MAX: Final = 5.0
_STRANGER_SECONDS: Final = 30.0
_MEASURE_SECONDS: Final = 60.0
_WANTED_MAX: Final = 50
_MEASURED_AT_ONCE: Final = 5

_log = get_logger()


class Orders(Protocol):
    """What warms images up (`warming.py`), as far as reports carry it."""

    def told(self) -> Sequence[Mapping[str, Any]]:
        """How far each order is."""
        ...

    def heard(self, told: Sequence[Mapping[str, Any]], orders: Sequence[Mapping[str, Any]]) -> None:
        """The center knows by now what was told, and has these orders."""
        ...


class Reporter:
    """`token`: with which this edge pulls from the center now."""

    def __init__(
        self,
        center: Center,
        heard: Heard,
        keeping: Keeping,
        counts: PullCounts,
        streams: Streams,
        settings: EdgeSettings,
        data: Path,
        warming: Orders,
    ) -> None:
        self.token = ""
        self.is_draining = False
        self.is_connected = False
        self.wanted: list[str] = []
        self._center = center
        self._heard = heard
        self._keeping = keeping
        self._counts = counts
        self._streams = streams
        self._settings = settings
        self._data = data
        self._warming = warming
        self._round_trip_ms: float | None = None
        self._measures: dict[str, float] = {}
        self._tried: set[str] = set()
        self._measured_at = -_MEASURE_SECONDS

    async def run(self) -> None:
        """Until it is cancelled."""
        pause = _PAUSE_SECONDS
        while True:
            try:
                await self.report()
                await self._measure(self.wanted)
                pause = _PAUSE_SECONDS
            except Unauthenticated as error:
                _log.error("the center does not know this edge any more", error=error.message)
                await asyncio.sleep(_STRANGER_SECONDS)
            except EntrepotError as error:
                if self.is_connected:
                    _log.warning("the center cannot be reached", center=self._center.url, error=error.message)
                self.is_connected = False
                await asyncio.sleep(pause)
                pause = min(pause * 2, _PAUSE_SECONDS_MAX)

    async def report(self) -> None:
        """Say it once. Raises what the center refused with, or RemoteUnreachable."""
        is_measured = monotonic() - self._measured_at >= _MEASURE_SECONDS
        told = take_some(self._counts)
        measures, self._measures = self._measures, {}
        warmed = self._warming.told()
        state = {**self._state(told, measures, not is_measured), "warmed": warmed}
        began = monotonic()
        try:
            said = await self._center.call("report", state, self._heard.identity.secret)
        except EntrepotError:
            self._counts.add(told)
            self._measures = measures | self._measures
            raise
        if is_measured:
            self._round_trip_ms = (monotonic() - began) * 1000
            self._measured_at = monotonic()
        self._hear(said)
        self._warming.heard(warmed, said.get("warm", ()))

    async def _measure(self, wanted: Iterable[str]) -> None:
        """How far this edge is from clients that the center wants to know of, each once while it wants that."""
        asked = list(wanted)[:_WANTED_MAX]
        self._tried.intersection_update(asked)
        new = [one for one in asked if one not in self._tried][:_MEASURED_AT_ONCE]
        self._tried.update(new)
        taken = await asyncio.gather(*(round_trip_ms(one) for one in new))
        self._measures.update({one: ms for one, ms in zip(new, taken, strict=True) if ms is not None})

    def _state(self, told: PullCounts, measures: Mapping[str, float], hold: bool) -> dict[str, Any]:
        return {
            "url": self._settings.url,
            "version": __version__,
            "capacity_bytes": self._settings.capacity_bytes,
            "held_bytes": self._keeping.bytes,
            "free_bytes": self._keeping.free_bytes,
            "streams": self._streams.count,
            "round_trip_ms": self._round_trip_ms,
            "hold": hold and self.is_connected,
            "measures": list(measures.items()),
            **to_json(told),
        }

    def _hear(self, said: Mapping[str, Any]) -> None:
        try:
            self.token = str(said["token"])
            self._heard.ahead = float(said["now"]) - time()
            self._heard.offline_seconds = float(said["offline_seconds"])
            self.is_draining = bool(said["is_draining"])
            self.wanted = [str(one) for one in said["wanted"]]
            known = self._heard.identity.knowing(str(said["service"]), said["keys"])
        except (KeyError, TypeError, ValueError) as error:
            raise RemoteUnreachable("The center does not answer as it should.") from error
        if known != self._heard.identity:
            save_identity(self._data, known)
            self._heard.identity = known
        if not self.is_connected:
            _log.info("the center is there", center=self._center.url)
        self.is_connected = True


async def tell_presence(center: Center, heard: Heard, keeping: Keeping, seconds: float) -> None:
    """Tell the center which blobs are here, whenever that has changed; until it is cancelled."""
    told: bytes | None = None
    while True:
        with suppress(EntrepotError):  # then it is told the next time
            presence = await keeping.presence()
            if presence.bits != told:
                await center.send_presence(presence.bits, heard.identity.secret)
                told = presence.bits
        await asyncio.sleep(seconds)


async def join(center: Center, data: Path, token: str, name: str, region: str, settings: EdgeSettings) -> Identity:
    """Become a node of a region; who this edge is then, kept in `data`. Raises what the center refused with."""
    said = await center.call(
        "join",
        {
            "token": token,
            "name": name,
            "region": region,
            "url": settings.url,
            "capacity_bytes": settings.capacity_bytes,
            "version": __version__,
        },
    )
    identity = Identity(str(said["id"]), str(said["name"]), str(said["region"]), center.url, str(said["secret"]))
    save_identity(data, identity)
    return identity
