"""One question to an LDAP directory: is this the password of the person with this name, and who are they?

The only file that imports ldap3 (extra `ldap`), whose calls block: `ldap.py` runs them in threads.
What people typed is escaped where it becomes part of a filter or a DN, referrals are not followed, and an empty
password is never shown to a directory, which takes it for a login without one (RFC 4513 §5.1.2). Each
step has its time-out.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from entrepot.accounts.trust.settings import USER_FILTER, LdapSettings
from entrepot.plumbing.outbound import OutboundFailed, tls_context
from entrepot.values.errors import quoted, worded

if TYPE_CHECKING:
    from ldap3 import Connection

_GROUPS_MAX = 1_000
_PORTS: Final = {"ldap": 389, "ldaps": 636}


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's entry. `id` is the value of the id attribute, empty where it has none; `groups` by name and by DN."""

    dn: str
    id: str
    attributes: Mapping[str, Sequence[str]]
    groups: Sequence[str]


def port_of(settings: LdapSettings) -> int:
    parts = urlsplit(settings.url)
    return parts.port or _PORTS[parts.scheme]


def find_person(
    settings: LdapSettings, addresses: Sequence[str], secret: str, name: str | None, password: str, seconds_max: int
) -> Entry | None:
    """The entry of the person whose name and password these are; None for wrong ones.

    Without a name, the same is asked about somebody who does not exist: for whoever must wait as long.
    Raises OutboundFailed when the directory is away, or does not answer as its settings say.
    """
    assert password
    asked = secrets.token_hex(8) if name is None else name
    if settings.user_dn:
        with _connected(settings, addresses, user_dn(settings, asked), password, seconds_max) as person:
            found_own = None if person is None or name is None else _own_entry(person, settings, name)
            return None if person is None or found_own is None else _entry(person, settings, found_own)
    with _searching(settings, addresses, secret, seconds_max) as searching:
        found = _search(searching, *user_query(settings, asked), _attributes(settings), limit=2)
        only = found[0] if len(found) == 1 else None
        dn = str(only["dn"]) if only else f"{settings.name_attribute}={secrets.token_hex(8)},{settings.base_dn}"
        with _connected(settings, addresses, dn, password, seconds_max) as person:
            if person is None or only is None or name is None:
                return None
        return _entry(searching, settings, only)


def check_directory(settings: LdapSettings, addresses: Sequence[str], secret: str, seconds_max: int) -> None:
    """Search for somebody as a login does. Raises OutboundFailed, saying what is wrong."""
    if settings.user_dn:
        nobody = user_dn(settings, secrets.token_hex(8))
        with _connected(settings, addresses, nobody, secrets.token_hex(8), seconds_max):
            return
    with _searching(settings, addresses, secret, seconds_max) as searching:
        _search(searching, *user_query(settings, secrets.token_hex(8)), [], limit=2)
        if settings.group_base_dn:
            _search(searching, *group_query(settings, settings.base_dn), [], limit=2)


def user_query(settings: LdapSettings, name: str) -> tuple[str, str]:
    """Where and by which filter a person is looked for."""
    return settings.base_dn, settings.user_filter.replace("{name}", _escaped(name))


def user_dn(settings: LdapSettings, name: str) -> str:
    """Whose password it should be, where no search finds them."""
    return settings.user_dn.replace("{name}", _escaped(name))


def group_query(settings: LdapSettings, dn: str) -> tuple[str, str]:
    """Where and by which filter the groups of an entry are looked for."""
    return settings.group_base_dn, settings.group_filter.replace("{dn}", _escaped(dn))


@contextmanager
def _searching(settings: LdapSettings, addresses: Sequence[str], secret: str, seconds_max: int) -> Iterator[Connection]:
    """A connection that may search."""
    with _connected(settings, addresses, settings.bind_dn, secret, seconds_max) as connection:
        if connection is None:
            raise OutboundFailed(
                worded(
                    "The directory does not let {bind_dn} in: its password is wrong, or it is not there.",
                    bind_dn=quoted(settings.bind_dn),
                )
            )
        yield connection


@contextmanager
def _connected(
    settings: LdapSettings, addresses: Sequence[str], dn: str, password: str, seconds_max: int
) -> Iterator[Connection | None]:
    """A connection signed in as `dn`, or as nobody where that is empty; None where the password is wrong."""
    from ldap3.core.exceptions import LDAPException

    connection = None
    try:
        for address in addresses:
            connection = _connection(settings, address, dn, password, seconds_max)
            if _opens(connection, is_last=address == addresses[-1]):
                break
        if connection is None:
            raise OutboundFailed(worded("The directory {url} has no address.", url=quoted(settings.url)))
        if settings.start_tls:
            connection.start_tls()
        yield connection if connection.bind() else None
    except (LDAPException, OSError, UnicodeError) as error:
        raise OutboundFailed(
            worded("The directory {url} fails: {error}.", url=quoted(settings.url), error=_sentence(error))
        ) from error
    finally:
        if connection is not None:
            _close(connection)


