"""Answers: what a registry said no with, as our errors; and what went wrong before it could say anything.

Words of a server reach a terminal: they become one printable sentence of bounded length.
"""

import json
from collections.abc import Mapping

import httpx2

from entrepot.values.errors import EntrepotError, RemoteRefused, RemoteUnreachable

_MESSAGE_CHARS_MAX = 1_000


def printable(text: str) -> str:
    """What a server said, as a terminal may show it: one sentence, no control characters."""
    shown = "".join(one if one.isprintable() else " " for one in text[:_MESSAGE_CHARS_MAX]).strip()
    shown = shown[:1].upper() + shown[1:]
    return shown if shown.endswith((".", "?", "!")) else f"{shown}."


def why_unreachable(url: str, error: httpx2.RequestError) -> str:
    """What a lost or refused connection means, and what to look at."""
    if isinstance(error, httpx2.TimeoutException):
        return f"{url} did not answer in time. Is it overloaded, or behind a firewall?"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"The certificate of {url} is not trusted. Name the file of its authority in SSL_CERT_FILE."
    said = str(error) or "the connection was lost"
    return f"{url} cannot be reached ({printable(said).rstrip('.')}). Is the server running (entrepot serve)?"


def refusal(url: str, status: int, headers: Mapping[str, str], body: bytes) -> EntrepotError:
    """The error that an answer which is no success stands for: RemoteRefused, or RemoteUnreachable to try again."""
    code, message = _said(body)
    if status >= 500 or status in (408, 429):
        said = f" ({printable(message).rstrip('.')})" if message else ""
        return RemoteUnreachable(
            f"{url} is in trouble: status {status}{said}. Try again later.", retry_after=_retry_after(headers)
        )
    if not message:
        return RemoteRefused(f"{url} refused with status {status}. Is it a registry?", status=status)
    return RemoteRefused(printable(message), status=status, code=code)


def stranger(url: str, what: str) -> RemoteUnreachable:
    """The error for an answer that no registry gives."""
    return RemoteUnreachable(f"{url} does not answer like a registry ({what}). Is the address right?")


def _said(body: bytes) -> tuple[str, str]:
    """Code and message of an answer in the form of the distribution specification; empty when it is not."""
    try:
        error = json.loads(body)["errors"][0]
        code, message = error.get("code"), error.get("message")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return "", ""
    code, message = (one if isinstance(one, str) else "" for one in (code, message))
    return code, message or code.replace("_", " ").lower()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
