"""Credentials of a source: options, environment, `entrepot login`, `docker login`, `podman login`; in this order."""

import os
from urllib.parse import urlsplit

from entrepot.cli import credentials
from entrepot.cli.moving.keychains import of_keychains
from entrepot.remote.session import Credentials
from entrepot.values.errors import ParameterInvalid

USER, PASSWORD = "ENTREPOT_SOURCE_USER", "ENTREPOT_SOURCE_PASSWORD"  # names of variables


def find_credentials(url: str, user: str | None, password: str | None, prefix: str = "") -> Credentials | None:
    """Who asks the source at `url` for what is below `prefix`; None for nobody, which is enough for what is public.

    Raises ParameterInvalid.
    """
    user = user or os.environ.get(USER)
    if user:
        password = password if password is not None else os.environ.get(PASSWORD)
        if password is None:
            raise ParameterInvalid(
                f"A password belongs to the user {user!r} of the source: --source-password-stdin, or {PASSWORD}."
            )
        return Credentials(user, password)
    if password is not None:
        raise ParameterInvalid(f"A user belongs to the password of the source: --source-user, or {USER}.")
    scheme, host, *_ = urlsplit(url)
    for kept in credentials.read().servers.values():
        # Kept for an encrypted address, it is for no other.
        if urlsplit(kept.url).netloc == host and scheme in ("https", urlsplit(kept.url).scheme):
            return Credentials(kept.user, kept.password)
    return of_keychains(host, prefix)
