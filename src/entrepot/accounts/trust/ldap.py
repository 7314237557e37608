"""Login by an LDAP directory: the name and password people have there, wherever a password is asked for.

For every name the directory is asked the same questions, so that no answer's time tells which names
there are. A name that belongs to a local account is not looked up, and its password never leaves
this house: the directory is asked about somebody who does not exist instead. So nobody becomes
`admin` by being called that in the directory, either.
"""

from entrepot.access.actor import Actor
from entrepot.accounts.actors import FIRST_DOMAIN, PERSON, account_by_login
from entrepot.accounts.personal_tokens import PREFIX as PERSONAL_TOKEN
from entrepot.accounts.queries import trust as queries
from entrepot.accounts.robots import SECRET_PREFIX as ROBOT_SECRET
from entrepot.accounts.room import Accounts
from entrepot.accounts.trust.claims import Claims
from entrepot.accounts.trust.directory import Entry
from entrepot.accounts.trust.keyless import ANY_ROBOT
from entrepot.accounts.trust.people import Vouched, enter
from entrepot.accounts.trust.providers import Provider, provider_of, secret_of
from entrepot.accounts.trust.settings import LDAP, LdapSettings
from entrepot.plumbing import metrics
from entrepot.plumbing.logging import get_logger
from entrepot.plumbing.outbound import OutboundFailed
from entrepot.values.errors import NameInvalid, Unauthenticated, worded
from entrepot.values.names import RobotName

_OURS = (ROBOT_SECRET, PERSONAL_TOKEN)
_DIRECTORIES_MAX = 10
_CHARS_MAX = 1_024

_log = get_logger()


async def by_directory(accounts: Accounts, name: str, password: str) -> Actor | None:
    """A person whom a directory of their domain knows; the first that does, in the order of the providers' names."""
    domain, slash, login = name.rpartition("/")
    if not login or not password or len(name + password) > _CHARS_MAX or "\0" in name + password:
        return None
    if _is_for_others(login, password):
        return None
    async with accounts.db.reading() as tx:
        rows = await queries.enabled_providers(tx, domain if slash else FIRST_DOMAIN, LDAP, _DIRECTORIES_MAX)
        account = await account_by_login(tx, name) if rows else None
        is_theirs = [
            account is None or (account.kind == PERSON and await queries.is_linked(tx, row.id, account.id))
            for row in rows
        ]
    for row, known in zip(rows, is_theirs, strict=True):
        actor = await _enter(accounts, provider_of(row), login if known else None, password)
        if actor is not None:
            return actor
    return None


async def _enter(accounts: Accounts, provider: Provider, login: str | None, password: str) -> Actor | None:
    settings = provider.settings
    assert isinstance(settings, LdapSettings)
    try:
        secret = secret_of(accounts, provider)
        # Of whom the directory may not know, it does not hear the password either.
        shown = password if login is not None else "nobody"
        entry = await accounts.directories.find_person(provider.id, settings, secret, login, shown)
        if entry is None:
            return None
        if not entry.id:
            raise Unauthenticated(
                worded("The entry {dn} has no {id_attribute}.", dn=entry.dn, id_attribute=settings.id_attribute)
            )
        vouched = Vouched(entry.id, _claims(settings, entry), settings.name_attribute, entry.groups)
        actor = await enter(accounts, provider, vouched)
    except OutboundFailed as error:
        metrics.provider_logins.labels(LDAP, "failed").inc()
        _log.warning("a directory lets nobody in", provider=provider.name, reason=error.message)
        return None
    except (Unauthenticated, NameInvalid) as error:
        metrics.provider_logins.labels(LDAP, "refused").inc()
        _log.info("a login by a directory is refused", provider=provider.name, reason=error.message)
        return None
    metrics.provider_logins.labels(LDAP, "done").inc()
    return actor


def _claims(settings: LdapSettings, entry: Entry) -> Claims:
    """What the directory says, as an issuer would: its addresses count as verified."""
    emails = entry.attributes.get(settings.email_attribute, ())
    return {**entry.attributes, "sub": entry.id, "email": list(emails), "email_verified": True}


def _is_for_others(login: str, password: str) -> bool:
    """Whether it was meant for robots, or for a token of ours, which no directory should hear of."""
    return login == ANY_ROBOT or login.startswith(RobotName.PREFIX) or password.startswith(_OURS)
