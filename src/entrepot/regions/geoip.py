"""GeoIP: where addresses are, by a file in MaxMind's format (extra `geoip`)."""

from __future__ import annotations

from importlib.util import find_spec
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import ParameterInvalid, Unsupported, worded
from entrepot.values.location import Location

if TYPE_CHECKING:
    from maxminddb import Reader

_log = get_logger()


class Locator(Protocol):
    """Tells where addresses are. `refresh` may block."""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def refresh(self) -> bool:
        """Look whether there is something newer to go by; whether there was."""
        ...

    def locate(self, address: IPv4Address | IPv6Address) -> Location | None: ...


class _Nowhere:
    """Knows of no address where it is."""

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def refresh(self) -> bool:
        return False

    def locate(self, address: IPv4Address | IPv6Address) -> Location | None:  # the Protocol's
        return None


NOWHERE_KNOWN: Locator = _Nowhere()


class GeoIp:
    """A file that is read into memory, so that it may be written over, and read again when it is another one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reader: Reader | None = None
        self._stamp: tuple[int, int, int] | None = None

    def open(self) -> None:
        """Raises Unsupported without the extra, ParameterInvalid for a file that cannot be read."""
        if find_spec("maxminddb") is None:
            raise Unsupported("The setting geoip_file needs the extra `geoip`: pip install 'entrepot[geoip]'.")
        try:
            self._open()
        except (OSError, ValueError, RuntimeError) as error:  # the last is what the library says of broken files
            raise ParameterInvalid(
                worded("The file of geoip_file cannot be read: {file}: {error}", file=self._file, error=error)
            ) from error

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def refresh(self) -> bool:
        """Read the file again when it is another one; one that cannot be read is logged once, and the old one stays."""
        try:
            stamp = self._stamp_now()
            if stamp == self._stamp:
                return False
            self._open()
        except (OSError, ValueError, RuntimeError) as error:  # the last is what the library says of broken files
            if self._stamp is not None:
                _log.warning("the GeoIP file cannot be read; what was read before stays", error=str(error))
            self._stamp = None
            return False
        return True

    def locate(self, address: IPv4Address | IPv6Address) -> Location | None:
        """None for what the file does not know, and for what it says in a way that means nothing here."""
        try:
            found: Any = None if self._reader is None else self._reader.get(address)
            place = found["location"]
            return Location(float(place["latitude"]), float(place["longitude"]))
        except (KeyError, TypeError, ValueError):  # an IPv6 address in a file of IPv4 is a ValueError
            return None
        except RuntimeError as error:
            _log.warning(
                "the GeoIP file is broken where it tells of an address", address=str(address), error=str(error)
            )
            return None

    def _open(self) -> None:
        import maxminddb

        stamp = self._stamp_now()
        reader = maxminddb.open_database(self._file, maxminddb.MODE_MEMORY)
        reader.get("192.0.2.1")
        self._reader, self._stamp = reader, stamp

    def _stamp_now(self) -> tuple[int, int, int]:
        found = self._file.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
