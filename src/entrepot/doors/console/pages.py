"""All pages: the one table. The tests walk it too."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from starlette.responses import Response

from entrepot.doors.console import (
    account,
    bulk,
    credentials,
    downloads,
    explain,
    files,
    history,
    image,
    image_access,
    image_settings,
    image_sharing,
    image_usage,
    images,
    live,
    organizations,
    overview,
    permissions,
    preferences,
    search,
    sign_in,
    uploads,
    versions,
    welcome,
)
from entrepot.doors.console.admin import audit, domains, federations, groups, jobs, providers, robots, system, users
from entrepot.doors.console.visit import Moved, View, Visit

Answer: TypeAlias = View | Moved | Response
Handler: TypeAlias = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or what a form of it does. Its name in metrics and logs is its handler's.

    `again`: the page that holds the form, shown again when the form is refused. `reads_body`: the body is no form;
    the handler reads it itself, and our script sends the session's token in a header. `is_open`: who is not signed in
    may send it, too; all other forms need an account before anything of them is looked at.
    """

    method: str
    path: str
    handler: Handler
    again: Handler | None = None
    reads_body: bool = False
    is_open: bool = False

    @property
    def name(self) -> str:
        return self.handler.__name__


_ORGANIZATIONS: Final = "/console/organizations"
_ORGANIZATION: Final = f"{_ORGANIZATIONS}/{{organization}}"
_IMAGES: Final = "/console/images"
_IMAGE: Final = f"{_IMAGES}/{{repository}}"
_VERSION: Final = f"{_IMAGE}/-/versions/{{version}}"
_UPLOADS: Final = "/console/uploads"
_UPLOAD: Final = f"{_UPLOADS}/{{archive}}"
_TAG: Final = f"{_IMAGE}/-/tags/{{tag}}"
_ADMIN: Final = "/console/admin"
_USERS: Final = f"{_ADMIN}/users"
_USER: Final = f"{_USERS}/{{user}}"
_GROUPS: Final = f"{_ADMIN}/groups"
_GROUP: Final = f"{_GROUPS}/{{group}}"
_ROBOTS: Final = f"{_ADMIN}/robots"
_ROBOT: Final = f"{_ROBOTS}/{{robot}}"
_FEDERATIONS: Final = f"{_ADMIN}/federations"
_FEDERATION: Final = f"{_FEDERATIONS}/{{federation}}"
_PROVIDERS: Final = f"{_ADMIN}/providers"
_PROVIDER: Final = f"{_PROVIDERS}/{{provider}}"
_DOMAINS: Final = f"{_ADMIN}/domains"
_DOMAIN: Final = f"{_DOMAINS}/{{domain}}"
_ACCOUNT: Final = "/console/account"
_KEYS: Final = f"{_ACCOUNT}/keys"
_KEY: Final = f"{_KEYS}/{{key}}"
_TOKENS: Final = f"{_ACCOUNT}/tokens"
_TOKEN: Final = f"{_TOKENS}/{{token}}"
_SESSIONS: Final = f"{_ACCOUNT}/sessions"
_WELCOME: Final = "/console/welcome"
_JOBS: Final = f"{_ADMIN}/jobs"
_JOB: Final = f"{_JOBS}/{{run}}"

