"""All calls of the management API: the one table, with that of the Enterprise edition (`enterprise/routes.py`).

The tests walk it too: every call in every role.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from entrepot.doors.manage import (
    access,
    accessories,
    account,
    agency,
    archives,
    audit,
    bulk,
    docs,
    domains,
    downloads,
    explain,
    federations,
    files,
    grants,
    groups,
    history,
    identity,
    image_versions,
    jobs,
    keys,
    logins,
    organizations,
    problems,
    providers,
    quotas,
    reports,
    repositories,
    retentions,
    robots,
    search,
    sessions,
    sharing,
    sync,
    tags,
    tokens,
    triggers,
    users,
    versions,
)
from entrepot.doors.manage.enterprise.routes import ENTERPRISE
from entrepot.doors.manage.paths import with_shares
from entrepot.doors.manage.problems import ON_ORGANIZATION_ACCESS, ON_REPOSITORY_ACCESS, ON_SHARES
from entrepot.doors.manage.route import Route

OPENAPI_PATH: Final = "/v2/manage/openapi.json"


_NAMESPACES: Final = "/v2/manage/namespaces"
_NAMESPACE: Final = f"{_NAMESPACES}/{{namespace}}"
_REPOS: Final = f"{_NAMESPACE}/repos"
_REPO: Final = f"{_REPOS}/{{repository}}"
_SHARES: Final = f"{_NAMESPACE}/repositories/{{repository}}/access-domains"
_SHARE: Final = f"{_SHARES}/{{access_domain}}"
_ARCHIVES: Final = f"{_NAMESPACE}/archives"
_ARCHIVE: Final = "/v2/manage/archives/{archive}"
_USERS: Final = "/v2/manage/users"
_USER: Final = f"{_USERS}/{{name}}"
_DOMAINS: Final = "/v2/manage/domains"
_DOMAIN: Final = f"{_DOMAINS}/{{domain}}"
_JOBS: Final = "/v2/manage/jobs"
_JOB: Final = f"{_JOBS}/{{run}}"
_SCHEDULES: Final = "/v2/manage/schedules"
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
_REGIONS: Final = "/v2/manage/regions"
_ON_ORGANIZATION: Final[Mapping[str, Any]] = {"problems": ON_ORGANIZATION_ACCESS}
_ON_REPOSITORY: Final[Mapping[str, Any]] = {"problems": ON_REPOSITORY_ACCESS}
_ON_SYNCHRONISATION: Final[Mapping[str, Any]] = {"problems": problems.ON_SYNCHRONISATION}
_ON_SHARES: Final[Mapping[str, Any]] = {"problems": ON_SHARES}

ROUTES: Final = (
    Route("GET", "/", versions.list_api_versions, is_open=True),
    Route("GET", "/v2", versions.show_api_version),
    Route("GET", OPENAPI_PATH, versions.show_openapi, is_open=True, is_described=False),
    Route("GET", "/docs", docs.show_docs, is_open=True, is_described=False),
    Route("GET", "/docs/start.js", docs.show_docs_start, is_open=True, is_described=False),
    Route("GET", "/docs/swagger-ui-bundle.js", docs.show_docs_script, is_open=True, is_described=False),
    Route("GET", "/docs/swagger-ui.css", docs.show_docs_style, is_open=True, is_described=False),
    # Organizations, and who may do what there.
    Route("POST", _NAMESPACES, organizations.create_namespace, 201),
    Route("GET", _NAMESPACES, organizations.list_namespaces),
    Route("GET", _NAMESPACE, organizations.show_namespace),
    Route("PATCH", _NAMESPACE, organizations.update_namespace, 201),
    Route("POST", f"{_NAMESPACE}/transfer", organizations.transfer_namespace),
    Route("DELETE", _NAMESPACE, organizations.delete_namespace, 204),
    Route("GET", f"{_NAMESPACE}/access", access.show_namespace_auth),
    Route("POST", f"{_NAMESPACE}/access", access.create_namespace_auth, 200, **_ON_ORGANIZATION),
    Route("PATCH", f"{_NAMESPACE}/access", access.update_namespace_auth, 201, **_ON_ORGANIZATION),
    Route("DELETE", f"{_NAMESPACE}/access", access.delete_namespace_auth, 204, **_ON_ORGANIZATION),
    Route("GET", f"{_NAMESPACE}/grants", grants.list_namespace_grants, without_none=True),
    Route("PUT", f"{_NAMESPACE}/grants", grants.set_namespace_grant),
    Route("DELETE", f"{_NAMESPACE}/grants", grants.delete_namespace_grant, 204),
    # Repositories, and who may do what there.
    Route("POST", _REPOS, repositories.create_repo, 201),
    Route("GET", "/v2/manage/repos", repositories.list_repos_details),
    Route("GET", "/v3/manage/repos", repositories.list_repo_details, without_none=True),
    Route("GET", _REPO, repositories.show_repository),
    Route("PATCH", _REPO, repositories.update_repo, 201),
    Route("DELETE", _REPO, repositories.delete_repo, 204),
    Route("GET", f"{_REPO}/access", access.show_user_repository_auth),
    Route("POST", f"{_REPO}/access", access.create_user_repository_auth, 201, **_ON_REPOSITORY),
    Route("PATCH", f"{_REPO}/access", access.update_user_repository_auth, 201, **_ON_REPOSITORY),
    Route("DELETE", f"{_REPO}/access", access.delete_user_repository_auth, 204, **_ON_REPOSITORY),
    Route("GET", f"{_REPO}/grants", grants.list_repo_grants, without_none=True),
    Route("PUT", f"{_REPO}/grants", grants.set_repo_grant),
    Route("DELETE", f"{_REPO}/grants", grants.delete_repo_grant, 204),
    # Tags.
    Route("GET", f"{_REPO}/tags", tags.list_repository_tags),
    Route("GET", f"{_REPO}/tags".replace("/v2/", "/v3/"), tags.list_repository_tag, without_none=True),
    Route("GET", f"{_REPO}/tags/{{tag}}", tags.show_repo_tag),
    Route("POST", f"{_REPO}/tags", tags.create_repo_tag, 201),
    Route("DELETE", f"{_REPO}/tags/{{tag}}", tags.delete_repo_tag, 204),
    Route("POST", f"{_REPO}/rename", bulk.rename_repo),
    Route("POST", f"{_REPO}/copies", bulk.create_copy, 201),
    Route("POST", f"{_REPO}/deletions/plan", bulk.plan_deletion),
    Route("POST", f"{_REPO}/deletions", bulk.delete_repo_tags),
    Route("GET", f"{_REPO}/tags/{{tag}}/history", history.list_tag_history, without_none=True),
    Route("POST", f"{_REPO}/tags/{{tag}}/restore", history.restore_tag),
    Route("GET", f"{_REPO}/history", history.list_tags_at, without_none=True),
    # What is in images.
    Route("GET", f"{_REPO}/files", files.list_image_files, without_none=True),
    Route("GET", f"{_REPO}/diff", files.compare_images, without_none=True),
    Route("GET", f"{_REPO}/download", downloads.download_image, answers=downloads.Tar),
    # Archives of images.
    Route("POST", _ARCHIVES, archives.create_archive, 201),
    Route("GET", _ARCHIVES, archives.list_archives),
    Route("GET", _ARCHIVE, archives.show_archive),
    Route("PATCH", _ARCHIVE, archives.append_archive, reads_bytes=True),
    Route("POST", f"{_ARCHIVE}/import", archives.import_archive, 202),
    Route("DELETE", _ARCHIVE, archives.delete_archive, 204),
    # Sharing with other domains.
    Route("POST", _SHARES, sharing.create_repo_domains, 201, **_ON_SHARES),
    Route("GET", _SHARES, sharing.list_repo_domains, **_ON_SHARES),
    Route("GET", _SHARE, sharing.show_access_domain, without_none=True, **_ON_SHARES),
    Route("PATCH", _SHARE, sharing.update_repo_domains, 201, **_ON_SHARES),
    Route("DELETE", _SHARE, sharing.delete_repo_domains, 204, **_ON_SHARES),
    Route("GET", "/v2/manage/shared-repositories", sharing.list_shared_repos_details),
    Route("GET", "/v3/manage/shared-repositories", sharing.list_shared_repo_details, without_none=True),
    # Quotas and what was pulled.
    Route("GET", "/v2/manage/projects/{project_id}/quotas", quotas.list_quotas),
    Route("GET", "/v2/manage/quotas", quotas.show_quotas),
    Route("GET", "/v2/manage/domains/{domain}/quotas", quotas.show_domain_quotas),
    Route("PATCH", "/v2/manage/domains/{domain}/quotas", quotas.update_domain_quotas),
    Route("GET", f"{_NAMESPACE}/quotas", quotas.show_namespace_quotas),
    Route("PATCH", f"{_NAMESPACE}/quotas", quotas.update_namespace_quotas),
    Route("GET", "/v2/manage/overview", reports.show_domain_overview),
    Route("GET", "/v2/manage/reports/{resource_type}/{frequency}", reports.show_domain_resource_reports),
    Route("GET", f"{_REPO}/pulls", reports.list_pulls),
    Route("GET", f"{_REPO}/versions", image_versions.list_image_versions, without_none=True),
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
    # Triggers.
    Route("POST", f"{_REPO}/triggers", triggers.create_trigger, 201),
    Route("GET", f"{_REPO}/triggers", triggers.list_triggers_details),
    Route("GET", f"{_REPO}/triggers/{{trigger}}", triggers.show_trigger),
    Route("PATCH", f"{_REPO}/triggers/{{trigger}}", triggers.update_trigger, 201),
    Route("DELETE", f"{_REPO}/triggers/{{trigger}}", triggers.delete_trigger, 204),
    # Retention.
    Route("POST", f"{_REPO}/retentions", retentions.create_retention, 201),
    Route("GET", f"{_REPO}/retentions", retentions.list_retentions),
    Route("GET", f"{_REPO}/retentions/histories", retentions.list_retention_histories),
    Route("GET", f"{_REPO}/retentions/{{retention_id}}", retentions.show_retention),
    Route("PATCH", f"{_REPO}/retentions/{{retention_id}}", retentions.update_retention, 201),
    Route(
        "DELETE",
        f"{_REPO}/retentions/{{retention_id}}",
        retentions.delete_retention,
        problems=problems.ON_RETENTION_DELETION,
    ),
    # Synchronisation. The contract has no calls that make its regions known.
    Route("POST", f"{_REPO}/sync_repo", sync.create_image_sync_repo, **_ON_SYNCHRONISATION),
    Route("GET", f"{_REPO}/sync_repo", sync.list_image_auto_sync_repos_details),
    Route("DELETE", f"{_REPO}/sync_repo", sync.delete_image_sync_repo),
    Route("POST", f"{_REPO}/sync_images", sync.create_manual_image_sync_repo, **_ON_SYNCHRONISATION),
    Route("GET", f"{_REPO}/sync_job", sync.show_sync_job),
    Route("GET", _REGIONS, sync.list_sync_regions),
    Route("POST", _REGIONS, sync.create_region, 201),
    Route("DELETE", f"{_REGIONS}/{{region}}", sync.delete_region, 204),
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
    # The installation and the work of its workers. For operators.
    Route("GET", "/v2/manage/warnings", jobs.list_warnings, without_none=True),
    Route("GET", "/v2/manage/system", jobs.show_system, without_none=True),
    Route("GET", _JOBS, jobs.list_job_runs, without_none=True),
    Route("GET", _JOB, jobs.show_job_run, without_none=True),
    Route("POST", f"{_JOB}/retry", jobs.retry_job_run),
    Route("POST", f"{_JOB}/cancel", jobs.cancel_job_run),
    Route("GET", _SCHEDULES, jobs.list_job_schedules, without_none=True),
    Route("POST", f"{_SCHEDULES}/{{job}}/start", jobs.start_scheduled_job),
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
    # Who may do what, what happened.
    Route("GET", "/v2/manage/explain", explain.explain_access),
    Route("GET", "/v2/manage/search", search.search_everything_readable),
    Route("GET", "/v2/manage/audit", audit.list_audit, without_none=True),
    Route("GET", "/v2/manage/audit/export", audit.export_audit, answers=audit.Lines),
    Route("GET", "/v2/manage/events", audit.list_events_since, without_none=True),
    # Robots.
    Route("POST", _ROBOTS, robots.create_robot, 201),
    Route("GET", _ROBOTS, robots.list_robots, without_none=True),
    Route("GET", _ROBOT, robots.show_robot),
    Route("PATCH", _ROBOT, robots.update_robot),
    Route("DELETE", _ROBOT, robots.delete_robot, 204),
    Route("POST", f"{_ROBOT}/rotate", robots.rotate_robot),
    Route("POST", f"{_ROBOT}/disable", robots.disable_robot),
    Route("POST", f"{_ROBOT}/enable", robots.enable_robot),
    # After all other paths below a repository, which win where both could be meant: `…/tags/accessories` is a tag.
    Route("GET", f"{_REPO}/{{tag}}/accessories", accessories.list_repo_accessories),
    Route("GET", f"{_REPO}/{{tag}}/references", accessories.list_references, without_none=True),
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
    # Docker logins, agency, gates; and what clients ask the service's identity API.
    Route("POST", "/v2/manage/utils/secret", logins.create_secret),
    Route("POST", "/v2/manage/utils/authorizationtoken", logins.create_authorization_token),
    Route("GET", "/v2/manage/agency", agency.check_agency),
    Route("POST", "/v2/manage/agency", agency.create_agency, 204),
    Route("GET", "/v2/manage/projects/{project_id}/feature-gates", agency.show_share_feature_gates),
    Route("POST", "/v3/auth/tokens", identity.create_auth_token, 201, is_open=True),
    Route("GET", "/v3/projects", identity.list_projects),
    *ENTERPRISE,
)


def find(path: str) -> Mapping[str, Route]:
    """The calls on `path`, by method; empty when there are none."""
    for pattern, calls in _PATHS:
        if pattern.fullmatch(path):
            return calls
    return {}


def find_slashed(method: str, path: str) -> Route | None:
    """The call on a path that may hold slashes in a repository's name: the one that leaves the shortest name."""
    path = with_shares(path)
    found = [calls[method] for pattern, calls in _SLASHED_PATHS if method in calls and pattern.fullmatch(path)]
    return max(found, key=lambda route: route.path.count("/"), default=None)


def _by_path() -> dict[str, dict[str, Route]]:
    grouped: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        grouped.setdefault(route.path, {})[route.method] = route
    return grouped


def _pattern(path: str, with_slashes: bool = False) -> re.Pattern[str]:
    """What fits a path of the table; `with_slashes`, also where a repository's name keeps its own."""
    escaped = re.escape(path)
    if with_slashes:
        escaped = escaped.replace(r"\{repository\}", ".+")
    escaped = escaped.replace(r"/v2/\{project_id\}/", r"/v2/(?!manage/)\{project_id\}/")
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", escaped))


_PATHS: Final = [(_pattern(path), calls) for path, calls in _by_path().items()]
_SLASHED_PATHS: Final = [(_pattern(path, with_slashes=True), calls) for path, calls in _by_path().items()]