def _connection(settings: LdapSettings, address: str, dn: str, password: str, seconds_max: int) -> Connection:
    """A connection to one address, not opened yet."""
    from ldap3 import ANONYMOUS, NONE, SIMPLE, Connection, Server, Tls

    parts = urlsplit(settings.url)

    class VerifiedTls(Tls):
        """Python's own check that the certificate is the host's."""

        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            context = tls_context(settings.authority)
            connection.socket = context.wrap_socket(
                connection.socket, server_hostname=parts.hostname, do_handshake_on_connect=do_handshake
            )

    server = Server(
        address,
        port_of(settings),
        use_ssl=parts.scheme == "ldaps",
        tls=VerifiedTls(),
        get_info=NONE,
        connect_timeout=seconds_max,
    )
    return Connection(
        server,
        user=dn or None,
        password=password or None,
        authentication=SIMPLE if dn else ANONYMOUS,
        auto_referrals=False,
        check_names=False,
        read_only=True,
        receive_timeout=seconds_max,
    )


def _opens(connection: Connection, is_last: bool) -> bool:
    """Whether the address answers; why the last one does not is raised."""
    from ldap3.core.exceptions import LDAPSocketOpenError

    try:
        connection.open()
    except LDAPSocketOpenError:
        if is_last:
            raise
        _close(connection)
        return False
    return True


def _close(connection: Connection) -> None:
    """Without words of farewell, for which it might wait; ldap3 leaves open what it could not connect."""
    connection.strategy.close()
    if connection.socket is not None:
        connection.socket.close()


def _search(
    connection: Connection, base: str, filter_: str, attributes: Sequence[str], limit: int
) -> Sequence[Mapping[str, Any]]:
    """The entries found. Raises OutboundFailed when the directory refuses the search."""
    from ldap3 import SUBTREE

    connection.search(base, filter_, SUBTREE, attributes=list(attributes), size_limit=limit)
    result = connection.result
    if result["description"] not in ("success", "sizeLimitExceeded"):
        raise OutboundFailed(
            worded(
                "The directory does not search below {base}: {result}.", base=quoted(base), result=result["description"]
            )
        )
    return [one for one in connection.response or () if one["type"] == "searchResEntry"]


def _own_entry(person: Connection, settings: LdapSettings, name: str) -> Mapping[str, Any] | None:
    """The entry of whoever is signed in, which they read themselves; None where they may not, or are filtered out.

    It is that entry and no other: what a search finds could be somebody else's. And a directory that refuses one person
    is not away for the others.
    """
    from ldap3 import BASE

    # The filter that nobody chose asks for an attribute which the name need not be a value of.
    _, filter_ = user_query(settings, name) if settings.user_filter != USER_FILTER else ("", "(objectClass=*)")
    person.search(user_dn(settings, name), filter_, BASE, attributes=_attributes(settings))
    return next((one for one in person.response or () if one["type"] == "searchResEntry"), None)


def _entry(searching: Connection, settings: LdapSettings, found: Mapping[str, Any]) -> Entry:
    attributes = {name: [_text(raw) for raw in values] for name, values in found["raw_attributes"].items()}
    dn = str(found["dn"])
    groups = list(attributes.get(settings.groups_attribute, ()))
    if settings.group_base_dn:
        for row in _search(searching, *group_query(settings, dn), ["cn"], _GROUPS_MAX):
            groups += [str(row["dn"]), *(_text(raw) for raw in row["raw_attributes"].get("cn", ()))]
    ids = attributes.get(settings.id_attribute, ())
    return Entry(dn, ids[0] if len(ids) == 1 else "", attributes, groups)


def _attributes(settings: LdapSettings) -> list[str]:
    wanted = (
        settings.id_attribute,
        settings.name_attribute,
        settings.email_attribute,
        settings.groups_attribute,
        *(condition.claim for condition in settings.conditions if not condition.claim.startswith("/")),
    )
    return list(dict.fromkeys(wanted))


def _escaped(text: str) -> str:
    """Text as filters (RFC 4515 §3) and DNs (RFC 4514 §2.4) take it: all but letters and digits by its bytes."""
    return "".join(one if one.isascii() and one.isalnum() else _in_digits(one) for one in text)


def _in_digits(char: str) -> str:
    return "".join(f"\\{byte:02x}" for byte in char.encode(errors="surrogatepass"))


def _text(raw: bytes) -> str:
    """A value as text; of one that is none, such as Active Directory's objectGUID, its digits."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw.hex()
    return text if text.isprintable() else raw.hex()


def _sentence(error: Exception) -> str:
    """What went wrong, without the brackets and quotes that errors around errors put around it."""
    said = "".join(one if one.isprintable() else " " for one in str(error)[:300])
    return said.strip("()[]\"', ").rstrip(".") or type(error).__name__
