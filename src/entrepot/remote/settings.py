"""This room's settings: how patient a client is, and how much of an answer it believes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RemoteSettings:
    connect_seconds: float = 15.0
    silence_seconds: float = 60.0
    """How long nothing may come or go on a connection."""

    attempts_max: int = 6
    """In a row without any progress; a transfer that moves on may break off as often as it likes."""

    wait_seconds: float = 0.5
    """Before the second attempt; doubled for each further one, up to `wait_seconds_max`."""

    wait_seconds_max: float = 20.0
    asked_seconds_max: float = 20.0
    """How long to wait when a server itself says how long (`Retry-After`)."""

    is_patient: bool = True
    """Whether it is tried again after that also where a server says longer."""

    document_bytes_max: int = 4 << 20
    pages_max: int = 10_000
    referrers_max: int = 10_000


DEFAULT = RemoteSettings()
