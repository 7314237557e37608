"""What workers do for the accounts."""

from entrepot.accounts import docker_logins, guessing, sessions, signed_requests, tokens
from entrepot.accounts.room import Accounts
from entrepot.jobs.reactions import Run, job


@job("accounts.forget_expired_tokens", Accounts)
async def forget_expired_tokens(accounts: Accounts, run: Run) -> None:
    await run.step("forget", tokens.forget_expired, accounts)


@job("accounts.forget_guesses", Accounts)
async def forget_guesses(accounts: Accounts, run: Run) -> None:
    await run.step("forget", guessing.forget_stale, accounts)


@job("accounts.forget_used_signatures", Accounts)
async def forget_used_signatures(accounts: Accounts, run: Run) -> None:
    await run.step("forget", signed_requests.forget_used, accounts)


@job("accounts.forget_ended_logins", Accounts)
async def forget_ended_logins(accounts: Accounts, run: Run) -> None:
    await run.step("logins", docker_logins.forget_ended, accounts)
    await run.step("sessions", sessions.forget_ended, accounts)
