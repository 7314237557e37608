"""Retries: whether and when to try again. No clock and no socket."""

from entrepot.remote.settings import RemoteSettings


def wait_before(attempt: int, settings: RemoteSettings, asked_for: float | None = None) -> float:
    """Seconds to wait before attempt number `attempt` (the second is 2); `asked_for` is what the server said."""
    doubled = settings.wait_seconds * 2.0 ** min(attempt - 2, 32)
    return max(min(doubled, settings.wait_seconds_max), min(asked_for or 0.0, settings.asked_seconds_max))
