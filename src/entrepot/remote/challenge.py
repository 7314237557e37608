"""Challenge: how a registry says, with a 401, where a token is to be had (RFC 9110 §11.6.1, Docker's tokens)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from entrepot.values.errors import RemoteRefused, quoted, worded

_HEADER_CHARS_MAX = 8_192
_match_scheme = re.compile(r"[\s,]*([A-Za-z][A-Za-z0-9_-]*)(?:\s+|$)").match
_match_parameter = re.compile(r'[\s,]*([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))').match


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is asked for: `bearer`, with a token from `realm`, or `basic`, with the password itself."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""


def parse_challenge(headers: Sequence[str]) -> Challenge | None:
    """The challenge to answer among those of `WWW-Authenticate`: Bearer rather than Basic; None for neither."""
    found = {challenge.scheme: challenge for header in reversed(headers) for challenge in _challenges(header)}
    return found.get("bearer") or found.get("basic")


def check_realm(challenge: Challenge, url: str) -> None:
    """A password that travels encrypted to the registry must not leave it for a place where it does not.

    Raises RemoteRefused, also for a realm that is no address.
    """
    realm = _split(challenge.realm)
    if realm is None or realm.scheme not in ("http", "https") or not realm.hostname:
        raise RemoteRefused(
            worded(
                "{url} says that tokens come from {realm}, which is no address.", url=url, realm=quoted(challenge.realm)
            ),
            status=401,
        )
    if urlsplit(url).scheme == "https" and realm.scheme != "https":
        raise RemoteRefused(
            worded("{url} asks to send the password to {realm}, without encryption.", url=url, realm=challenge.realm),
            status=401,
        )


def _split(address: str) -> SplitResult | None:
    """None for what has no parts: a bracket that does not end, a port that is no number."""
    try:
        parts = urlsplit(address)
        return parts if parts.port != 0 else None
    except ValueError:
        return None


def _challenges(header: str) -> Iterator[Challenge]:
    header = header[:_HEADER_CHARS_MAX]
    at = 0
    while scheme := _match_scheme(header, at):
        at = scheme.end()
        fields: dict[str, str] = {}
        while parameter := _match_parameter(header, at):
            fields[parameter[1].lower()] = (
                re.sub(r"\\(.)", r"\1", parameter[2]) if parameter[3] is None else parameter[3]
            )
            at = parameter.end()
        yield Challenge(scheme[1].lower(), fields.get("realm", ""), fields.get("service", ""), fields.get("scope", ""))
