"""Signed requests: a signature becomes the user of the access key it was made with.

A writing call is accepted once: its signature is noted in the database, so that no process and no replica
takes it again. Reading calls write nothing.
"""

from typing import Final

from entrepot.access.actor import Actor
from entrepot.accounts import signature
from entrepot.accounts.access_keys import CREDENTIAL, purpose_of
from entrepot.accounts.actors import actor_of, is_usable
from entrepot.accounts.noted import note_login
from entrepot.accounts.queries.used_signatures import forget_used_signatures, save_used_signature
from entrepot.accounts.room import Accounts
from entrepot.accounts.signature import CLOCKS_APART_MAX, Claim, RawRequest
from entrepot.accounts.tables import access_key
from entrepot.values.errors import Unauthenticated, worded

_REFUSED: Final = worded("The access key is not known or not enabled, or its signature does not fit this request.")
_READING: Final = frozenset({"GET", "HEAD"})
_KEPT: Final = 2 * CLOCKS_APART_MAX  # longer than it is accepted: another replica's clock may be behind
_OF_NOBODY: Final = b"no key has this secret, which keeps an unknown one as busy as a known one"


async def by_signature(accounts: Accounts, request: RawRequest) -> Actor:
    """The user who signed `request`. Raises Unauthenticated, or ParameterInvalid for an ambiguous query."""
    claim = signature.parse_claim(request.headers)
    now = accounts.clock.now()
    signature.check_date(claim, now)
    signature.check_query(request.query)
    row = await accounts.signer.named({"key": claim.access_key})
    secret = _OF_NOBODY if row is None else accounts.sealer.open(row.sealed_secret, purpose_of(row.access_key))
    is_genuine = signature.is_genuine(claim, request, secret)
    if row is None or not is_genuine or not is_usable(row, now):
        raise Unauthenticated(_REFUSED)
    if request.method not in _READING:
        await _use_up(accounts, claim)
    accounts.uses.note(access_key, row.access_key, now)
    actor = actor_of(row, CREDENTIAL + row.access_key)
    note_login(accounts, actor)
    return actor


async def forget_used(accounts: Accounts) -> int:
    """Forget signatures of requests that are too old to be accepted again; their number."""
    async with accounts.db.writing() as tx:
        return await forget_used_signatures(tx, accounts.clock.now())


async def _use_up(accounts: Accounts, claim: Claim) -> None:
    async with accounts.db.writing() as tx:
        is_first = await save_used_signature(tx, claim.signature, claim.moment + _KEPT)
    if not is_first:
        raise Unauthenticated(
            "This signed request was made before. Sign it again; a signature's time counts whole seconds, "
            "so the same call has a new one from the next second on."
        )
