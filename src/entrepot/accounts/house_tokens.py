"""House tokens: the installation itself at work elsewhere, as a regional node that pulls what it serves.

They are short-lived and looked up nowhere: who issues them sees to it that their holder gets no further one when it is
not wanted any more. With one, images are pulled and nothing else is done.
"""

from collections.abc import Sequence

from entrepot.access.actor import Actor, Bound
from entrepot.access.levels import Level
from entrepot.accounts import jwts
from entrepot.accounts.room import Accounts


async def issue_house_token(accounts: Accounts, subject: str, name: str, patterns: Sequence[str], seconds: int) -> str:
    """A token with which `subject` (`edge:ID`) reads what fits one of `patterns`, for `seconds`."""
    return await jwts.sign(accounts, jwts.HOUSE, {"sub": subject, "name": name, "patterns": list(patterns)}, seconds)


async def read_house_token(accounts: Accounts, token: str) -> Actor:
    """Who `token` speaks for. Raises Unauthenticated when it is not ours, altered, or expired."""
    said = await jwts.verify(accounts, jwts.HOUSE, token)
    bounds = tuple(Bound(pattern, Level.READ) for pattern in said["patterns"])
    until = float(said["exp"])
    return Actor(said["sub"], said["name"], bounds=bounds, credential=said["sub"], until=until, is_house=True)
