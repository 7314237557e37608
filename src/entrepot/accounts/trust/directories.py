"""Directories, as many logins at once ask them: a few questions side by side, in threads.

What was right is remembered for a minute, so that a client that sends its password with each request
asks once. A directory that does not answer is left alone for half a minute: meanwhile its people
cannot sign in, and nobody else waits for it.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from urllib.parse import urlsplit

from entrepot.accounts.settings import AccountSettings
from entrepot.accounts.trust import directory
from entrepot.accounts.trust.directory import Entry
from entrepot.accounts.trust.settings import LdapSettings
from entrepot.plumbing.outbound import OutboundFailed, resolve
from entrepot.values.errors import worded

_REMEMBERED_MAX = 10_000
_REMEMBERED_SECONDS = 60.0
_AWAY_SECONDS = 30.0


class Directories:
    """What one process knows of them."""

    def __init__(self, settings: AccountSettings, seconds: Callable[[], float] = monotonic) -> None:
        self._places = asyncio.Semaphore(settings.ldap_at_once)
        self._seconds_max = settings.ldap_seconds
        self._seconds = seconds
        self._key = secrets.token_bytes(32)
        self._remembered: OrderedDict[bytes, tuple[float, Entry]] = OrderedDict()
        self._away: dict[str, float] = {}

    async def find_person(
        self, provider_id: str, settings: LdapSettings, secret: str, name: str | None, password: str
    ) -> Entry | None:
        """The entry of the person whose name and password these are; None for wrong ones.

        Without a name, somebody who does not exist is asked about. Raises OutboundFailed.
        """
        fingerprint = self._fingerprint(provider_id, name or "", password)
        until, entry = self._remembered.get(fingerprint, (0.0, None))
        if until > self._seconds():
            return entry
        async with self._places:
            if self._away.get(provider_id, 0.0) > self._seconds():
                raise OutboundFailed(
                    worded(
                        "The directory did not answer less than {away_seconds} seconds ago.",
                        away_seconds=f"{_AWAY_SECONDS:g}",
                    )
                )
            try:
                addresses = await addresses_of(settings)
                entry = await asyncio.to_thread(
                    directory.find_person, settings, addresses, secret, name, password, self._seconds_max
                )
            except OutboundFailed:
                self._away[provider_id] = self._seconds() + _AWAY_SECONDS
                raise
        if entry is not None:
            self._remembered[fingerprint] = self._seconds() + _REMEMBERED_SECONDS, entry
            if len(self._remembered) > _REMEMBERED_MAX:
                self._remembered.popitem(last=False)
        return entry

    async def check(self, settings: LdapSettings, secret: str) -> None:
        """Search as a login does, now. Raises OutboundFailed, saying what is wrong."""
        addresses = await addresses_of(settings)
        await asyncio.to_thread(directory.check_directory, settings, addresses, secret, self._seconds_max)

    def _fingerprint(self, provider_id: str, name: str, password: str) -> bytes:
        """A keyed digest stands for a password, so that none lies in memory."""
        shown = f"{provider_id}\0{name}\0{password}".encode(errors="surrogatepass")
        return hashlib.blake2b(shown, key=self._key, digest_size=32).digest()


async def addresses_of(settings: LdapSettings) -> list[str]:
    """Where the directory is, within the reach of its settings. Raises OutboundFailed."""
    host = urlsplit(settings.url).hostname
    assert host is not None
    return list(await resolve(host, directory.port_of(settings), settings.reach))
