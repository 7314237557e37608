"""Pins: a socket for what knows which images are running. What it names is never deleted by retention.

Nothing fills it yet: `NOTHING_KNOWN` knows of no machine, so nothing is kept because it runs. Who builds the rooms
that watch clusters hands the upkeep room something better in `app.py`.
"""

from collections.abc import Collection
from typing import Final, Protocol

from entrepot.db.transaction import Reader
from entrepot.values.names import RepositoryName


class Pins(Protocol):
    async def running(self, tx: Reader, path: RepositoryName, digests: Collection[str]) -> Collection[str]:
        """Those of the digests that some machine runs now; an index is told when one of its images runs."""
        ...


class _NothingKnown:
    async def running(self, _tx: Reader, _path: RepositoryName, _digests: Collection[str]) -> Collection[str]:
        return ()


NOTHING_KNOWN: Final[Pins] = _NothingKnown()
