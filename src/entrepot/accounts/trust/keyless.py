"""Keyless login of robots: a token that somebody else signed, shown as the password.

    docker login -u oidc -p "$TOKEN"          whichever robot the token fits; DOMAIN/oidc in another domain
    docker login -u 'robot$ci' -p "$TOKEN"    this one

No secret is kept here or there. A token whose issuer nobody trusts costs one read, never a request to
anybody; what is asked of issuers, and how seldom, is in `issuers.py`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from entrepot.access.actor import Actor
from entrepot.accounts.actors import FIRST_DOMAIN
from entrepot.accounts.queries import robots
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.robot_login import robot_actor
from entrepot.accounts.room import Accounts
from entrepot.accounts.tables import robot
from entrepot.accounts.trust.assertions import Unaccepted, Unverified, expiry, peek, verify
from entrepot.accounts.trust.claims import Claims, unmet
from entrepot.accounts.trust.federations import Federation, federation_of
from entrepot.accounts.trust.issuers import PublicKey, chosen, read_keys
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.values.errors import quoted
from entrepot.values.names import RobotName

ANY_ROBOT: Final = "oidc"
_FEDERATIONS_MAX = 100

_log = get_logger()


async def by_assertion(accounts: Accounts, name: str, assertion: str) -> Actor | None:
    """A robot whose federation accepts the assertion; the one that is named, or the only one it fits."""
    domain, slash, login = name.rpartition("/")
    if (login != ANY_ROBOT and not login.startswith(RobotName.PREFIX)) or "\0" in name:
        return None
    unverified = peek(assertion)
    if unverified is None or "\0" in unverified.issuer:
        return None
    domain_name = domain if slash else FIRST_DOMAIN
    async with accounts.db.reading() as tx:
        rows = await queries.enabled_federations(tx, domain_name, unverified.issuer, _FEDERATIONS_MAX)
    trusting = [federation_of(row) for row in rows if login in (ANY_ROBOT, row.robot_login)]
    if not trusting:
        return None
    actor = await _enter(accounts, domain_name, trusting, unverified, assertion)
    metrics.provider_logins.labels("keyless", "refused" if actor is None else "done").inc()
    return actor


async def accept(accounts: Accounts, federation: Federation, unverified: Unverified, assertion: str) -> Claims:
    """The claims of an assertion that this federation accepts. Raises Unaccepted."""
    settings = federation.settings
    key = await _key(accounts, federation, unverified.key_id)
    if key is None:
        raise Unaccepted(f"it is signed with a key {quoted(unverified.key_id)} that the issuer does not show")
    claims = verify(assertion, key, settings.issuer, settings.audience, accounts.clock.now())
    if missed := unmet(claims, settings.conditions):
        raise Unaccepted(f"its claim {quoted(missed.claim)} does not fit {quoted(missed.pattern)}")
    return claims


async def _enter(
    accounts: Accounts, domain_name: str, trusting: Sequence[Federation], unverified: Unverified, assertion: str
) -> Actor | None:
    accepted: dict[str, tuple[Federation, Claims]] = {}
    for federation in trusting:
        try:
            accepted[federation.robot_login] = federation, await accept(accounts, federation, unverified, assertion)
        except Unaccepted as why:
            _log.info("a keyless login does not fit", federation=federation.name, reason=str(why))
    if len(accepted) != 1:
        if accepted:
            _log.warning("a keyless login fits several robots; it must name one", robots=sorted(accepted))
        return None
    [(federation, claims)] = accepted.values()
    now = accounts.clock.now()
    async with accounts.db.reading() as tx:
        row = await robots.robot_by_name(tx, domain_name, federation.robot_login)
    actor = robot_actor(row, f"federation:{federation.id}", now) if row is not None else None
    if actor is None:
        return None
    accounts.uses.note(robot, actor.id, now)
    return replace(actor, until=min(actor.until, expiry(claims)))


async def _key(accounts: Accounts, federation: Federation, key_id: str) -> PublicKey | None:
    settings = federation.settings
    if settings.keys is not None:
        return chosen(read_keys(settings.keys), key_id)
    return await accounts.issuers.key(settings.place, key_id)
