"""Who pulled last, as several calls tell it."""

from pydantic import BaseModel

from entrepot.plumbing.clock import rfc3339
from entrepot.registry.last_pulls import LastPull


class LastPullRow(BaseModel):
    """`by`: an account's name, of another domain as `DOMAIN/NAME`; empty when the account is gone.

    `is_anonymous`: nobody was signed in. `at` may be some seconds late.
    """

    at: str
    by: str
    is_anonymous: bool


def last_pull_row(found: LastPull | None) -> LastPullRow | None:
    return None if found is None else LastPullRow(at=rfc3339(found.at), by=found.by, is_anonymous=found.is_anonymous)
