"""Checks of a trust: asked now, and told in a sentence, so that an administrator need not read logs."""

from collections.abc import Sequence
from dataclasses import dataclass

from entrepot.access.actor import Actor
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.room import Accounts
from entrepot.accounts.trust.assertions import Unaccepted, peek
from entrepot.accounts.trust.federations import show_federation
from entrepot.accounts.trust.issuers import Issuer, ask
from entrepot.accounts.trust.keyless import accept
from entrepot.accounts.trust.providers import Provider, secret_of, show_provider
from entrepot.accounts.trust.settings import OidcSettings
from entrepot.plumbing.outbound import OutboundFailed
from entrepot.values.errors import ParameterInvalid, quoted, worded


@dataclass(frozen=True, slots=True)
class Checked:
    """`says`: what is wrong, one sentence each; what was found, when nothing is."""

    is_good: bool
    says: Sequence[str]


async def check_provider(accounts: Accounts, actor: Actor, name: str) -> Checked:
    """Ask the provider as a login would, without anybody's password. Raises AccessDenied or IdentityProviderUnknown."""
    provider = await show_provider(accounts, actor, name)
    wrong = [] if provider.is_enabled else ["The provider is disabled: it lets nobody in."]
    wrong += await _missing_groups(accounts, provider)
    try:
        found = await _ask(accounts, provider)
    except (OutboundFailed, ParameterInvalid) as error:
        wrong.append(error.message)
        found = ""
    return Checked(not wrong, wrong or [found])


async def check_federation(accounts: Accounts, actor: Actor, name: str, assertion: str = "") -> Checked:
    """Ask the issuer for its keys as a login would, and say why an assertion would not be accepted.

    Raises AccessDenied or FederationUnknown.
    """
    federation = await show_federation(accounts, actor, name)
    wrong = [] if federation.is_enabled else ["The federation is disabled: it accepts no token."]
    found = "The keys are those that were given."
    if federation.settings.keys is None:
        try:
            _, keys = await ask(federation.settings.place)
            found = f"The issuer answers and shows {len(keys)} keys."
        except (OutboundFailed, ParameterInvalid) as error:
            wrong.append(error.message)
    if assertion:
        unverified = peek(assertion)
        try:
            if unverified is None:
                raise Unaccepted("it is no signed token, or signed in a way that is not accepted")
            claims = await accept(accounts, federation, unverified, assertion)
            found += f" The token of {quoted(claims['sub'])} is accepted as the robot {federation.robot}."
        except Unaccepted as why:
            wrong.append(f"The token is not accepted: {why}.")
    return Checked(not wrong, wrong or [found])


async def _ask(accounts: Accounts, provider: Provider) -> str:
    settings = provider.settings
    if not isinstance(settings, OidcSettings):
        await accounts.directories.check(settings, secret_of(accounts, provider))
        if settings.user_dn:
            return "The directory answers. Whether it lets people in as user_dn says shows when somebody signs in."
        return f"The directory answers and searches below {settings.base_dn}."
    said, keys = await ask(Issuer(settings.issuer, settings.peer))
    for address, what in ((said.authorization_endpoint, "people sign in"), (said.token_endpoint, "codes are redeemed")):
        if not address:
            raise OutboundFailed(worded("The issuer does not say where {what}.", what=what))
    return f"The issuer answers and shows {len(keys)} keys; people sign in at {said.authorization_endpoint}."


async def _missing_groups(accounts: Accounts, provider: Provider) -> list[str]:
    wanted = set(provider.settings.groups.values())
    async with accounts.db.reading() as tx:
        known = await queries.groups_named(tx, provider.domain_id, wanted)
    return [f"There is no group {name} here; nobody joins it." for name in sorted(wanted - known.keys())]
