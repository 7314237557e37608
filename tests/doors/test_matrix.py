"""Every call of both doors in every role, in one table: what each may do, and that nothing is missing.

The house: a private organization `acme` with the repository `acme/web`, in which `reader`, `editor`
and `manager` hold their levels; `stranger` holds none; `admin` administers the domain. What one may
not even see is 404, what one may see but not do is 403. For each case the house is as new: of those that
change nothing, because they only look or are refused, all see the same one.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from starlette.types import ASGIApp

from entrepot.access.levels import Level
from entrepot.accounts.domains import create_domain
from entrepot.accounts.groups import create_group
from entrepot.accounts.robots import create_robot
from entrepot.accounts.rules import Right
from entrepot.accounts.sessions import begin_session
from entrepot.accounts.trust.federations import create_federation
from entrepot.accounts.trust.providers import create_provider, link_identity
from entrepot.doors.manage import door as manage_door
from entrepot.doors.manage.enterprise.call import INSTANCE_ID
from entrepot.doors.manage.paths import repository_segment
from entrepot.doors.manage.route import Route
from entrepot.doors.manage.routes import ROUTES
from entrepot.doors.oci import routes as oci_routes
from entrepot.doors.oci.door import OciDoor
from entrepot.intake.receive import announce_archive, append_archive
from entrepot.regions.tokens import create_edge_token
from entrepot.registry.organizations import change_organization
from entrepot.registry.uploads import start_upload
from entrepot.upkeep.garbage import request_collection
from entrepot.upkeep.verification import request_verification
from entrepot.values.names import (
    DomainName,
    FederationName,
    GroupName,
    OrganizationName,
    ProviderName,
    RegionName,
    RepositoryName,
    RobotName,
    UserName,
)
from tests.make.automation import REMOTE, RETENTION, TRIGGER, WEBHOOK, WIDE_RULE, automate
from tests.make.image import Blob, Image
from tests.make.rooms import PASSWORD, Rooms, open_rooms
from tests.make.work import furnish_work, url_in

in_one_loop = pytest.mark.asyncio(loop_scope="module")

ROLES = ("anonymous", "stranger", "reader", "editor", "manager", "admin")
# Who stands beside these: `robot` reads `acme`, `outsider` administers another domain.
BESIDE = ("robot", "outsider")
LEVELS = {"reader": Level.READ, "editor": Level.EDIT, "manager": Level.MANAGE}

_WEB = RepositoryName("acme/web")
_ROBOT_SECRET = "robot"  # a file
_ANN = {"user_id": "", "user_name": "ann", "auth": 1}
_ZOE = {"user_id": "", "user_name": "zoe", "auth": 1}

_OIDC = {"issuer": "https://127.0.0.1", "client_id": "registry"}  # it may not be asked
_TOKENS = {"issuer": "https://127.0.0.1", "audience": "us", "conditions": [{"claim": "sub", "pattern": "acme"}]}

#                                    anonymous, stranger, reader, editor, manager, admin
MANAGE: dict[str, tuple[int, ...]] = {
    "list_api_versions":            (200, 200, 200, 200, 200, 200),
    "show_api_version":             (401, 200, 200, 200, 200, 200),
    "show_openapi":                 (200, 200, 200, 200, 200, 200),
    "show_docs":                    (200, 200, 200, 200, 200, 200),
    "show_docs_start":              (200, 200, 200, 200, 200, 200),
    "show_docs_script":             (200, 200, 200, 200, 200, 200),
    "show_docs_style":              (200, 200, 200, 200, 200, 200),
    "create_namespace":             (401, 201, 201, 201, 201, 201),
    "list_namespaces":              (401, 200, 200, 200, 200, 200),
    "show_namespace":               (401, 404, 200, 200, 200, 200),
    "update_namespace":             (401, 404, 403, 403, 201, 201),
    "show_namespace_settings":      (401, 404, 200, 200, 200, 200),
    "make_namespace_read_only":     (401, 404, 403, 403, 403, 204),
    "make_namespace_writable":      (401, 404, 403, 403, 403, 204),
    "create_immutability_rule":     (401, 404, 403, 403, 201, 201),
    "list_immutability_rules":      (401, 404, 200, 200, 200, 200),
    "show_immutability_rule":       (401, 404, 200, 200, 200, 200),
    "update_immutability_rule":     (401, 404, 403, 403, 200, 200),
    "delete_immutability_rule":     (401, 404, 403, 403, 204, 204),
    "transfer_namespace":           (401, 404, 403, 403, 403, 200),
    "delete_namespace":             (401, 404, 403, 403, 204, 204),
    "show_namespace_auth":          (401, 404, 200, 200, 200, 200),
    "create_namespace_auth":        (401, 404, 403, 403, 200, 200),
    "update_namespace_auth":        (401, 404, 403, 403, 201, 201),
    "delete_namespace_auth":        (401, 404, 403, 403, 204, 204),
    "create_repo":                  (401, 403, 403, 201, 201, 201),
    "list_repos_details":           (401, 200, 200, 200, 200, 200),
    "list_repo_details":            (401, 200, 200, 200, 200, 200),
    "show_repository":              (401, 404, 200, 200, 200, 200),
    "update_repo":                  (401, 404, 403, 201, 201, 201),
    "delete_repo":                  (401, 404, 403, 403, 204, 204),
    "show_user_repository_auth":    (401, 404, 200, 200, 200, 200),
    "create_user_repository_auth":  (401, 404, 403, 403, 201, 201),
    "update_user_repository_auth":  (401, 404, 403, 403, 201, 201),
    "delete_user_repository_auth":  (401, 404, 403, 403, 204, 204),
    "list_namespace_grants":        (401, 404, 403, 403, 200, 200),
    "set_namespace_grant":          (401, 404, 403, 403, 200, 200),
    "delete_namespace_grant":       (401, 404, 403, 403, 204, 204),
    "list_repo_grants":             (401, 404, 403, 403, 200, 200),
    "list_repo_permissions":        (401, 404, 403, 403, 200, 200),
    "show_repo_removal":            (401, 404, 403, 403, 200, 200),
    "show_namespace_removal":       (401, 404, 403, 403, 200, 200),
    "set_repo_grant":               (401, 404, 403, 403, 200, 200),
    "delete_repo_grant":            (401, 404, 403, 403, 204, 204),
    "list_repository_tags":         (401, 404, 200, 200, 200, 200),
    "list_repository_tag":          (401, 404, 200, 200, 200, 200),
    "show_repo_tag":                (401, 404, 200, 200, 200, 200),
    "create_repo_tag":              (401, 404, 403, 201, 201, 201),
    "rename_repo":                  (401, 404, 403, 403, 200, 200),
    "show_repo_renaming":           (401, 404, 403, 403, 200, 200),
    "create_copy":                  (401, 404, 403, 201, 201, 201),
    "plan_deletion":                (401, 404, 403, 403, 200, 200),
    "delete_repo_tags":             (401, 404, 403, 403, 200, 200),
    "list_tag_history":             (401, 404, 200, 200, 200, 200),
    "restore_tag":                  (401, 404, 403, 200, 200, 200),
    "list_tags_at":                 (401, 404, 200, 200, 200, 200),
    # The archive is the editor's: for others it does not exist. Lists are of one's own.
    "create_archive":               (401, 403, 403, 201, 201, 201),
    "list_archives":                (401, 200, 200, 200, 200, 200),
    "show_archive":                 (401, 404, 404, 200, 404, 404),
    "append_archive":               (401, 404, 404, 200, 404, 404),
    "import_archive":               (401, 404, 404, 202, 404, 404),
    "delete_archive":               (401, 404, 404, 204, 404, 404),
    "download_image":               (401, 404, 200, 200, 200, 200),
    "list_image_files":             (401, 404, 200, 200, 200, 200),
    "compare_images":               (401, 404, 200, 200, 200, 200),
    "list_repo_accessories":        (401, 404, 200, 200, 200, 200),
    "list_references":              (401, 404, 200, 200, 200, 200),
    "delete_repo_tag":              (401, 404, 403, 403, 204, 204),
    "create_repo_domains":          (401, 404, 403, 403, 201, 201),
    "list_repo_domains":            (401, 404, 403, 403, 200, 200),
    "show_access_domain":           (401, 404, 403, 403, 200, 200),
    "update_repo_domains":          (401, 404, 403, 403, 201, 201),
    "delete_repo_domains":          (401, 404, 403, 403, 204, 204),
    "list_shared_repos_details":    (401, 200, 200, 200, 200, 200),
    "list_shared_repo_details":     (401, 200, 200, 200, 200, 200),
    "list_quotas":                  (401, 403, 403, 403, 403, 403),
    "show_quotas":                  (401, 200, 200, 200, 200, 200),
    "show_domain_quotas":           (401, 200, 200, 200, 200, 200),
    "update_domain_quotas":         (401, 403, 403, 403, 403, 200),
    "show_namespace_quotas":        (401, 404, 200, 200, 200, 200),
    "update_namespace_quotas":      (401, 404, 403, 403, 403, 200),
    "show_domain_overview":         (401, 200, 200, 200, 200, 200),
    "show_domain_resource_reports": (401, 200, 200, 200, 200, 200),
    "list_pulls":                   (401, 404, 200, 200, 200, 200),
    "show_domain_usage":            (401, 200, 200, 200, 200, 200),
    "show_repo_usage":              (401, 404, 200, 200, 200, 200),
    "show_namespace_usage":         (401, 404, 200, 200, 200, 200),
    "show_tag_usage":               (401, 404, 403, 403, 200, 200),
    "list_cold_images":             (401, 200, 200, 200, 200, 200),
    "list_image_versions":          (401, 404, 200, 200, 200, 200),
    "explain_access":               (401, 200, 200, 200, 200, 200),
    "search_everything_readable":   (401, 200, 200, 200, 200, 200),
    "list_audit":                   (401, 403, 403, 403, 403, 200),
    "export_audit":                 (401, 403, 403, 403, 403, 200),
    "list_events_since":            (401, 403, 403, 403, 403, 200),
    "create_identity_provider":     (401, 403, 403, 403, 403, 201),
    "list_identity_providers":      (401, 403, 403, 403, 403, 200),
    "show_identity_provider":       (401, 403, 403, 403, 403, 200),
    "update_identity_provider":     (401, 403, 403, 403, 403, 200),
    "delete_identity_provider":     (401, 403, 403, 403, 403, 204),
    "check_identity_provider":      (401, 403, 403, 403, 403, 200),
    "list_identities":              (401, 403, 403, 403, 403, 200),
    "link_identity":                (401, 403, 403, 403, 403, 201),
    "unlink_identity":              (401, 403, 403, 403, 403, 204),
    "create_federation":            (401, 403, 403, 403, 403, 201),
    "list_federations":             (401, 403, 403, 403, 403, 200),
    "show_federation":              (401, 403, 403, 403, 403, 200),
    "update_federation":            (401, 403, 403, 403, 403, 200),
    "delete_federation":            (401, 403, 403, 403, 403, 204),
    "check_federation":             (401, 403, 403, 403, 403, 200),
    "create_trigger":               (401, 404, 403, 201, 201, 201),
    "list_triggers_details":        (401, 404, 200, 200, 200, 200),
    "show_trigger":                 (401, 404, 200, 200, 200, 200),
    "update_trigger":               (401, 404, 403, 201, 201, 201),
    "delete_trigger":               (401, 404, 403, 204, 204, 204),
    # The webhook is the organization's.
    "create_webhook":               (401, 404, 403, 403, 201, 201),
    "list_webhooks":                (401, 404, 403, 403, 200, 200),
    "show_webhook":                 (401, 404, 403, 403, 200, 200),
    "update_webhook":               (401, 404, 403, 403, 200, 200),
    "delete_webhook":               (401, 404, 403, 403, 204, 204),
    "rotate_webhook_secret":        (401, 404, 403, 403, 200, 200),
    "send_webhook_test":            (401, 404, 403, 403, 202, 202),
    "list_webhook_deliveries":      (401, 404, 403, 403, 200, 200),
    "show_webhook_delivery":        (401, 404, 403, 403, 200, 200),
    "redeliver_webhook":            (401, 404, 403, 403, 202, 202),
    "create_retention":             (401, 404, 403, 403, 201, 201),
    "list_retentions":              (401, 404, 200, 200, 200, 200),
    "list_retention_histories":     (401, 404, 200, 200, 200, 200),
    "show_retention":               (401, 404, 200, 200, 200, 200),
    "update_retention":             (401, 404, 403, 403, 201, 201),
    "delete_retention":             (401, 404, 403, 403, 200, 200),
    "plan_repo_retention":          (401, 404, 403, 403, 200, 200),
    "preview_repo_retention":       (401, 404, 403, 403, 200, 200),
    "run_repo_retention":           (401, 404, 403, 403, 202, 202),
    "list_repo_retention_runs":     (401, 404, 200, 200, 200, 200),
    "show_retention_run":           (401, 404, 200, 200, 200, 200),
    "list_retained_tags":           (401, 404, 200, 200, 200, 200),
    "undo_retention_run":           (401, 404, 403, 403, 202, 202),
    "plan_namespace_retention":     (401, 404, 403, 403, 200, 200),
    "run_namespace_retention":      (401, 404, 403, 403, 202, 202),
    "list_namespace_retention_runs": (401, 404, 200, 200, 200, 200),
    "create_retention_policy":      (401, 404, 403, 403, 201, 201),
    "list_retention_policies":      (401, 404, 200, 200, 200, 200),
    "show_retention_policy":        (401, 404, 200, 200, 200, 200),
    "update_retention_policy":      (401, 404, 403, 403, 200, 200),
    "delete_retention_policy":      (401, 404, 403, 403, 204, 204),
    "preview_retention_policy":     (401, 404, 403, 403, 200, 200),
    "preview_retention_policy_change": (401, 404, 403, 403, 200, 200),
    "create_image_sync_repo":       (401, 404, 403, 200, 200, 200),
    "list_image_auto_sync_repos_details": (401, 404, 200, 200, 200, 200),
    "delete_image_sync_repo":       (401, 404, 403, 200, 200, 200),
    "create_manual_image_sync_repo": (401, 404, 403, 200, 200, 200),
    "show_sync_job":                (401, 404, 200, 200, 200, 200),
    "list_sync_regions":            (401, 200, 200, 200, 200, 200),
    "create_mirror":                (401, 403, 403, 403, 403, 201),
    "list_mirrors":                 (401, 200, 200, 200, 200, 200),
    "show_mirror":                  (401, 404, 404, 404, 404, 200),
    "update_mirror":                (401, 403, 403, 403, 403, 200),
    "delete_mirror":                (401, 403, 403, 403, 403, 204),
    "show_mirror_config":           (401, 404, 404, 404, 404, 200),
    "show_mirror_usage":            (401, 404, 404, 404, 404, 200),
    "list_pins":                    (401, 404, 404, 404, 404, 200),
    "pin_images":                   (401, 403, 403, 403, 403, 200),
    "unpin_images":                 (401, 403, 403, 403, 403, 204),
    "create_virtual":               (401, 403, 403, 403, 403, 201),
    "list_virtuals":                (401, 200, 200, 200, 200, 200),
    "show_virtual":                 (401, 404, 404, 404, 404, 200),
    "update_virtual":               (401, 403, 403, 403, 403, 200),
    "delete_virtual":               (401, 403, 403, 403, 403, 204),
    "explain_virtual":              (401, 404, 404, 404, 404, 200),
    "list_sync_copies":             (401, 404, 200, 200, 200, 200),
    "retry_sync_copy":              (401, 404, 403, 202, 202, 202),
    "cancel_sync_copy":             (401, 404, 403, 200, 200, 200),
    "create_sync_rule":             (401, 403, 403, 403, 403, 201),
    "list_sync_rules":              (401, 403, 403, 403, 403, 200),
    "show_sync_rule":               (401, 403, 403, 403, 403, 200),
    "update_sync_rule":             (401, 403, 403, 403, 403, 200),
    "delete_sync_rule":             (401, 403, 403, 403, 403, 204),
    "run_sync_rule":                (401, 403, 403, 403, 403, 202),
    "list_all_sync_copies":         (401, 403, 403, 403, 403, 200),
    "retry_any_sync_copy":          (401, 403, 403, 403, 403, 202),
    "cancel_any_sync_copy":         (401, 403, 403, 403, 403, 200),
    "create_region":                (401, 403, 403, 403, 403, 201),
    "show_region":                  (401, 403, 403, 403, 403, 200),
    "update_region":                (401, 403, 403, 403, 403, 200),
    "delete_region":                (401, 403, 403, 403, 403, 204),
    "create_edge_token":            (401, 403, 403, 403, 403, 201),
    "list_edge_tokens":             (401, 403, 403, 403, 403, 200),
    "delete_edge_token":            (401, 403, 403, 403, 403, 204),
    "explain_scheduling":           (401, 403, 403, 403, 403, 200),
    "list_edges":                   (401, 403, 403, 403, 403, 200),
    "show_edge":                    (401, 403, 403, 403, 403, 200),
    "update_edge":                  (401, 403, 403, 403, 403, 200),
    "delete_edge":                  (401, 403, 403, 403, 403, 204),
    "create_warmup":                (401, 404, 403, 201, 201, 201),
    "list_warmups":                 (401, 200, 200, 200, 200, 200),
    "show_warmup":                  (401, 404, 200, 200, 200, 200),
    "cancel_warmup":                (401, 404, 403, 204, 204, 204),
    "create_warm_rule":             (401, 403, 403, 403, 403, 201),
    "list_warm_rules":              (401, 403, 403, 403, 403, 200),
    "delete_warm_rule":             (401, 403, 403, 403, 403, 204),
    "create_user":                  (401, 403, 403, 403, 403, 201),
    "list_users":                   (401, 403, 403, 403, 403, 200),
    "show_user":                    (401, 403, 403, 403, 403, 200),
    "show_user_holdings":           (401, 403, 403, 403, 403, 200),
    "update_password":              (401, 403, 403, 403, 403, 204),
    "disable_user":                 (401, 403, 403, 403, 403, 200),
    "unlock_user":                  (401, 403, 403, 403, 403, 200),
    "enable_user":                  (401, 403, 403, 403, 403, 200),
    "update_user":                  (401, 403, 403, 403, 403, 200),
    "delete_user":                  (401, 403, 403, 403, 403, 204),
    "create_domain":                (401, 403, 403, 403, 403, 201),
    "list_domains":                 (401, 403, 403, 403, 403, 200),
    "show_domain":                  (401, 200, 200, 200, 200, 200),
    "delete_domain":                (401, 403, 403, 403, 403, 204),
    "list_warnings":                (401, 200, 200, 200, 200, 200),
    "show_system":                  (401, 403, 403, 403, 403, 200),
    "show_maintenance":             (401, 200, 200, 200, 200, 200),
    "start_maintenance":            (401, 403, 403, 403, 403, 200),
    "end_maintenance":              (401, 403, 403, 403, 403, 204),
    "list_job_runs":                (401, 403, 403, 403, 403, 200),
    "show_job_run":                 (401, 403, 403, 403, 403, 200),
    "retry_job_run":                (401, 403, 403, 403, 403, 200),
    "cancel_job_run":               (401, 403, 403, 403, 403, 200),
    "list_job_schedules":           (401, 403, 403, 403, 403, 200),
    "start_scheduled_job":          (401, 403, 403, 403, 403, 200),
    "show_garbage":                 (401, 403, 403, 403, 403, 200),
    "explain_digest":               (401, 403, 403, 403, 403, 200),
    "list_garbage_collections":     (401, 403, 403, 403, 403, 200),
    "collect_garbage":              (401, 403, 403, 403, 403, 202),
    "show_garbage_collection":      (401, 403, 403, 403, 403, 200),
    "show_verify":                  (401, 403, 403, 403, 403, 200),
    "list_findings":                (401, 403, 403, 403, 403, 200),
    "list_verifications":           (401, 403, 403, 403, 403, 200),
    "start_verification":           (401, 403, 403, 403, 403, 202),
    "show_verification":            (401, 403, 403, 403, 403, 200),
    "cancel_verification":          (401, 403, 403, 403, 403, 200),
    "create_group":                 (401, 403, 403, 403, 403, 201),
    "list_groups":                  (401, 403, 403, 403, 403, 200),
    "show_group":                   (401, 403, 403, 403, 403, 200),
    "update_group":                 (401, 403, 403, 403, 403, 200),
    "delete_group":                 (401, 403, 403, 403, 403, 204),
    "list_group_grants":            (401, 403, 403, 403, 403, 200),
    "list_group_members":           (401, 403, 403, 403, 403, 200),
    "add_group_member":             (401, 403, 403, 403, 403, 204),
    "remove_group_member":          (401, 403, 403, 403, 403, 204),
    # Everybody has tokens, and nobody one of this name.
    "create_token":                 (401, 201, 201, 201, 201, 201),
    "list_tokens":                  (401, 200, 200, 200, 200, 200),
    "delete_token":                 (401, 404, 404, 404, 404, 404),
    # The robot is the administrator's and reaches the organization.
    "create_robot":                 (401, 403, 403, 403, 201, 201),
    "list_robots":                  (401, 200, 200, 200, 200, 200),
    "show_robot":                   (401, 404, 404, 404, 200, 200),
    "update_robot":                 (401, 404, 404, 404, 200, 200),
    "delete_robot":                 (401, 404, 404, 404, 204, 204),
    "rotate_robot":                 (401, 404, 404, 404, 200, 200),
    "disable_robot":                (401, 404, 404, 404, 200, 200),
    "enable_robot":                 (401, 404, 404, 404, 200, 200),
    # The key is zoe's.
    "create_key":                   (401, 201, 201, 201, 201, 201),
    "list_keys":                    (401, 200, 200, 200, 200, 200),
    "show_key":                     (401, 404, 404, 404, 404, 200),
    "update_key":                   (401, 404, 404, 404, 404, 200),
    "delete_key":                   (401, 404, 404, 404, 404, 204),
    "show_account":                 (401, 200, 200, 200, 200, 200),
    # The session is zoe's.
    "begin_session":                (201, 201, 201, 201, 201, 201),
    "list_sessions":                (401, 200, 200, 200, 200, 200),
    "end_sessions":                 (401, 204, 204, 204, 204, 204),
    "end_session":                  (401, 404, 404, 404, 404, 204),
    "create_secret":                (401, 200, 200, 200, 200, 200),
    "create_authorization_token":   (401, 200, 200, 200, 200, 200),
    "check_agency":                 (401, 200, 200, 200, 200, 200),
    "create_agency":                (401, 403, 403, 403, 403, 204),
    "show_share_feature_gates":     (401, 403, 403, 403, 403, 403),
    "create_auth_token":            (201, 201, 201, 201, 201, 201),
    "list_projects":                (401, 200, 200, 200, 200, 200),
    # Enterprise calls. The key is zoe's.
    "list_instance":                (401, 200, 200, 200, 200, 200),
    "show_instance":                (401, 200, 200, 200, 200, 200),
    "show_instance_configuration":  (401, 200, 200, 200, 200, 200),
    "list_instance_statistics":     (401, 200, 200, 200, 200, 200),
    "list_feature_gates":           (401, 200, 200, 200, 200, 200),
    "create_instance_namespace":    (401, 201, 201, 201, 201, 201),
    "list_instance_namespaces":     (401, 200, 200, 200, 200, 200),
    "show_instance_namespace":      (401, 404, 200, 200, 200, 200),
    "update_instance_namespace":    (401, 404, 403, 403, 200, 200),
    "delete_instance_namespace":    (401, 404, 403, 403, 204, 204),
    "list_instance_repositories":   (401, 200, 200, 200, 200, 200),
    "list_namespace_repositories":  (401, 200, 200, 200, 200, 200),
    "show_instance_repository":     (401, 404, 200, 200, 200, 200),
    "update_instance_repository":   (401, 404, 403, 200, 200, 200),
    "delete_instance_repository":   (401, 404, 403, 403, 204, 204),
    "list_instance_artifacts":      (401, 404, 200, 200, 200, 200),
    "show_instance_artifact":       (401, 404, 200, 200, 200, 200),
    "delete_instance_artifact":     (401, 404, 403, 403, 204, 204),
    "list_instance_tags":           (401, 404, 200, 200, 200, 200),
    "delete_instance_tag":          (401, 404, 403, 403, 204, 204),
    "create_instance_temp_credential": (401, 201, 201, 201, 201, 201),
    "create_instance_lt_credential": (401, 201, 201, 201, 201, 201),
    "list_instance_lt_credentials": (401, 200, 200, 200, 200, 200),
    "update_instance_lt_credential": (401, 404, 404, 404, 404, 200),
    "delete_instance_lt_credential": (401, 404, 404, 404, 404, 204),
    "list_audit_logs":              (401, 403, 403, 403, 403, 200),
}  # fmt: skip

# A robot is a reader, except where a person is asked for.
ROBOT: dict[str, int] = {
    "list_warnings": 403,
    "create_namespace": 403,
    "create_token": 403,
    "list_tokens": 403,
    "delete_token": 403,
    "list_robots": 403,
    "show_robot": 403,
    "update_robot": 403,
    "delete_robot": 403,
    "rotate_robot": 403,
    "disable_robot": 403,
    "enable_robot": 403,
    "create_key": 403,
    "list_keys": 403,
    "show_key": 403,
    "update_key": 403,
    "delete_key": 403,
    "show_account": 403,
    "list_sessions": 403,
    "end_session": 403,
    "end_sessions": 403,
    "create_secret": 403,
    "create_authorization_token": 403,
    "create_instance_namespace": 403,
    "create_instance_temp_credential": 403,
    "create_instance_lt_credential": 403,
    "list_instance_lt_credentials": 403,
    "update_instance_lt_credential": 403,
    "delete_instance_lt_credential": 403,
}

# An outsider is a stranger. What is for administrators they do in their own domain, where nothing of ours is found;
# except for operators' calls, and for one that names a robot in its body.
OUTSIDER: dict[str, int] = {
    "show_domain_quotas": 403,
    "update_domain_quotas": 403,
    "create_domain": 403,
    "list_domains": 403,
    "show_domain": 403,
    "delete_domain": 403,
    "create_mirror": 403,
    "update_mirror": 403,
    "delete_mirror": 403,
    "pin_images": 403,
    "unpin_images": 403,
    "create_virtual": 403,
    "update_virtual": 403,
    "delete_virtual": 403,
    "create_sync_rule": 403,
    "list_sync_rules": 403,
    "show_sync_rule": 403,
    "update_sync_rule": 403,
    "delete_sync_rule": 403,
    "run_sync_rule": 403,
    "list_all_sync_copies": 403,
    "retry_any_sync_copy": 403,
    "cancel_any_sync_copy": 403,
    "create_edge_token": 403,
    "list_edge_tokens": 403,
    "delete_edge_token": 403,
    "create_region": 403,
    "show_region": 403,
    "update_region": 403,
    "delete_region": 403,
    "explain_scheduling": 403,
    "list_edges": 403,
    "show_edge": 403,
    "update_edge": 403,
    "delete_edge": 403,
    "create_warm_rule": 403,
    "list_warm_rules": 403,
    "delete_warm_rule": 403,
    "create_federation": 404,
    "show_system": 403,
    "list_job_runs": 403,
    "show_job_run": 403,
    "retry_job_run": 403,
    "cancel_job_run": 403,
    "start_maintenance": 403,
    "end_maintenance": 403,
    "list_job_schedules": 403,
    "start_scheduled_job": 403,
    "show_garbage": 403,
    "explain_digest": 403,
    "list_garbage_collections": 403,
    "collect_garbage": 403,
    "show_garbage_collection": 403,
    "show_verify": 403,
    "list_findings": 403,
    "list_verifications": 403,
    "start_verification": 403,
    "show_verification": 403,
    "cancel_verification": 403,
    "list_audit_logs": 200,
}

OCI: dict[str, tuple[int, ...]] = {
    "GET ping":         (401, 200, 200, 200, 200, 200),
    "HEAD ping":        (401, 200, 200, 200, 200, 200),
    "GET catalog":      (401, 200, 200, 200, 200, 200),
    "HEAD catalog":     (401, 200, 200, 200, 200, 200),
    "GET tags":         (401, 404, 200, 200, 200, 200),
    "HEAD tags":        (401, 404, 200, 200, 200, 200),
    "GET manifest":     (401, 404, 200, 200, 200, 200),
    "HEAD manifest":    (401, 404, 200, 200, 200, 200),
    "PUT manifest":     (401, 403, 403, 201, 201, 201),
    "DELETE manifest":  (401, 404, 403, 403, 202, 202),
    "GET blob":         (401, 404, 200, 200, 200, 200),
    "HEAD blob":        (401, 404, 200, 200, 200, 200),
    "DELETE blob":      (401, 404, 403, 403, 202, 202),
    "GET referrers":    (401, 404, 200, 200, 200, 200),
    "HEAD referrers":   (401, 404, 200, 200, 200, 200),
    "POST uploads":     (401, 403, 403, 202, 202, 202),
    # The upload is the editor's: for others who may push it does not exist.
    "GET upload":       (401, 403, 403, 204, 404, 404),
    "PATCH upload":     (401, 403, 403, 202, 404, 404),
    "PUT upload":       (401, 403, 403, 201, 404, 404),
    "DELETE upload":    (401, 403, 403, 204, 404, 404),
}  # fmt: skip

BODIES: dict[str, Any] = {
    "create_namespace": {"namespace": "new"},
    "update_namespace": {"sparse": True},
    "make_namespace_read_only": {},
    "start_maintenance": {"mode": "read-only"},
    "start_verification": {"deep": True},
    "create_edge_token": {"expires_seconds": 3_600},
    "create_warmup": {"image": f"{_WEB}:v1", "regions": ["north-1"]},
    "create_warm_rule": {"name": "another", "scopes": ["acme/*"], "regions": ["north-1"]},
    "create_immutability_rule": {"tags": "v*"},
    "update_immutability_rule": {"tags": "w*"},
    "transfer_namespace": {"user_name": "zoe"},
    "create_namespace_auth": [_ANN],
    "update_namespace_auth": [_ZOE],
    "delete_namespace_auth": ["nobody"],
    "create_archive": {"file_name": "images.tar", "size": 4},
    "import_archive": {},
    "create_repo": {"repository": "new", "is_public": False},
    "update_repo": {"is_public": False, "description": "changed"},
    "create_user_repository_auth": [_ANN],
    "update_user_repository_auth": [_ZOE],
    "delete_user_repository_auth": ["nobody"],
    "create_repo_tag": {"source_tag": "v1", "destination_tag": "v2"},
    "rename_repo": {"repository": "renamed"},
    "create_copy": {"reference": "v1", "destination_namespace": "acme", "destination_repository": "copy"},
    "plan_deletion": {"tags": ["v1"]},
    "delete_repo_tags": {"tags": ["v1"], "content": True},
    "create_repo_domains": {"access_domain": "guests", "permit": "read", "deadline": "forever"},
    "update_repo_domains": {"permit": "read", "deadline": "forever"},
    "create_user": {"name": "new", "password": PASSWORD},
    "update_user": {"is_admin": True},
    "create_domain": {"name": "new", "admin_name": "boss", "admin_password": PASSWORD},
    "create_group": {"name": "new"},
    "update_group": {"description": "changed"},
    "set_namespace_grant": {"kind": "group", "name": "team", "auth": 3, "pattern": "team-*"},
    "delete_namespace_grant": {"kind": "user", "name": "zoe"},
    "set_repo_grant": {"kind": "user", "name": "ann", "auth": 1, "deadline": "2027-12-31"},
    "delete_repo_grant": {"kind": "user", "name": "zoe"},
    "create_token": {"name": "new"},
    "create_robot": {"name": "new", "rights": [{"scope": "acme/*", "access": "push"}]},
    "update_robot": {"description": "changed"},
    "create_identity_provider": {"name": "new", "kind": "oidc", **_OIDC},
    "update_identity_provider": {"client_id": "changed"},
    "link_identity": {"subject": "2", "user": "ann"},
    "create_federation": {"name": "new", "robot": "ci", **_TOKENS},
    "update_federation": {"audience": "changed"},
    "check_federation": {"token": "none"},
    "update_domain_quotas": {"tags": 9},
    "update_namespace_quotas": {"tags": 9},
    "create_trigger": TRIGGER,
    "update_trigger": {"enable": "false"},
    "create_webhook": WEBHOOK,
    "update_webhook": {"is_enabled": False},
    "create_retention": RETENTION,
    "update_retention": RETENTION,
    "create_retention_policy": {"rules": [{"newest": 5}]},
    "update_retention_policy": {"enabled": True},
    "preview_repo_retention": RETENTION,
    "preview_retention_policy": {"rules": [{"newest": 5}]},
    "preview_retention_policy_change": {},
    "run_repo_retention": {},
    "run_namespace_retention": {},
    "create_image_sync_repo": {**REMOTE, "remoteNamespace": "another"},
    "delete_image_sync_repo": REMOTE,
    "create_manual_image_sync_repo": {**REMOTE, "imageTag": ["v1"], "override": False},
    "create_mirror": {"name": "another", "endpoints": ["https://another.example"]},
    "update_mirror": {"fresh_seconds": 60},
    "pin_images": {"repositories": "library/nginx", "tags": "1.*"},
    "create_virtual": {"name": "another", "members": [{"organization": "acme"}, {"organization": "hub"}]},
    "update_virtual": {"quarantine_seconds": 60},
    "create_sync_rule": {"name": "another", **WIDE_RULE},
    "update_sync_rule": {"tags": ["v*"]},
    "create_region": {"regionID": "another", "url": "https://another.example"},
    "update_region": {"username": "we"},
    "update_edge": {"is_draining": True},
    "create_instance_namespace": {"namespace_name": "new", "metadata": {"public": "true"}},
    "update_instance_namespace": {"metadata": {"public": "true"}},
    "update_instance_repository": {"description": "changed"},
    "create_instance_lt_credential": {"name": "new"},
    "update_instance_lt_credential": {"enable": False},
    "update_password": {"password": "another long password"},
    "update_key": {"is_enabled": False},
    "begin_session": {"name": "zoe", "password": PASSWORD},
    "create_auth_token": {
        "auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "zoe", "password": PASSWORD}}}}
    },
}

QUERIES: dict[str, dict[str, str]] = {
    "explain_access": {"action": "pull", "what": "acme/web"},
    "search_everything_readable": {"q": "web"},
    "show_mirror_config": {"for": "podman"},
    "unpin_images": {"repositories": "redis"},
    "explain_virtual": {"repository": "web", "reference": "v1"},
    "show_sync_job": {"filter": "limit::10|offset::0"},
    "download_image": {"reference": "v1"},
    "list_image_files": {"reference": "v1"},
    "compare_images": {"before": "v1", "after": "v1"},
    "list_tags_at": {"at": "2026-01-01T00:00:00Z"},
    "list_shared_repos_details": {"center": "self"},
    "list_shared_repo_details": {"shared_by": "thirdparty"},
    "unlink_identity": {"subject": "1"},
    "list_audit_logs": {"operation": "create"},
    "explain_digest": {"digest": f"sha256:{64 * '0'}"},
    "explain_scheduling": {"client": "192.0.2.7"},
}


@dataclass(frozen=True)
class House:
    """Furnished once; each case opens a copy. The bytes stay in memory and are shared: no case removes any."""

    folder: Path
    blobs: dict[Any, bytes]
    image: Image
    loose: Blob
    upload_id: str
    archive: str
    whole_archive: str
    key: str
    session: str
    collection: str
    verification: str
    edge_token: str


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("house")

    async def furnish() -> House:
        async with open_rooms(folder) as rooms:
            for scope in ("acme", "empty"):
                await rooms.organization(scope)
            for name in ("ann", "zoe", "stranger", *LEVELS):
                await rooms.user(name)
            for name, level in LEVELS.items():
                await rooms.grant("acme", name, level)
                await rooms.grant("empty", name, level)
            image, loose = await rooms.push(_WEB, "v1"), Blob(b"named by no manifest")
            await rooms.push_blob(_WEB, loose)
            await rooms.repository("acme/bare")
            await automate(rooms, _WEB)
            await rooms.grant("acme", "zoe", Level.READ)
            await rooms.grant(_WEB, "zoe", Level.READ)
            await create_domain(rooms.accounts, rooms.admin, DomainName("spare"), UserName("boss"), PASSWORD)
            await create_group(rooms.accounts, rooms.admin, GroupName("team"))
            rights = [Right("acme", Level.READ), Right("empty", Level.READ)]
            robot = await create_robot(rooms.accounts, rooms.admin, RobotName("ci"), rights)
            (folder / _ROBOT_SECRET).write_text(robot.secret)
            await rooms.domain("guests")
            await rooms.share(_WEB, await rooms.domain("friends"))
            await create_provider(rooms.accounts, rooms.admin, ProviderName("corp"), "oidc", _OIDC, None)
            await link_identity(rooms.accounts, rooms.admin, "corp", "1", UserName("zoe"))
            await create_federation(rooms.accounts, rooms.admin, FederationName("jobs"), RobotName("ci"), _TOKENS)
            upload = await start_upload(rooms.registry, await rooms.sign_in("editor"), _WEB)
            editor = await rooms.sign_in("editor")
            begun_one, whole = [
                (await announce_archive(rooms.intake, editor, OrganizationName("acme"), name, 4)).id for name in "ab"
            ]
            await append_archive(rooms.intake, editor, whole, _piece(), 0)
            key, _ = await rooms.key(await rooms.sign_in("zoe"))
            begun = await begin_session(rooms.accounts, await rooms.sign_in("zoe"))
            furnish_work(url_in(folder))
            collection = (await request_collection(rooms.upkeep, rooms.admin)).id
            verification = (await request_verification(rooms.upkeep, rooms.admin)).id
            edge_token = (await create_edge_token(rooms.regions, rooms.admin, RegionName("north-1"))).token.id
            content = (folder, dict(rooms.blobs._blobs), image, loose)
            asked = (collection, verification, edge_token)
            return House(*content, upload.id, begun_one, whole, key, begun.session.id, *asked)

    return asyncio.run(furnish())


async def _piece() -> AsyncIterator[bytes]:
    yield b"data"


@asynccontextmanager
async def _opened(house: House, folder: Path) -> AsyncIterator[Rooms]:
    for file in (*house.folder.glob("entrepot.db*"), *house.folder.glob("jobs.sqlite3*")):
        shutil.copy(file, folder)
    async with open_rooms(folder) as rooms:
        rooms.blobs._blobs.update(house.blobs)
        yield rooms


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def unchanged(house: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rooms]:
    async with _opened(house, tmp_path_factory.mktemp("unchanged")) as rooms:
        yield rooms


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(house: House, tmp_path: Path) -> AsyncIterator[Rooms]:
    async with _opened(house, tmp_path) as rooms:
        yield rooms


@pytest_asyncio.fixture(loop_scope="module")
async def rooms(request: pytest.FixtureRequest, house: House, unchanged: Rooms, tmp_path: Path) -> AsyncIterator[Rooms]:
    """What a case of the tables needs."""
    if _changes_nothing(**request.node.callspec.params):
        yield unchanged
        return
    async with _opened(house, tmp_path) as rooms:
        yield rooms


def _changes_nothing(role: str, name: str = "", call: str = "") -> bool:
    if name:
        route = _ROUTES[name]
        return route.method == "GET" or _expected(route, role) >= 400
    return call.startswith(("GET", "HEAD")) or _expected_of_registry(call, role) >= 400


@in_one_loop
@pytest.mark.parametrize("role", [*ROLES, *BESIDE])
@pytest.mark.parametrize("name", MANAGE)
async def test_a_management_call_in_a_role(rooms: Rooms, house: House, name: str, role: str) -> None:
    route = _ROUTES[name]
    path = route.path.format(
        namespace="empty" if name in ("delete_namespace", "delete_instance_namespace") else "acme",
        repository="bare" if name == "create_retention" else repository_segment(_WEB.name),
        tag="v1",
        trigger="deploy",
        webhook="tell",
        delivery=1,
        retention_id=1,
        retention_run=1,
        policy=1,
        region="north-1",
        copy=2 if name.startswith("retry_") else 1,
        sync_rule="releases",
        edge="frankfurt-1",
        warmup=1,
        warm_rule="releases",
        mirror="hub",
        virtual="everything",
        name="zoe",
        group="team",
        robot="ci",
        token="mine",
        # In Enterprise calls everybody leaves it unsaid, as a client does that was told none.
        project_id="{project_id}" if route.group == "enterprise" else "another",
        instance_id=INSTANCE_ID,
        reference=house.image.digest,
        credential_id=house.key,
        domain="spare" if name == "delete_domain" else "default",
        access_domain="friends",
        resource_type="store",
        frequency="daily",
        provider="corp",
        federation="jobs",
        archive=house.whole_archive if name == "import_archive" else house.archive,
        access_key=house.key,
        session=house.session,
        rule=1,
        run="cancelled-0" if name == "retry_job_run" else "waiting-0",
        job="test.job",
        collection=house.collection,
        verification_id=house.verification,
        edge_token=house.edge_token,
    )

    body = {"digest": str(house.image.digest)} if name == "restore_tag" else BODIES.get(name)

    door, auth = manage_door.build(rooms.manage), _sign_in(house, role)
    piece = {"content": b"data", "headers": {"content-range": "0-3"}} if route.reads_bytes else {"json": body}
    answer = await _send(door, auth, route.method, path, params=QUERIES.get(name), **piece)

    assert answer.status_code == _expected(route, role), answer.text


def _expected(route: Route, role: str) -> int:
    """A robot is a reader, but for what `ROBOT` says; an outsider a stranger, but for what `OUTSIDER` says.

    What administrators of this domain may do, one of another domain does in theirs, where a path names nothing of ours.
    """
    of = dict(zip(ROLES, MANAGE[route.name], strict=True))
    if role == "robot":
        return ROBOT.get(route.name, of["reader"])
    if role == "outsider":
        is_for_administrators = of["manager"] == 403 and of["admin"] < 300
        theirs = 404 if "{" in route.path else of["admin"]
        return OUTSIDER.get(route.name, theirs if is_for_administrators else of["stranger"])
    return of[role]


@in_one_loop
@pytest.mark.parametrize("role", [*ROLES, *BESIDE])
@pytest.mark.parametrize("call", OCI)
async def test_a_registry_call_in_a_role(rooms: Rooms, house: House, call: str, role: str) -> None:
    method, _, name = call.partition(" ")
    path = {
        "ping": "/v2/",
        "catalog": "/v2/_catalog",
        "tags": f"/v2/{_WEB}/tags/list",
        "manifest": f"/v2/{_WEB}/manifests/v1",
        "blob": f"/v2/{_WEB}/blobs/{house.loose.digest}",
        "referrers": f"/v2/{_WEB}/referrers/{house.image.digest}",
        "uploads": f"/v2/{_WEB}/blobs/uploads/",
        "upload": f"/v2/{_WEB}/blobs/uploads/{house.upload_id}",
    }[name]
    content, headers = b"", {}
    if call == "PUT manifest":
        content, headers = house.image.body, {"content-type": house.image.media_type}
    elif name == "upload" and method in ("PATCH", "PUT"):
        content = b"bytes"
    if call == "PUT upload":
        path += f"?digest={Blob(content).digest}"

    answer = await _send(OciDoor(rooms.oci), _sign_in(house, role), method, path, content=content, headers=headers)

    assert answer.status_code == _expected_of_registry(call, role), answer.text


def _expected_of_registry(call: str, role: str) -> int:
    alike = {"robot": "reader", "outsider": "stranger"}.get(role, role)
    return OCI[call][ROLES.index(alike)]


@in_one_loop
@pytest.mark.parametrize("role", [*ROLES, *BESIDE])
@pytest.mark.parametrize(
    "call", ["GET tags", "GET manifest", "HEAD manifest", "GET blob", "HEAD blob", "GET referrers"]
)
async def test_what_is_public_is_read_by_everybody(fresh: Rooms, house: House, call: str, role: str) -> None:
    await fresh.publish(_WEB)
    method, _, name = call.partition(" ")
    path = {
        "tags": f"/v2/{_WEB}/tags/list",
        "manifest": f"/v2/{_WEB}/manifests/{house.image.digest}",
        "blob": f"/v2/{_WEB}/blobs/{house.image.blobs[0].digest}",
        "referrers": f"/v2/{_WEB}/referrers/{house.image.digest}",
    }[name]

    answer = await _send(OciDoor(fresh.oci), _sign_in(house, role), method, path)

    assert answer.status_code == 200, answer.text


@in_one_loop
@pytest.mark.parametrize("by_default", [False, True])
@pytest.mark.parametrize("role", [*ROLES, *BESIDE])
async def test_a_repository_is_made_public_by_those_who_may_publish_it_or_where_all_new_ones_are(
    fresh: Rooms, house: House, role: str, by_default: bool
) -> None:
    #                        anonymous, stranger, reader, editor, manager, admin, robot, outsider
    expected = {False: (401, 403, 403, 403, 201, 201, 403, 403), True: (401, 403, 403, 201, 201, 201, 403, 403)}
    if by_default:
        await change_organization(fresh.registry, fresh.admin, OrganizationName("acme"), public_by_default=True)
    body = {"repository": "new", "is_public": True}

    answer = await _send(
        manage_door.build(fresh.manage), _sign_in(house, role), "POST", "/v2/manage/namespaces/acme/repos", json=body
    )

    assert answer.status_code == expected[by_default][(*ROLES, *BESIDE).index(role)], answer.text


@in_one_loop
@pytest.mark.parametrize("role", ["anonymous", "stranger"])
async def test_what_is_public_is_changed_by_nobody_else(fresh: Rooms, house: House, role: str) -> None:
    await fresh.publish(_WEB)
    door, refused = OciDoor(fresh.oci), 401 if role == "anonymous" else 403

    for method, path in (
        ("PUT", f"/v2/{_WEB}/manifests/v2"),
        ("DELETE", f"/v2/{_WEB}/manifests/v1"),
        ("DELETE", f"/v2/{_WEB}/blobs/{house.loose.digest}"),
        ("POST", f"/v2/{_WEB}/blobs/uploads/"),
    ):
        headers = {"content-type": house.image.media_type}
        answer = await _send(door, _sign_in(house, role), method, path, content=house.image.body, headers=headers)
        assert answer.status_code == refused, f"{method} {path}: {answer.text}"


def test_every_management_call_is_in_the_table() -> None:
    assert set(MANAGE) == {route.name for route in ROUTES}
    assert len({route.name for route in ROUTES}) == len(ROUTES)
    assert {*ROBOT, *OUTSIDER} <= set(MANAGE)


def test_every_registry_call_is_in_the_table() -> None:
    served = [oci_routes.PING, oci_routes.CATALOG, *(route for _, route in oci_routes._ROUTES)]

    assert set(OCI) == {f"{method} {route.name}" for route in served for method in route.handlers}


_ROUTES = {route.name: route for route in ROUTES}


def _sign_in(house: House, role: str) -> tuple[str, str] | None:
    """What somebody in a role signs in with."""
    match role:
        case "anonymous":
            return None
        case "robot":
            return "robot$ci", (house.folder / _ROBOT_SECRET).read_text()
        case "outsider":
            return "spare/boss", PASSWORD
    return role, PASSWORD


async def _send(door: ASGIApp, auth: tuple[str, str] | None, method: str, path: str, **more: Any) -> httpx2.Response:
    transport = httpx2.ASGITransport(door)
    async with httpx2.AsyncClient(transport=transport, base_url="http://registry.test", auth=auth) as client:
        return await client.request(method, path, **more)
