"""What was learnt from content once and stays true, because content is named by its digest."""

from collections import OrderedDict
from typing import Final

_DIGESTS_MAX: Final = 20_000


class KnownPlatforms:
    """Platforms by the digest of the configuration that tells them; those not asked for lately are forgotten."""

    def __init__(self, digests_max: int = _DIGESTS_MAX) -> None:
        self._most = digests_max
        self._by_digest: OrderedDict[str, str] = OrderedDict()

    def get(self, digest: str) -> str | None:
        """None for what was not learnt, or forgotten."""
        found = self._by_digest.get(digest)
        if found is not None:
            self._by_digest.move_to_end(digest)
        return found

    def keep(self, digest: str, platform: str) -> None:
        self._by_digest[digest] = platform
        self._by_digest.move_to_end(digest)
        if len(self._by_digest) > self._most:
            self._by_digest.popitem(last=False)

    def __len__(self) -> int:
        return len(self._by_digest)
