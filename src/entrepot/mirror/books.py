"""Books: what this process counted of upstreams reaches the database now and then, and what others heard comes back.

A pull costs no write for that. What cannot be written now is counted again.
"""

import asyncio
from typing import Any, Final

from entrepot.mirror.asking import Heard, Tally
from entrepot.mirror.queries import books as queries
from entrepot.mirror.room import Mirror
from entrepot.plumbing.logging import get_logger
from entrepot.remote.allowance import Allowance
from entrepot.remote.watching import Kind
from entrepot.values.errors import Broken, Elsewhere

_END_SECONDS_MAX: Final = 5.0
_COLUMNS: Final = {
    Kind.MANIFEST_HEAD: "manifest_heads",
    Kind.MANIFEST_GET: "manifest_gets",
    Kind.BLOB: "blobs",
    Kind.TOKEN: "tokens",
    Kind.OTHER: "others",
}
_log = get_logger()


class Books:
    """What one process counts and hears, by the numbers of mirrors' organizations."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._tallies: dict[int, Tally] = {}
        self._heard: dict[tuple[int, str], Heard] = {}

    def tally(self, organization_id: int) -> Tally:
        return self._tallies.setdefault(organization_id, Tally())

    def open_address(self, organization_id: int, address: str) -> Heard:
        """What is heard of an address from now on: who asks there may be somebody else than before."""
        heard = self._heard[organization_id, address] = Heard(address)
        return heard

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._mirror.registry.settings.accounting_seconds)
            await self.keep()

    async def end(self) -> None:
        """The last counts are written down; a database that is away may not hold up the end."""
        try:
            await asyncio.wait_for(self.keep(), _END_SECONDS_MAX)
        except TimeoutError:
            _log.warning("what upstreams were asked last could not be written down in time")
        except Exception:  # noqa: BLE001  # statistics may fail; the end of the process goes on
            _log.exception("counting what upstreams are asked broke")

    async def keep(self) -> None:
        """Write what was counted and heard since the last time, and learn what other processes heard."""
        taken = {number: tally.take() for number, tally in self._tallies.items() if tally}
        heard = {key: (one, one.heard_at) for key, one in self._heard.items() if not one.is_kept}
        try:
            if taken or heard:
                async with self._mirror.db.writing() as tx:
                    counts = {number: _row(tally) for number, tally in sorted(taken.items())}
                    await queries.add_day(tx, tx.now.date(), counts)
                    await queries.save_allowances(tx, [_said(key[0], heard[key][0]) for key in sorted(heard)])
            async with self._mirror.db.reading() as tx:
                known = await queries.allowances(tx)
        except (Elsewhere, Broken) as error:
            for number, tally in taken.items():
                self.tally(number).add(tally)
            _log.warning("what upstreams were asked could not be written down yet", message=error.message)
            return
        for one, at in heard.values():
            one.is_kept = one.heard_at == at
        for row in known:
            mine = self._heard.get((row.organization_id, row.address))
            if mine is not None and (mine.heard_at is None or mine.heard_at < row.heard_at):
                mine.allowance = Allowance(row.limit, row.remaining, row.window_seconds)
                mine.heard_at, mine.again_at = row.heard_at, row.again_at


def books_of(mirror: Mirror) -> Books:
    """Those of this process; kept from the first time on until the room closes."""
    known: Books | None = mirror.running.shared.get("books")
    if known is None:
        known = mirror.running.shared["books"] = Books(mirror)
        mirror.running.begin(known.run())
        mirror.running.closing(known.end)
    return known


def _row(tally: Tally) -> dict[str, int]:
    requests = {_COLUMNS[kind]: count for kind, count in tally.requests.items()}
    more = {"limited": tally.limited, "fetched": tally.fetched, "fetched_bytes": tally.fetched_bytes}
    return {**requests, **more}


def _said(organization_id: int, heard: Heard) -> dict[str, Any]:
    said = heard.allowance
    return {
        "organization_id": organization_id,
        "address": heard.address,
        "limit": said.limit,
        "remaining": said.remaining,
        "window_seconds": said.window_seconds,
        "again_at": heard.again_at,
        "heard_at": heard.heard_at,
    }
