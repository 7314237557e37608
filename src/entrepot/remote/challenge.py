"""Challenge: how a registry says, with a 401, where a token is to be had (RFC 9110 §11.6.1, Docker's tokens)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from entrepot.values.errors import RemoteRefused, quoted

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
    realm = urlsplit(challenge.realm)
    if realm.scheme not in ("http", "https") or not realm.hostname:
        raise RemoteRefused(
            f"{url} says that tokens come from {quoted(challenge.realm)}, which is no address.", status=401
        )
    if urlsplit(url).scheme == "https" and realm.scheme != "https":
        raise RemoteRefused(f"{url} asks to send the password to {challenge.realm}, without encryption.", status=401)


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
