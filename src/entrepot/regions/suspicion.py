"""Suspicion: a client that asks again for what it was sent to a node for had no luck there. Values in, value out.

A client is an address and what it shows there: hosts behind one address are several, and each pull of one has another
token. One that comes back is served by the center; so is an address that asks once more and again, whatever it shows.
Two of different networks within half a minute, and the node is sent nobody
for a while, which doubles each time it fails soon again. What is remembered is bounded; what was noted longest ago goes
first.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

BACK_SECONDS: Final = 60.0
"""Who asks again after that wants it once more."""
WITNESS_SECONDS: Final = 30.0
"""Within this time two networks have to have no luck."""
DISTRUST_SECONDS: Final = 30.0
DISTRUST_SECONDS_MAX: Final = 600.0
TRIES: Final = 3
"""So often one address is sent on for a blob, with other tokens each time, before the center serves it once."""
SENT_MAX: Final = 50_000
"""Clients that were sent somewhere which are remembered."""
_NOBODY: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class _Record:
    """Of a node. `failed`: when which network had no luck; `until`: nobody is sent there; `seconds`: how long the last
    such time was.
    """

    failed: dict[str, float] = field(default_factory=dict)
    until: float = 0.0
    seconds: float = 0.0


class Suspicion:
    """Times are in seconds, by any clock that does not go back."""

    def __init__(self, sent_max: int = SENT_MAX) -> None:
        self._sent_max = sent_max
        self._sent: OrderedDict[tuple[str, str, str], tuple[str, float]] = OrderedDict()
        self._tries: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        self._records: dict[str, _Record] = {}

    def sent(self, address: str, blob: str, node_id: str, at: float, shown: str = "") -> None:
        """A client that shows this was sent to the node for the blob."""
        key = address, shown, blob
        self._sent[key] = node_id, at
        self._sent.move_to_end(key)
        if len(self._sent) > self._sent_max:
            self._sent.popitem(last=False)
        count, since = self._tries.pop((address, blob), (0, at))
        self._tries[address, blob] = (1, at) if at - since > BACK_SECONDS else (count + 1, since)
        if len(self._tries) > self._sent_max:
            self._tries.popitem(last=False)

    def came_back(self, address: str, network: str, blob: str, at: float, shown: str = "") -> bool:
        """Whether a client asks again for a blob that it was sent to a node for just before, and has to be served here.

        It counts once: who asks a third time is sent somewhere again.
        """
        node_id, sent_at = self._sent.pop((address, shown, blob), ("", 0.0))
        if node_id and at - sent_at <= BACK_SECONDS:
            self._failed(node_id, network, at)
            return True
        count, since = self._tries.get((address, blob), (0, 0.0))
        if count < TRIES or at - since > BACK_SECONDS:
            return False
        del self._tries[address, blob]
        return True

    def distrusted(self, at: float) -> frozenset[str]:
        """Ids of nodes that nobody is sent to now."""
        if not self._records:
            return _NOBODY
        return frozenset(node_id for node_id, one in self._records.items() if one.until > at)

    def forget(self, at: float) -> None:
        """Let go of what counts no more; to be called now and then."""
        while self._sent and next(iter(self._sent.values()))[1] < at - BACK_SECONDS:
            self._sent.popitem(last=False)
        while self._tries and next(iter(self._tries.values()))[1] < at - BACK_SECONDS:
            self._tries.popitem(last=False)
        for node_id, one in list(self._records.items()):
            one.failed = {network: then for network, then in one.failed.items() if at - then <= WITNESS_SECONDS}
            if not one.failed and at > one.until + DISTRUST_SECONDS_MAX:
                del self._records[node_id]

    def _failed(self, node_id: str, network: str, at: float) -> None:
        record = self._records.setdefault(node_id, _Record())
        if at < record.until:
            return  # who comes back now was sent there before
        record.failed = {other: then for other, then in record.failed.items() if at - then <= WITNESS_SECONDS}
        record.failed[network] = at
        if len(record.failed) < 2:
            return
        soon = record.seconds and at <= record.until + DISTRUST_SECONDS_MAX
        record.seconds = min(2 * record.seconds, DISTRUST_SECONDS_MAX) if soon else DISTRUST_SECONDS
        record.until = at + record.seconds
        record.failed = {}