PAGES: Final = (
    Page("GET", "/console/login", sign_in.show_login),
    Page("POST", "/console/login", sign_in.log_in, sign_in.show_login, is_open=True),
    Page("POST", "/console/logout", sign_in.log_out, is_open=True),
    Page("POST", "/console/preferences", preferences.set_preferences, is_open=True),
    Page("GET", "/console/live", live.follow_changes),
    Page("GET", "/console/", overview.show_overview),
    # The first steps of a new installation.
    Page("GET", _WELCOME, welcome.show_welcome),
    Page("POST", f"{_WELCOME}/password", welcome.change_first_password, welcome.show_welcome),
    Page("POST", f"{_WELCOME}/organization", welcome.create_first_organization, welcome.show_welcome),
    Page("POST", f"{_WELCOME}/later", welcome.put_off),
    # My account: who one is, and what one signs in with.
    Page("GET", _ACCOUNT, account.show_profile),
    Page("GET", f"{_ACCOUNT}/password", account.show_password),
    Page("POST", f"{_ACCOUNT}/password", account.change_password, account.show_password),
    Page("GET", _KEYS, credentials.list_keys),
    Page("POST", _KEYS, credentials.create_key, credentials.list_keys),
    Page("POST", f"{_KEYS}/credentials", credentials.download_credentials),
    Page("POST", f"{_KEY}/enable", credentials.enable_key, credentials.list_keys),
    Page("POST", f"{_KEY}/disable", credentials.disable_key, credentials.list_keys),
    Page("GET", f"{_KEY}/delete", credentials.confirm_key_deletion),
    Page("POST", f"{_KEY}/delete", credentials.delete_key, credentials.list_keys),
    Page("GET", f"{_ACCOUNT}/logins", credentials.show_logins),
    Page("POST", f"{_ACCOUNT}/logins", credentials.create_login, credentials.show_logins),
    Page("GET", _TOKENS, credentials.list_tokens),
    Page("POST", _TOKENS, credentials.create_token, credentials.list_tokens),
    Page("GET", f"{_TOKEN}/delete", credentials.confirm_token_deletion),
    Page("POST", f"{_TOKEN}/delete", credentials.delete_token, credentials.list_tokens),
    Page("GET", _SESSIONS, account.list_sessions),
    Page("POST", f"{_SESSIONS}/end", account.end_other_sessions, account.list_sessions),
    Page("POST", f"{_SESSIONS}/{{session}}/end", account.end_session, account.list_sessions),
    # Who may do what, and why.
    Page("GET", "/console/explain", explain.explain_access, explain.ask_again),
    Page("GET", _ORGANIZATIONS, organizations.list_organizations),
    Page("GET", f"{_ORGANIZATIONS}/-/new", organizations.new_organization),
    Page("POST", f"{_ORGANIZATIONS}/-/new", organizations.create_organization, organizations.new_organization),
    Page("GET", _ORGANIZATION, organizations.show_organization),
    Page("GET", f"{_ORGANIZATION}/-/permissions", permissions.show_permissions),
    Page("POST", f"{_ORGANIZATION}/-/permissions", permissions.set_permission, permissions.show_permissions),
    Page("POST", f"{_ORGANIZATION}/-/permissions/remove", permissions.remove_permission, permissions.show_permissions),
    Page("GET", f"{_ORGANIZATION}/-/quota", organizations.show_quota),
    Page("POST", f"{_ORGANIZATION}/-/quota", organizations.set_quota, organizations.show_quota),
    Page("GET", f"{_ORGANIZATION}/-/activity", organizations.show_activity),
    Page("GET", f"{_ORGANIZATION}/-/settings", organizations.show_settings),
    Page("POST", f"{_ORGANIZATION}/-/settings", organizations.change_settings, organizations.show_settings),
    Page("GET", f"{_ORGANIZATION}/-/transfer", organizations.confirm_transfer),
    Page("POST", f"{_ORGANIZATION}/-/transfer", organizations.transfer_organization, organizations.confirm_transfer),
    Page("GET", f"{_ORGANIZATION}/-/delete", organizations.confirm_deletion),
    Page("POST", f"{_ORGANIZATION}/-/delete", organizations.delete_organization, organizations.confirm_deletion),
    Page("GET", _IMAGES, images.list_images),
    Page("GET", "/console/shared", images.list_shared),
    Page("GET", "/console/shared/given", images.list_given),
    Page("GET", "/console/public", images.list_public),
    Page("GET", "/console/search", search.show_search),
    # One image, tab by tab.
    Page("GET", _IMAGE, image.show_image),
    Page("GET", f"{_IMAGE}/-/description", image.edit_description),
    Page("POST", f"{_IMAGE}/-/description", image.save_description, image.edit_description),
    Page("GET", f"{_IMAGE}/-/usage", image_usage.show_image_usage),
    Page("GET", f"{_IMAGE}/-/automation", image_usage.show_automation),
    Page("GET", f"{_IMAGE}/-/permissions", image_access.show_image_permissions),
    Page("POST", f"{_IMAGE}/-/permissions", image_access.set_image_permission, image_access.show_image_permissions),
    Page(
        "POST",
        f"{_IMAGE}/-/permissions/remove",
        image_access.remove_image_permission,
        image_access.show_image_permissions,
    ),
    Page("GET", f"{_IMAGE}/-/sharing", image_sharing.show_sharing),
    Page("POST", f"{_IMAGE}/-/sharing", image_sharing.share_image, image_sharing.show_sharing),
    Page("GET", f"{_IMAGE}/-/sharing/{{domain}}/change", image_sharing.edit_share),
    Page("POST", f"{_IMAGE}/-/sharing/{{domain}}/change", image_sharing.change_image_share, image_sharing.edit_share),
    Page("GET", f"{_IMAGE}/-/sharing/{{domain}}/end", image_sharing.confirm_end),
    Page("POST", f"{_IMAGE}/-/sharing/{{domain}}/end", image_sharing.end_image_share, image_sharing.confirm_end),
    Page("GET", f"{_IMAGE}/-/settings", image_settings.show_image_settings),
    Page("POST", f"{_IMAGE}/-/settings", image_settings.change_image_settings, image_settings.show_image_settings),
    Page("GET", f"{_IMAGE}/-/delete", image_settings.confirm_image_deletion),
    Page("POST", f"{_IMAGE}/-/delete", image_settings.delete_image, image_settings.confirm_image_deletion),
    # Work on ticked versions.
    Page("GET", f"{_IMAGE}/-/delete-versions", bulk.confirm_versions_deletion),
    Page("POST", f"{_IMAGE}/-/delete-versions", bulk.delete_versions, bulk.confirm_versions_deletion),
    Page("GET", f"{_IMAGE}/-/copy", bulk.new_copy),
    Page("POST", f"{_IMAGE}/-/copy", bulk.copy_versions, bulk.new_copy),
    Page("GET", f"{_IMAGE}/-/rename", bulk.new_name),
    Page("POST", f"{_IMAGE}/-/rename", bulk.rename_image, bulk.new_name),
    Page("GET", f"{_IMAGE}/-/retag", bulk.new_tag),
    Page("POST", f"{_IMAGE}/-/retag", bulk.add_tag, bulk.new_tag),
    # Archives of images; `static/upload.js` sends them.
    Page("GET", "/console/upload", uploads.show_uploads),
    Page("POST", _UPLOADS, uploads.announce_upload),
    Page("GET", _UPLOAD, uploads.show_upload),
    Page("PATCH", _UPLOAD, uploads.append_upload, reads_body=True),
    Page("POST", f"{_UPLOAD}/finish", uploads.finish_upload, uploads.show_uploads),
    Page("GET", f"{_UPLOAD}/cancel", uploads.confirm_cancellation),
    Page("POST", f"{_UPLOAD}/cancel", uploads.cancel_upload),
    # One version of an image, tab by tab; and what a tag named before.
    Page("GET", f"{_VERSION}/download", downloads.download_version),
    Page("GET", _VERSION, versions.show_version),
    Page("GET", f"{_VERSION}/files", files.show_files),
    Page("GET", f"{_VERSION}/referrers", versions.show_referrers),
    Page("GET", f"{_VERSION}/manifest", versions.show_manifest),
    Page("GET", f"{_VERSION}/manifest/raw", versions.download_manifest),
    Page("GET", f"{_IMAGE}/-/blobs/{{digest}}", versions.download_blob),
    Page("GET", f"{_IMAGE}/-/diff", files.show_difference),
    Page("GET", f"{_TAG}/history", history.show_history),
    Page("GET", f"{_TAG}/restore", history.confirm_restore),
    Page("POST", f"{_TAG}/restore", history.restore_tag, history.confirm_restore),
    # Administration: users, groups.
    Page("GET", _USERS, users.list_people),
    Page("GET", f"{_USERS}/-/new", users.new_person),
    Page("POST", f"{_USERS}/-/new", users.create_person, users.new_person),
    Page("GET", _USER, users.show_person),
    Page("GET", f"{_USER}/-/settings", users.person_settings),
    Page("POST", f"{_USER}/-/settings", users.change_person, users.person_settings),
    Page("POST", f"{_USER}/-/password", users.give_password, users.person_settings),
    Page("POST", f"{_USER}/-/sessions", users.end_persons_sessions),
    Page("POST", f"{_USER}/-/unlock", users.unlock_person),
    Page("POST", f"{_USER}/-/enable", users.enable_person),
    Page("GET", f"{_USER}/-/disable", users.confirm_disabling),
    Page("POST", f"{_USER}/-/disable", users.disable_person, users.confirm_disabling),
    Page("GET", f"{_USER}/-/delete", users.confirm_deleting_person),
    Page("POST", f"{_USER}/-/delete", users.delete_person, users.confirm_deleting_person),
    Page("GET", _GROUPS, groups.list_groups),
    Page("GET", f"{_GROUPS}/-/new", groups.new_group),
    Page("POST", f"{_GROUPS}/-/new", groups.create_group, groups.new_group),
    Page("GET", _GROUP, groups.show_group),
    Page("GET", f"{_GROUP}/-/settings", groups.group_settings),
    Page("POST", f"{_GROUP}/-/settings", groups.change_group, groups.group_settings),
    Page("POST", f"{_GROUP}/-/members", groups.add_member, groups.show_group),
    Page("POST", f"{_GROUP}/-/members/remove", groups.remove_member, groups.show_group),
    Page("GET", f"{_GROUP}/-/delete", groups.confirm_deleting_group),
    Page("POST", f"{_GROUP}/-/delete", groups.delete_group, groups.confirm_deleting_group),
    # Robots, and whose tokens make their bearer one.
    Page("GET", _ROBOTS, robots.list_robots),
    Page("GET", f"{_ROBOTS}/-/new", robots.new_robot),
    Page("POST", f"{_ROBOTS}/-/new", robots.create_robot, robots.new_robot),
    Page("GET", _ROBOT, robots.show_robot),
    Page("GET", f"{_ROBOT}/-/settings", robots.robot_settings),
    Page("POST", f"{_ROBOT}/-/settings", robots.change_robot, robots.robot_settings),
    Page("GET", f"{_ROBOT}/-/rotate", robots.ask_rotation),
    Page("POST", f"{_ROBOT}/-/rotate", robots.rotate_secret, robots.ask_rotation),
    Page("POST", f"{_ROBOT}/-/enable", robots.enable_robot, robots.robot_settings),
    Page("GET", f"{_ROBOT}/-/disable", robots.confirm_disabling_robot),
    Page("POST", f"{_ROBOT}/-/disable", robots.disable_robot, robots.confirm_disabling_robot),
    Page("GET", f"{_ROBOT}/-/delete", robots.confirm_deleting_robot),
    Page("POST", f"{_ROBOT}/-/delete", robots.delete_robot, robots.confirm_deleting_robot),
    Page("GET", _FEDERATIONS, federations.list_federations),
    Page("GET", f"{_FEDERATIONS}/-/new", federations.new_federation),
    Page("POST", f"{_FEDERATIONS}/-/new", federations.create_federation, federations.new_federation),
    Page("GET", _FEDERATION, federations.show_federation),
    Page("POST", _FEDERATION, federations.change_federation, federations.show_federation),
    Page("POST", f"{_FEDERATION}/-/check", federations.check_federation),
    Page("POST", f"{_FEDERATION}/-/enable", federations.enable_federation),
    Page("POST", f"{_FEDERATION}/-/disable", federations.disable_federation),
    Page("GET", f"{_FEDERATION}/-/delete", federations.confirm_deleting_federation),
    Page("POST", f"{_FEDERATION}/-/delete", federations.delete_federation, federations.confirm_deleting_federation),
    # Single sign-on.
    Page("GET", _PROVIDERS, providers.list_providers),
    Page("GET", f"{_PROVIDERS}/-/new", providers.new_provider),
    Page("POST", f"{_PROVIDERS}/-/new", providers.create_provider, providers.new_provider),
    Page("GET", _PROVIDER, providers.show_provider),
    Page("GET", f"{_PROVIDER}/-/settings", providers.provider_settings),
    Page("POST", f"{_PROVIDER}/-/settings", providers.change_provider, providers.provider_settings),
    Page("POST", f"{_PROVIDER}/-/check", providers.check_provider),
    Page("POST", f"{_PROVIDER}/-/link", providers.link_person, providers.show_provider),
    Page("POST", f"{_PROVIDER}/-/unlink", providers.unlink_person, providers.show_provider),
    Page("POST", f"{_PROVIDER}/-/enable", providers.enable_provider),
    Page("GET", f"{_PROVIDER}/-/disable", providers.confirm_disabling_provider),
    Page("POST", f"{_PROVIDER}/-/disable", providers.disable_provider, providers.confirm_disabling_provider),
    Page("GET", f"{_PROVIDER}/-/delete", providers.confirm_deleting_provider),
    Page("POST", f"{_PROVIDER}/-/delete", providers.delete_provider, providers.confirm_deleting_provider),
    # What happened.
    Page("GET", f"{_ADMIN}/audit", audit.show_audit),
    # For operators: domains, jobs, the system.
    Page("GET", _DOMAINS, domains.list_domains),
    Page("GET", f"{_DOMAINS}/-/new", domains.new_domain),
    Page("POST", f"{_DOMAINS}/-/new", domains.create_domain, domains.new_domain),
    Page("GET", _DOMAIN, domains.show_domain),
    Page("POST", f"{_DOMAIN}/-/quota", domains.limit_domain, domains.show_domain),
    Page("GET", f"{_DOMAIN}/-/delete", domains.confirm_deleting_domain),
    Page("POST", f"{_DOMAIN}/-/delete", domains.delete_domain, domains.confirm_deleting_domain),
    Page("GET", _JOBS, jobs.list_jobs),
    Page("GET", f"{_JOBS}/-/schedules", jobs.list_schedules),
    Page("POST", f"{_JOBS}/-/schedules", jobs.start_job, jobs.list_schedules),
    Page("GET", _JOB, jobs.show_job),
    Page("POST", f"{_JOB}/-/retry", jobs.retry_job, jobs.show_job),
    Page("GET", f"{_JOB}/-/cancel", jobs.confirm_cancelling),
    Page("POST", f"{_JOB}/-/cancel", jobs.cancel_job, jobs.show_job),
    Page("GET", f"{_ADMIN}/system", system.show_system),
)
"""Names of repositories hold slashes; what belongs to one comes after `/-/`, which no name can hold."""


def find(method: str, path: str) -> tuple[Page | None, Mapping[str, str]]:
    """The page at `path` and the names in it; None when there is none."""
    wanted = "GET" if method == "HEAD" else method
    for pattern, page in _PATTERNS:
        if page.method == wanted and (match := pattern.fullmatch(path)):
            return page, match.groupdict()
    return None, {}


def methods_of(path: str) -> Sequence[str]:
    """What the page at `path` answers; empty when there is none."""
    return sorted({page.method for pattern, page in _PATTERNS if pattern.fullmatch(path)})


def _pattern(path: str) -> re.Pattern[str]:
    escaped = re.escape(path).replace(r"\{repository\}", r"(?P<repository>(?:(?!-/)[^/]+/)+(?!-$)[^/]+)")
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", escaped))


_PATTERNS: Final = [(_pattern(page.path), page) for page in PAGES]
