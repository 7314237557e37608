"""All pages: the one table; the administration's part of it stands in `admin/table.py`. The tests walk it too."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from entrepot.doors.console import (
    account,
    bulk,
    cold,
    credentials,
    downloads,
    explain,
    files,
    history,
    image,
    image_access,
    image_copies,
    image_settings,
    image_sharing,
    image_usage,
    images,
    immutability,
    live,
    organizations,
    overview,
    permissions,
    preferences,
    retention,
    retention_own,
    retention_policies,
    search,
    sign_in,
    uploads,
    versions,
    warmups,
    webhooks,
    welcome,
)
from entrepot.doors.console.admin.table import ADMINISTRATION
from entrepot.doors.console.page import Page

_ORGANIZATIONS: Final = "/console/organizations"
_ORGANIZATION: Final = f"{_ORGANIZATIONS}/{{organization}}"
_IMMUTABILITY: Final = f"{_ORGANIZATION}/-/immutability"
_RULE: Final = f"{_IMMUTABILITY}/{{rule}}"
_RETENTION: Final = f"{_ORGANIZATION}/-/retention"
_POLICY: Final = f"{_RETENTION}/{{policy}}"
_IMAGES: Final = "/console/images"
_IMAGE: Final = f"{_IMAGES}/{{repository}}"
_OWN_RETENTION: Final = f"{_IMAGE}/-/automation/retention"
_COPY: Final = f"{_IMAGE}/-/automation/copies/{{copy}}"
_VERSION: Final = f"{_IMAGE}/-/versions/{{version}}"
_WARMUPS: Final = "/console/warmups"
_WARMUP: Final = f"{_WARMUPS}/{{warmup}}"
_WARM_RULES: Final = f"{_WARMUPS}/-/rules"
_WEBHOOKS: Final = f"{_ORGANIZATION}/-/webhooks"
_WEBHOOK: Final = f"{_WEBHOOKS}/{{webhook}}"
_DELIVERY: Final = f"{_WEBHOOK}/deliveries/{{delivery}}"
_UPLOADS: Final = "/console/uploads"
_UPLOAD: Final = f"{_UPLOADS}/{{archive}}"
_TAG: Final = f"{_IMAGE}/-/tags/{{tag}}"
_ACCOUNT: Final = "/console/account"
_KEYS: Final = f"{_ACCOUNT}/keys"
_KEY: Final = f"{_KEYS}/{{key}}"
_TOKENS: Final = f"{_ACCOUNT}/tokens"
_TOKEN: Final = f"{_TOKENS}/{{token}}"
_SESSIONS: Final = f"{_ACCOUNT}/sessions"
_WELCOME: Final = "/console/welcome"

PAGES: Final = (
    Page("GET", "/console/login", sign_in.show_login),
    Page("POST", "/console/login", sign_in.log_in, sign_in.show_login, is_open=True),
    Page("POST", "/console/logout", sign_in.log_out, is_open=True),
    Page("POST", "/console/preferences", preferences.set_preferences, is_open=True),
    Page("GET", "/console/live", live.follow_changes),
    Page("GET", "/console/", overview.show_overview),
    # The first steps of a new installation.
    Page("GET", _WELCOME, welcome.show_welcome),
    # A form that was refused stands at its own address, and what is live on it asks there again.
    Page("GET", f"{_WELCOME}/organization", welcome.show_welcome_again),
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
    # Tags that stay where they are.
    Page("GET", _IMMUTABILITY, immutability.show_immutability),
    Page("POST", _IMMUTABILITY, immutability.create_immutability_rule, immutability.show_immutability),
    Page("GET", _RULE, immutability.edit_immutability_rule),
    Page("POST", _RULE, immutability.change_immutability_rule, immutability.edit_immutability_rule),
    Page("POST", f"{_RULE}/enable", immutability.enable_immutability_rule, immutability.show_immutability),
    Page("POST", f"{_RULE}/disable", immutability.disable_immutability_rule, immutability.show_immutability),
    Page("GET", f"{_RULE}/delete", immutability.confirm_rule_deletion),
    Page("POST", f"{_RULE}/delete", immutability.delete_immutability_rule, immutability.confirm_rule_deletion),
    Page("GET", f"{_ORGANIZATION}/-/quota", organizations.show_quota),
    Page("POST", f"{_ORGANIZATION}/-/quota", organizations.set_quota, organizations.show_quota),
    Page("GET", f"{_ORGANIZATION}/-/activity", organizations.show_activity),
    Page("GET", f"{_ORGANIZATION}/-/settings", organizations.show_settings),
    Page("POST", f"{_ORGANIZATION}/-/settings", organizations.change_settings, organizations.show_settings),
    Page("POST", f"{_ORGANIZATION}/-/read-only", organizations.make_read_only, organizations.show_settings),
    Page("POST", f"{_ORGANIZATION}/-/writable", organizations.make_writable, organizations.show_settings),
    Page("GET", f"{_ORGANIZATION}/-/transfer", organizations.confirm_transfer),
    Page("POST", f"{_ORGANIZATION}/-/transfer", organizations.transfer_organization, organizations.confirm_transfer),
    Page("GET", f"{_ORGANIZATION}/-/delete", organizations.confirm_deletion),
    Page("POST", f"{_ORGANIZATION}/-/delete", organizations.delete_organization, organizations.confirm_deletion),
    # What goes in time: policies, each looked at before it is in force.
    Page("GET", _RETENTION, retention.show_organization_retention),
    Page("POST", _RETENTION, retention_policies.run_organization_retention, retention.show_organization_retention),
    Page("GET", f"{_RETENTION}/-/new", retention_policies.new_retention_policy),
    Page(
        "POST",
        f"{_RETENTION}/-/new",
        retention_policies.create_retention_policy,
        retention_policies.new_retention_policy,
    ),
    Page("GET", _POLICY, retention_policies.edit_retention_policy),
    Page("POST", _POLICY, retention_policies.change_retention_policy, retention_policies.edit_retention_policy),
    Page("GET", f"{_POLICY}/enable", retention_policies.confirm_enabling_retention_policy),
    Page(
        "POST",
        f"{_POLICY}/enable",
        retention_policies.enable_retention_policy,
        retention.show_organization_retention,
    ),
    Page(
        "POST",
        f"{_POLICY}/disable",
        retention_policies.disable_retention_policy,
        retention.show_organization_retention,
    ),
    Page("GET", f"{_POLICY}/delete", retention_policies.confirm_deleting_retention_policy),
    Page(
        "POST",
        f"{_POLICY}/delete",
        retention_policies.delete_retention_policy,
        retention_policies.confirm_deleting_retention_policy,
    ),
    # Webhooks of an organization and its images.
    Page("GET", _WEBHOOKS, webhooks.list_webhooks),
    Page("GET", f"{_WEBHOOKS}/-/new", webhooks.new_webhook),
    Page("POST", f"{_WEBHOOKS}/-/new", webhooks.create_webhook, webhooks.new_webhook),
    Page("GET", _WEBHOOK, webhooks.show_webhook),
    Page("GET", f"{_WEBHOOK}/edit", webhooks.edit_webhook),
    Page("POST", f"{_WEBHOOK}/edit", webhooks.change_webhook, webhooks.edit_webhook),
    Page("POST", f"{_WEBHOOK}/enable", webhooks.enable_webhook, webhooks.show_webhook),
    Page("POST", f"{_WEBHOOK}/disable", webhooks.disable_webhook, webhooks.show_webhook),
    Page("POST", f"{_WEBHOOK}/test", webhooks.send_test, webhooks.show_webhook),
    Page("GET", f"{_WEBHOOK}/rotate", webhooks.confirm_rotation),
    Page("POST", f"{_WEBHOOK}/rotate", webhooks.rotate_webhook_secret, webhooks.confirm_rotation),
    Page("GET", f"{_WEBHOOK}/delete", webhooks.confirm_webhook_deletion),
    Page("POST", f"{_WEBHOOK}/delete", webhooks.delete_webhook, webhooks.confirm_webhook_deletion),
    Page("GET", _DELIVERY, webhooks.show_delivery),
    Page("POST", f"{_DELIVERY}/redeliver", webhooks.redeliver, webhooks.show_delivery),
    Page("GET", _IMAGES, images.list_images),
    Page("GET", "/console/shared", images.list_shared),
    Page("GET", "/console/shared/given", images.list_given),
    Page("GET", "/console/public", images.list_public),
    Page("GET", "/console/cold", cold.list_cold),
    Page("GET", "/console/search", search.show_search),
    # One image, tab by tab.
    Page("GET", _IMAGE, image.show_image),
    Page("GET", f"{_IMAGE}/-/description", image.edit_description),
    Page("POST", f"{_IMAGE}/-/description", image.save_description, image.edit_description),
    Page("GET", f"{_IMAGE}/-/usage", image_usage.show_image_usage),
    Page("GET", f"{_IMAGE}/-/automation", image_usage.show_automation),
    # Images come to nodes of regions before a deployment.
    Page("GET", _WARMUPS, warmups.list_warmups),
    Page("POST", _WARMUPS, warmups.create_warmup, warmups.list_warmups),
    Page("POST", _WARM_RULES, warmups.create_warm_rule, warmups.list_warmups),
    Page("GET", f"{_WARM_RULES}/{{warm_rule}}/delete", warmups.confirm_deleting_warm_rule),
    Page(
        "POST",
        f"{_WARM_RULES}/{{warm_rule}}/delete",
        warmups.delete_warm_rule,
        warmups.confirm_deleting_warm_rule,
    ),
    Page("GET", _WARMUP, warmups.show_warmup),
    Page("POST", f"{_WARMUP}/-/cancel", warmups.cancel_warmup, warmups.show_warmup),
    Page("POST", f"{_COPY}/retry", image_copies.retry_copy, image_usage.show_automation),
    Page("POST", f"{_COPY}/cancel", image_copies.cancel_copy, image_usage.show_automation),
    Page("GET", _OWN_RETENTION, retention_own.edit_own_retention),
    Page("POST", _OWN_RETENTION, retention_own.save_own_retention, retention_own.edit_own_retention),
    Page("GET", f"{_OWN_RETENTION}/delete", retention_own.confirm_deleting_own_retention),
    Page(
        "POST",
        f"{_OWN_RETENTION}/delete",
        retention_own.delete_own_retention,
        retention_own.confirm_deleting_own_retention,
    ),
    Page("GET", f"{_IMAGE}/-/retention", retention.show_retention),
    Page("POST", f"{_IMAGE}/-/retention", retention.run_retention, retention.show_retention),
    Page("GET", f"{_IMAGE}/-/retention/plan", retention.show_retention_plan),
    Page("GET", f"{_IMAGE}/-/retention/{{run}}", retention.show_retention_run),
    Page("GET", f"{_IMAGE}/-/retention/{{run}}/undo", retention.confirm_retention_undo),
    Page(
        "POST",
        f"{_IMAGE}/-/retention/{{run}}/undo",
        retention.undo_retention_run,
        retention.confirm_retention_undo,
    ),
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
    Page("GET", f"{_VERSION}/files", files.show_files, files.say_what_is_not_there),
    Page("GET", f"{_VERSION}/referrers", versions.show_referrers),
    Page("GET", f"{_VERSION}/manifest", versions.show_manifest),
    Page("GET", f"{_VERSION}/manifest/raw", versions.download_manifest),
    Page("GET", f"{_IMAGE}/-/blobs/{{digest}}", versions.download_blob),
    Page("GET", f"{_IMAGE}/-/diff", files.show_difference, files.ask_for_versions),
    Page("GET", f"{_TAG}/history", history.show_history),
    Page("GET", f"{_TAG}/restore", history.confirm_restore),
    Page("POST", f"{_TAG}/restore", history.restore_tag, history.confirm_restore),
    *ADMINISTRATION,
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
