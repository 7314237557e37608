"""This room's settings, filled by the roof."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountSettings:
    service: str = "entrepot"
    anonymous_pull: bool = True
    """Whether those who do not sign in may read what is public."""
    token_seconds: int = 300
    refresh_token_seconds: int = 30 * 86_400
    signing_key_seconds: int = 30 * 86_400
    password_chars_min: int = 8
    argon2_memory_kib: int = 19_456
    argon2_passes: int = 2
    argon2_at_once: int = 2
    ldap_at_once: int = 4
    ldap_seconds: int = 5
