"""Secrets of programs: long enough that a plain hash of one tells nothing, and easy to find where they were left."""

import hashlib

from entrepot.plumbing.ids import new_secret


def secret_with(prefix: str) -> str:
    """A new secret that begins with `prefix`, by which scanners of source code know it."""
    return prefix + new_secret()


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
