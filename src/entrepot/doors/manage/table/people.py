"""The calls about users, groups and robots, and what they sign in with: part of the one table in `routes.py`."""

from typing import Final

from entrepot.doors.manage import (
    account,
    domains,
    federations,
    groups,
    keys,
    providers,
    robots,
    sessions,
    tokens,
    users,
)
from entrepot.doors.manage.route import Route

_USERS: Final = "/v2/manage/users"
_USER: Final = f"{_USERS}/{{name}}"
_DOMAINS: Final = "/v2/manage/domains"
_DOMAIN: Final = f"{_DOMAINS}/{{domain}}"
_GROUPS: Final = "/v2/manage/groups"
_GROUP: Final = f"{_GROUPS}/{{group}}"
_TOKENS: Final = "/v2/manage/tokens"
_ROBOTS: Final = "/v2/manage/robots"
_ROBOT: Final = f"{_ROBOTS}/{{robot}}"
_FEDERATIONS: Final = "/v2/manage/federations"
_FEDERATION: Final = f"{_FEDERATIONS}/{{federation}}"
_PROVIDERS: Final = "/v2/manage/identity-providers"
_PROVIDER: Final = f"{_PROVIDERS}/{{provider}}"
_KEYS: Final = "/v2/manage/keys"
_KEY: Final = f"{_KEYS}/{{access_key}}"
_SESSIONS: Final = "/v2/manage/sessions"

PEOPLE: Final = (
    # Identity providers.
    Route("POST", _PROVIDERS, providers.create_identity_provider, 201),
    Route("GET", _PROVIDERS, providers.list_identity_providers, without_none=True),
    Route("GET", _PROVIDER, providers.show_identity_provider),
    Route("PATCH", _PROVIDER, providers.update_identity_provider),
    Route("DELETE", _PROVIDER, providers.delete_identity_provider, 204),
    Route("POST", f"{_PROVIDER}/check", providers.check_identity_provider),
    Route("GET", f"{_PROVIDER}/identities", providers.list_identities, without_none=True),
    Route("POST", f"{_PROVIDER}/identities", providers.link_identity, 201),
    Route("DELETE", f"{_PROVIDER}/identities", providers.unlink_identity, 204),
    # Federations: whose tokens make a robot.
    Route("POST", _FEDERATIONS, federations.create_federation, 201),
    Route("GET", _FEDERATIONS, federations.list_federations, without_none=True),
    Route("GET", _FEDERATION, federations.show_federation),
    Route("PATCH", _FEDERATION, federations.update_federation),
    Route("DELETE", _FEDERATION, federations.delete_federation, 204),
    Route("POST", f"{_FEDERATION}/check", federations.check_federation),
    # Users. The contract has no call for them.
    Route("POST", _USERS, users.create_user, 201),
    Route("GET", _USERS, users.list_users, without_none=True),
    Route("GET", _USER, users.show_user),
    Route("GET", f"{_USER}/holdings", users.show_user_holdings, without_none=True),
    Route("PUT", f"{_USER}/password", users.update_password, 204),
    Route("POST", f"{_USER}/disable", users.disable_user),
    Route("POST", f"{_USER}/enable", users.enable_user),
    Route("POST", f"{_USER}/unlock", users.unlock_user),
    Route("PATCH", _USER, users.update_user),
    Route("DELETE", _USER, users.delete_user, 204),
    Route("GET", "/v2/manage/account", account.show_account),
    # Domains. For operators.
    Route("POST", _DOMAINS, domains.create_domain, 201),
    Route("GET", _DOMAINS, domains.list_domains, without_none=True),
    Route("GET", _DOMAIN, domains.show_domain),
    Route("DELETE", _DOMAIN, domains.delete_domain, 204),
    # Groups.
    Route("POST", _GROUPS, groups.create_group, 201),
    Route("GET", _GROUPS, groups.list_groups, without_none=True),
    Route("GET", _GROUP, groups.show_group),
    Route("PATCH", _GROUP, groups.update_group),
    Route("DELETE", _GROUP, groups.delete_group, 204),
    Route("GET", f"{_GROUP}/grants", groups.list_group_grants, without_none=True),
    Route("GET", f"{_GROUP}/members", groups.list_group_members, without_none=True),
    Route("PUT", f"{_GROUP}/members/{{name}}", groups.add_group_member, 204),
    Route("DELETE", f"{_GROUP}/members/{{name}}", groups.remove_group_member, 204),
    # Personal tokens.
    Route("POST", _TOKENS, tokens.create_token, 201),
    Route("GET", _TOKENS, tokens.list_tokens, without_none=True),
    Route("DELETE", f"{_TOKENS}/{{token}}", tokens.delete_token, 204),
    # Robots.
    Route("POST", _ROBOTS, robots.create_robot, 201),
    Route("GET", _ROBOTS, robots.list_robots, without_none=True),
    Route("GET", _ROBOT, robots.show_robot),
    Route("PATCH", _ROBOT, robots.update_robot),
    Route("DELETE", _ROBOT, robots.delete_robot, 204),
    Route("POST", f"{_ROBOT}/rotate", robots.rotate_robot),
    Route("POST", f"{_ROBOT}/disable", robots.disable_robot),
    Route("POST", f"{_ROBOT}/enable", robots.enable_robot),
    # Access keys, which the contract leaves to an identity service, too.
    Route("POST", _KEYS, keys.create_key, 201),
    Route("GET", _KEYS, keys.list_keys),
    Route("GET", _KEY, keys.show_key),
    Route("PATCH", _KEY, keys.update_key),
    Route("DELETE", _KEY, keys.delete_key, 204),
    # Sessions of browsers.
    Route("POST", _SESSIONS, sessions.begin_session, 201, is_open=True),
    Route("GET", _SESSIONS, sessions.list_sessions),
    Route("DELETE", _SESSIONS, sessions.end_sessions, 204),
    Route("DELETE", f"{_SESSIONS}/{{session}}", sessions.end_session, 204),
)
