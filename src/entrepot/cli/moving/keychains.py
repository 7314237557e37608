"""Keychains: what `docker login` and `podman login` keep of a registry, in their file or by a helper they name.

A helper is a program `docker-credential-NAME` of the user's own machine, which reads a keychain. It is run as the file
says and without a shell, gets the registry's address on its standard input, and answers in JSON.
"""

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import typer

from entrepot.remote.answers import printable
from entrepot.remote.session import Credentials
from entrepot.values.errors import ParameterInvalid, quoted

_FILE_BYTES_MAX: Final = 1 << 20
_HELPER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HELPER_SECONDS: Final = 60.0
"""A keychain may ask whoever sits there to unlock it."""
_ANSWER_BYTES_MAX: Final = 1 << 20
_NOT_FOUND: Final = "credentials not found"
_TOKEN: Final = "<token>"  # noqa: S105  # what stands where a user should: the secret is no password then


def of_keychains(host: str, prefix: str = "") -> Credentials | None:
    """Who asks the registry at `host`, for what is below `prefix`; None when nothing is kept.

    What cannot be had from a helper is told on standard error. Raises ParameterInvalid for a file that is none of
    theirs.
    """
    for file in _files():
        kept = _read(file)
        found = _by_helper(kept, host, file) or _in_file(kept, host, prefix, file)
        if found is not None:
            return found
    return None


def _files() -> Iterator[Path]:
    """Docker's, then Podman's, in the order in which Podman looks."""
    docker = os.environ.get("DOCKER_CONFIG")
    yield (Path(docker) if docker else Path.home() / ".docker") / "config.json"
    if podman := os.environ.get("REGISTRY_AUTH_FILE"):
        yield Path(podman)
        return
    if running := os.environ.get("XDG_RUNTIME_DIR"):
        yield Path(running) / "containers" / "auth.json"
    settings = os.environ.get("XDG_CONFIG_HOME")
    yield (Path(settings) if settings else Path.home() / ".config") / "containers" / "auth.json"


def _read(file: Path) -> Mapping[str, Any]:
    try:
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise ParameterInvalid(f"The file {file} is too large to be the settings of Docker or Podman.")
        kept = json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(file) from error
    if not isinstance(kept, dict):
        raise _unreadable(file)
    return kept


def _unreadable(file: Path) -> ParameterInvalid:
    return ParameterInvalid(f"The file {file} cannot be read as the settings of Docker or Podman.")


def _spellings(host: str) -> Sequence[str]:
    """As `docker login` writes a registry's name; Docker Hub has one of its own."""
    hub = ("https://index.docker.io/v1/", "docker.io") if host.endswith(".docker.io") else ()
    return (*hub, host, f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/")


def _in_file(kept: Mapping[str, Any], host: str, prefix: str, file: Path) -> Credentials | None:
    """By the longest name that fits: Podman logs in to what is below a path, too."""
    parts = [part for part in prefix.split("/") if part]
    below = ["/".join([host, *parts[:count]]) for count in range(len(parts), 0, -1)]
    try:
        auths = kept.get("auths") or {}
        entry = next((auths[one] for one in (*below, *_spellings(host)) if auths.get(one)), dict[str, str]())
        user, colon, password = base64.b64decode(entry.get("auth") or "", validate=True).decode().partition(":")
    except (ValueError, AttributeError, TypeError) as error:
        raise _unreadable(file) from error
    return Credentials(user, password.rstrip("\0")) if colon else None


def _by_helper(kept: Mapping[str, Any], host: str, file: Path) -> Credentials | None:
    """By the helper for this registry, else by the one for all."""
    helpers = kept.get("credHelpers") or {}
    if not isinstance(helpers, dict):
        raise _unreadable(file)
    for address in _spellings(host):
        if address in helpers:
            return _ask(helpers[address], [address], file)
    store = kept.get("credsStore")
    return _ask(store, _spellings(host), file) if store else None


class _NotHad(Exception):
    """Why a helper gives nothing."""


def _ask(name: Any, addresses: Sequence[str], file: Path) -> Credentials | None:
    if not isinstance(name, str) or not _HELPER.fullmatch(name):
        raise ParameterInvalid(f"The file {file} names a helper {quoted(str(name))}, which is no name of one.")
    program = shutil.which(f"docker-credential-{name}")
    try:
        if program is None:
            raise _NotHad(f"is not installed, and {file} names it")
        answers = (_answer(program, address) for address in addresses)
        return next((found for found in answers if found is not None), None)
    except _NotHad as why:
        # The source may be public, so nothing ends here; when it is not, this says why it refuses.
        typer.echo(f"warning: docker-credential-{name} {why}. The source is asked without a password.", err=True)
        return None


def _answer(program: str, address: str) -> Credentials | None:
    try:
        # Without a shell, and by one word: the file says which helper, and no more than that.
        ran = subprocess.run(  # noqa: S603
            [program, "get"], input=address.encode(), capture_output=True, timeout=_HELPER_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _NotHad(f"did not answer within {_HELPER_SECONDS:.0f} seconds") from None
    except OSError as error:
        raise _NotHad(f"cannot be run: {error.strerror}") from error
    if ran.returncode == 0:
        return _given(ran.stdout)
    said = (ran.stdout or ran.stderr)[:_ANSWER_BYTES_MAX].decode(errors="replace").strip()
    if _NOT_FOUND in said.lower():
        return None
    raise _NotHad(f"refused: {printable(said).rstrip('.')}" if said else f"ended with {ran.returncode}")


def _given(answer: bytes) -> Credentials | None:
    try:
        if len(answer) > _ANSWER_BYTES_MAX:
            raise ValueError
        given = json.loads(answer)
        user, secret = given["Username"], given["Secret"]
        if not isinstance(user, str) or not isinstance(secret, str):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _NotHad("answers with what is no user and password") from None
    if user == _TOKEN:
        raise _NotHad("has no password, but a token that a browser's sign-in left")
    return Credentials(user, secret) if user and secret else None
