"""This room's settings, filled by the roof."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AccountSettings:
    service: str = "entrepot"
    anonymous_pull: bool = True
    """Whether those who do not sign in may read what is public."""
    token_seconds: int = 300
    refresh_token_seconds: int = 30 * 86_400
    signing_key_seconds: int = 30 * 86_400
    password_chars_min: int = 8
    login_tries_account: int = 10
    """Wrong passwords in a row for one account before it waits."""
    login_tries_address: int = 100
    login_wait_seconds_max: int = 900
    login_forget_seconds: int = 3_600
    argon2_memory_kib: int = 19_456
    argon2_passes: int = 2
    argon2_at_once: int = 2
    ldap_at_once: int = 4
    ldap_seconds: int = 5
    management_token_seconds: int = 86_400
    session_seconds: int = 7 * 86_400
    session_idle_seconds: int = 86_400
    docker_login_seconds: int = 86_400
    region: str = "local"
    """What a project is called where nobody says."""
    keys_max: int = 2
    """Access keys of one user."""
    initial_password_file: Path | None = None
    """Where the first start kept the password it made up."""
