"""What workers do for the accounts."""

from entrepot.accounts import guessing, tokens
from entrepot.accounts.room import Accounts
from entrepot.jobs.reactions import Run, job


@job("accounts.forget_expired_tokens", Accounts)
async def forget_expired_tokens(accounts: Accounts, run: Run) -> None:
    await run.step("forget", tokens.forget_expired, accounts)


@job("accounts.forget_guesses", Accounts)
async def forget_guesses(accounts: Accounts, run: Run) -> None:
    await run.step("forget", guessing.forget_stale, accounts)
