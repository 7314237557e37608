"""Answers: what a registry said no with, as our errors; and what went wrong before it could say anything.

Words of a server reach a terminal: they become one printable sentence of bounded length.
"""

import json
from collections.abc import Mapping

import httpx2

from entrepot.plumbing.units import retry_after
from entrepot.values.errors import EntrepotError, RemoteRefused, RemoteUnreachable, as_said, worded

_MESSAGE_CHARS_MAX = 1_000


def printable(text: str) -> str:
    """What a server said, as a terminal may show it: one sentence, no control characters.

    It may begin with a name, so its first letter stays as it is.
    """
    shown = "".join(one if one.isprintable() else " " for one in text[:_MESSAGE_CHARS_MAX]).strip()
    return as_said(shown if shown.endswith((".", "?", "!")) else f"{shown}.")


def why_unreachable(url: str, error: httpx2.RequestError, look: str = "Is the address right, and does it run?") -> str:
    """What a lost or refused connection means, and what to look at: `look` where nobody listens."""
    if isinstance(error, httpx2.TimeoutException):
        return f"{url} did not answer in time. Is it overloaded, or behind a firewall?"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"The certificate of {url} is not trusted. Name the file of its authority in SSL_CERT_FILE."
    if "WRONG_VERSION_NUMBER" in str(error):
        return f"{url} does not speak TLS. Is its address http:// instead?"
    said = str(error) or "the connection was lost"
    return f"{url} cannot be reached ({printable(said).rstrip('.')}). {look}"


def refusal(url: str, status: int, headers: Mapping[str, str], body: bytes) -> EntrepotError:
    """The error that an answer which is no success stands for: RemoteRefused, or RemoteUnreachable to try again."""
    code, message = _said(body)
    if status >= 500 or status in (408, 429):
        said = f" ({printable(message).rstrip('.')})" if message else ""
        return RemoteUnreachable(
            worded("{url} is in trouble: status {status}{said}. Try again later.", url=url, status=status, said=said),
            retry_after=retry_after(headers.get("retry-after", "")),
        )
    if not message:
        return RemoteRefused(
            worded("{url} refused with status {status}. Is it a registry?", url=url, status=status), status=status
        )
    return RemoteRefused(printable(message), status=status, code=code)


def stranger(url: str, what: str) -> RemoteUnreachable:
    """The error for an answer that no registry gives."""
    return RemoteUnreachable(
        worded("{url} does not answer like a registry ({what}). Is the address right?", url=url, what=what)
    )


def _said(body: bytes) -> tuple[str, str]:
    """Code and message of an answer in the form of the distribution specification; empty when it is not."""
    try:
        error = json.loads(body)["errors"][0]
        code, message = error.get("code"), error.get("message")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return "", ""
    code, message = (one if isinstance(one, str) else "" for one in (code, message))
    return code, message or code.replace("_", " ").capitalize()
