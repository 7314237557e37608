"""Which server the client commands talk to, and as whom.

The environment says (ENTREPOT_URL, ENTREPOT_USER, ENTREPOT_PASSWORD), or else the file that
`entrepot login` writes. The two are not mixed: a user named by the environment is never sent to a
server that only the file knows.
"""

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from entrepot.values.errors import ParameterInvalid, Refused, quoted

URL_DEFAULT = "http://127.0.0.1:5000"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NotSignedIn(Refused):
    """No server to talk to is known."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A server and who we are there. `is_kept`: it comes from the file."""

    url: str
    user: str
    password: str = field(repr=False)
    is_kept: bool = False


@dataclass(slots=True)
class Kept:
    """The file's content: sign-ins by URL, and the one that commands use."""

    servers: dict[str, SignIn] = field(default_factory=dict)
    current: str = ""


def effective() -> SignIn:
    """The server and user that commands use. Raises NotSignedIn, saying what to do."""
    user, password = os.environ.get("ENTREPOT_USER"), os.environ.get("ENTREPOT_PASSWORD")
    given = os.environ.get("ENTREPOT_URL")
    if user:
        if not password:
            raise NotSignedIn("ENTREPOT_USER is set but ENTREPOT_PASSWORD is not; set both, or neither and log in.")
        return SignIn(parse_url(given or URL_DEFAULT), user, password)
    kept = read()
    url = parse_url(given) if given else kept.current
    if url not in kept.servers:
        raise NotSignedIn(
            f"You are not logged in{f' to {url}' if url else ''}. "
            f"Run: entrepot login {url or URL_DEFAULT} -u USER, or set ENTREPOT_USER and ENTREPOT_PASSWORD."
        )
    return kept.servers[url]


def parse_url(text: str) -> str:
    """The address of a server, in one spelling. Without a scheme it is https, or http on this machine.

    Raises ParameterInvalid.
    """
    given = text.strip()
    if "://" not in given:
        host = urlsplit(f"//{given}").hostname
        given = f"{'http' if host in _LOOPBACK else 'https'}://{given}"
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise ParameterInvalid(f"{quoted(text)} is not the address of a server.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ParameterInvalid(f"{quoted(text)} is not the address of a server, as in https://registry.example:5000.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def is_exposed(url: str) -> bool:
    """Whether a password sent to `url` can be read on the way."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOOPBACK


def file() -> Path:
    """Where sign-ins are kept: where this system keeps the settings of a user's programs."""
    if configured := os.environ.get("XDG_CONFIG_HOME"):
        folder = Path(configured)
    elif sys.platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = Path.home() / ".config"
    return folder / "entrepot" / "credentials.json"


def read() -> Kept:
    """What is kept; nothing when there is no file. Raises ParameterInvalid for one that cannot be read."""
    try:
        document = json.loads(file().read_bytes())
        servers = {
            url: SignIn(url, str(one["user"]), str(one["password"]), is_kept=True)
            for url, one in document["servers"].items()
        }
        return Kept(servers, str(document["current"]))
    except FileNotFoundError:
        return Kept()
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise ParameterInvalid(f"The file {file()} cannot be read; delete it and log in again.") from error


def write(kept: Kept) -> None:
    """Keep it, readable by nobody else."""
    from entrepot.plumbing.sealing import write_private

    servers = {url: {"user": one.user, "password": one.password} for url, one in kept.servers.items()}
    where = file()
    where.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(where, json.dumps({"current": kept.current, "servers": servers}, indent=2).encode() + b"\n")
