"""The password that the first administrator was made with: a file keeps it for as long as it opens something.

The file is on the machine that made it. Another replica may be the one that changes the password, so each start looks
again.
"""

import asyncio
from pathlib import Path
from typing import Final

from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.queries import people
from entrepot.accounts.room import Accounts
from entrepot.plumbing.logging import get_logger

FILE_NAME: Final = "initial-admin-password"
FIRST_ADMIN: Final = "admin"

_log = get_logger()


async def forget_initial_password(accounts: Accounts) -> bool:
    """Remove the file of the first password unless `admin` still has it; whether it went. Harmless without one."""
    file = accounts.settings.initial_password_file
    password = await asyncio.to_thread(_read, file) if file else ""
    if file is None or not password:
        return False
    async with accounts.db.reading() as tx:
        found = await people.user_by_name(tx, FIRST_DOMAIN, FIRST_ADMIN)
    if found is not None and await accounts.passwords.matches(password, found.password_hash):
        return False
    try:
        await asyncio.to_thread(file.unlink, missing_ok=True)
    except OSError as error:  # the password is changed all the same; the next start tries again
        _log.warning("the file of the initial password cannot be removed", file=str(file), reason=str(error))
        return False
    _log.info("the initial password is changed, and its file removed", file=str(file))
    return True


def _read(file: Path) -> str:
    """What the file holds; empty when there is none."""
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        return ""
