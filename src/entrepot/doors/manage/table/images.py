"""The calls about organizations, repositories and what is in them: part of the one table in `routes.py`."""

from collections.abc import Mapping
from typing import Any, Final

from entrepot.doors.manage import (
    access,
    accessories,
    archives,
    audit,
    bulk,
    cold,
    downloads,
    edge_tokens,
    edges,
    explain,
    files,
    grants,
    history,
    image_versions,
    immutability,
    maintenance,
    mirror_pins,
    mirror_usage,
    mirrors,
    organizations,
    problems,
    quotas,
    removals,
    reports,
    repositories,
    retention_policies,
    retention_previews,
    retention_runs,
    retentions,
    sharing,
    sync,
    sync_copies,
    tags,
    triggers,
    usage,
    virtual,
    warmups,
    webhooks,
    wide_sync,
)
from entrepot.doors.manage.problems import ON_ORGANIZATION_ACCESS, ON_REPOSITORY_ACCESS, ON_SHARES
from entrepot.doors.manage.route import Route

_NAMESPACES: Final = "/v2/manage/namespaces"
_NAMESPACE: Final = f"{_NAMESPACES}/{{namespace}}"
_REPOS: Final = f"{_NAMESPACE}/repos"
_REPO: Final = f"{_REPOS}/{{repository}}"
_WEBHOOKS: Final = f"{_NAMESPACE}/webhooks"
_WEBHOOK: Final = f"{_WEBHOOKS}/{{webhook}}"
_IMMUTABILITY: Final = f"{_NAMESPACE}/immutability"
_RETENTION: Final = f"{_NAMESPACE}/retention"
_RETENTION_RUN: Final = f"{_REPO}/retention/runs/{{retention_run}}"
_SHARES: Final = f"{_NAMESPACE}/repositories/{{repository}}/access-domains"
_SHARE: Final = f"{_SHARES}/{{access_domain}}"
_ARCHIVES: Final = f"{_NAMESPACE}/archives"
_ARCHIVE: Final = "/v2/manage/archives/{archive}"
_MIRRORS: Final = "/v2/manage/mirrors"
_MIRROR: Final = f"{_MIRRORS}/{{mirror}}"
_VIRTUALS: Final = "/v2/manage/virtual"
_VIRTUAL: Final = f"{_VIRTUALS}/{{virtual}}"
_REGIONS: Final = "/v2/manage/regions"
_SYNC_RULES: Final = "/v2/manage/sync/rules"
_SYNC_RULE: Final = f"{_SYNC_RULES}/{{sync_rule}}"
_ALL_COPIES: Final = "/v2/manage/sync/copies"
_ANY_COPY: Final = f"{_ALL_COPIES}/{{copy}}"
_EDGES: Final = "/v2/manage/edges"
_EDGE: Final = f"{_EDGES}/{{edge}}"
_WARMUPS: Final = "/v2/manage/warmups"
_WARM_RULES: Final = "/v2/manage/warm-rules"
_SYNC_COPY: Final = f"{_REPO}/sync_copies/{{copy}}"
_ON_ORGANIZATION: Final[Mapping[str, Any]] = {"problems": ON_ORGANIZATION_ACCESS}
_ON_REPOSITORY: Final[Mapping[str, Any]] = {"problems": ON_REPOSITORY_ACCESS}
_ON_SYNCHRONISATION: Final[Mapping[str, Any]] = {"problems": problems.ON_SYNCHRONISATION}
_ON_SHARES: Final[Mapping[str, Any]] = {"problems": ON_SHARES}

IMAGES: Final = (
    # Organizations, and who may do what there.
    Route("POST", _NAMESPACES, organizations.create_namespace, 201),
    Route("GET", _NAMESPACES, organizations.list_namespaces),
    Route("GET", _NAMESPACE, organizations.show_namespace),
    Route("PATCH", _NAMESPACE, organizations.update_namespace, 201),
    Route("PUT", f"{_NAMESPACE}/read-only", maintenance.make_namespace_read_only, 204),
    Route("DELETE", f"{_NAMESPACE}/read-only", maintenance.make_namespace_writable, 204),
    # Tags that stay where they are.
    Route("POST", _IMMUTABILITY, immutability.create_immutability_rule, 201),
    Route("GET", _IMMUTABILITY, immutability.list_immutability_rules),
    Route("GET", f"{_IMMUTABILITY}/{{rule}}", immutability.show_immutability_rule),
    Route("PATCH", f"{_IMMUTABILITY}/{{rule}}", immutability.update_immutability_rule),
    Route("DELETE", f"{_IMMUTABILITY}/{{rule}}", immutability.delete_immutability_rule, 204),
    Route("GET", f"{_NAMESPACE}/settings", organizations.show_namespace_settings),
    Route("POST", f"{_NAMESPACE}/transfer", organizations.transfer_namespace),
    Route("DELETE", _NAMESPACE, organizations.delete_namespace, 204),
    Route("GET", f"{_NAMESPACE}/removal", removals.show_namespace_removal),
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
    Route("GET", f"{_REPO}/permissions", explain.list_repo_permissions, without_none=True),
    Route("GET", f"{_REPO}/removal", removals.show_repo_removal, without_none=True),
    # Tags.
    Route("GET", f"{_REPO}/tags", tags.list_repository_tags),
    Route("GET", f"{_REPO}/tags".replace("/v2/", "/v3/"), tags.list_repository_tag, without_none=True),
    Route("GET", f"{_REPO}/tags/{{tag}}", tags.show_repo_tag),
    Route("POST", f"{_REPO}/tags", tags.create_repo_tag, 201),
    Route("DELETE", f"{_REPO}/tags/{{tag}}", tags.delete_repo_tag, 204),
    Route("GET", f"{_REPO}/rename", removals.show_repo_renaming, without_none=True),
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
    Route("GET", "/v2/manage/quotas", quotas.show_quotas, without_none=True),
    Route("GET", "/v2/manage/domains/{domain}/quotas", quotas.show_domain_quotas, without_none=True),
    Route("PATCH", "/v2/manage/domains/{domain}/quotas", quotas.update_domain_quotas, without_none=True),
    Route("GET", f"{_NAMESPACE}/quotas", quotas.show_namespace_quotas, without_none=True),
    Route("PATCH", f"{_NAMESPACE}/quotas", quotas.update_namespace_quotas, without_none=True),
    Route("GET", "/v2/manage/overview", reports.show_domain_overview, without_none=True),
    Route("GET", "/v2/manage/reports/{resource_type}/{frequency}", reports.show_domain_resource_reports),
    Route("GET", f"{_REPO}/pulls", reports.list_pulls),
    Route("GET", "/v2/manage/usage", usage.show_domain_usage, without_none=True),
    Route("GET", f"{_NAMESPACE}/usage", usage.show_namespace_usage, without_none=True),
    Route("GET", f"{_REPO}/usage", usage.show_repo_usage, without_none=True),
    Route("GET", f"{_REPO}/tags/{{tag}}/usage", usage.show_tag_usage, without_none=True),
    Route("GET", "/v2/manage/cold", cold.list_cold_images, without_none=True),
    Route("GET", f"{_REPO}/versions", image_versions.list_image_versions, without_none=True),
    # Triggers.
    Route("POST", f"{_REPO}/triggers", triggers.create_trigger, 201),
    Route("GET", f"{_REPO}/triggers", triggers.list_triggers_details),
    Route("GET", f"{_REPO}/triggers/{{trigger}}", triggers.show_trigger),
    Route("PATCH", f"{_REPO}/triggers/{{trigger}}", triggers.update_trigger, 201),
    Route("DELETE", f"{_REPO}/triggers/{{trigger}}", triggers.delete_trigger, 204),
    # Webhooks.
    Route("POST", _WEBHOOKS, webhooks.create_webhook, 201),
    Route("GET", _WEBHOOKS, webhooks.list_webhooks, without_none=True),
    Route("GET", _WEBHOOK, webhooks.show_webhook),
    Route("PATCH", _WEBHOOK, webhooks.update_webhook),
    Route("DELETE", _WEBHOOK, webhooks.delete_webhook, 204),
    Route("POST", f"{_WEBHOOK}/secret", webhooks.rotate_webhook_secret),
    Route("POST", f"{_WEBHOOK}/test", webhooks.send_webhook_test, 202),
    Route("GET", f"{_WEBHOOK}/deliveries", webhooks.list_webhook_deliveries, without_none=True),
    Route("GET", f"{_WEBHOOK}/deliveries/{{delivery}}", webhooks.show_webhook_delivery),
    Route("POST", f"{_WEBHOOK}/deliveries/{{delivery}}/redeliver", webhooks.redeliver_webhook, 202),
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
    Route("POST", f"{_REPO}/retention/preview", retention_previews.preview_repo_retention),
    Route("GET", f"{_REPO}/retention/plan", retention_runs.plan_repo_retention, answers=audit.Lines),
    Route("POST", f"{_REPO}/retention/run", retention_runs.run_repo_retention, 202),
    Route("GET", f"{_REPO}/retention/runs", retention_runs.list_repo_retention_runs, without_none=True),
    Route("GET", _RETENTION_RUN, retention_runs.show_retention_run, without_none=True),
    Route("GET", f"{_RETENTION_RUN}/tags", retention_runs.list_retained_tags, without_none=True),
    Route("POST", f"{_RETENTION_RUN}/undo", retention_runs.undo_retention_run, 202),
    Route("GET", f"{_RETENTION}/plan", retention_runs.plan_namespace_retention, answers=audit.Lines),
    Route("POST", f"{_RETENTION}/run", retention_runs.run_namespace_retention, 202),
    Route("GET", f"{_RETENTION}/runs", retention_runs.list_namespace_retention_runs, without_none=True),
    Route("POST", f"{_RETENTION}/policies", retention_policies.create_retention_policy, 201),
    Route("GET", f"{_RETENTION}/policies", retention_policies.list_retention_policies),
    Route("GET", f"{_RETENTION}/policies/{{policy}}", retention_policies.show_retention_policy),
    Route("PATCH", f"{_RETENTION}/policies/{{policy}}", retention_policies.update_retention_policy),
    Route("DELETE", f"{_RETENTION}/policies/{{policy}}", retention_policies.delete_retention_policy, 204),
    Route("POST", f"{_RETENTION}/preview", retention_previews.preview_retention_policy),
    Route("POST", f"{_RETENTION}/policies/{{policy}}/preview", retention_previews.preview_retention_policy_change),
    Route("POST", _MIRRORS, mirrors.create_mirror, 201),
    Route("GET", _MIRRORS, mirrors.list_mirrors, without_none=True),
    Route("GET", _MIRROR, mirrors.show_mirror),
    Route("PATCH", _MIRROR, mirrors.update_mirror),
    Route("DELETE", _MIRROR, mirrors.delete_mirror, 204),
    Route("GET", f"{_MIRROR}/config", mirrors.show_mirror_config),
    Route("GET", f"{_MIRROR}/usage", mirror_usage.show_mirror_usage),
    Route("GET", f"{_MIRROR}/pins", mirror_pins.list_pins),
    Route("POST", f"{_MIRROR}/pins", mirror_pins.pin_images),
    Route("DELETE", f"{_MIRROR}/pins", mirror_pins.unpin_images, 204),
    Route("POST", _VIRTUALS, virtual.create_virtual, 201),
    Route("GET", _VIRTUALS, virtual.list_virtuals, without_none=True),
    Route("GET", _VIRTUAL, virtual.show_virtual),
    Route("PATCH", _VIRTUAL, virtual.update_virtual),
    Route("DELETE", _VIRTUAL, virtual.delete_virtual, 204),
    Route("GET", f"{_VIRTUAL}/explain", virtual.explain_virtual, without_none=True),
    # Synchronisation. The contract has no calls that make its regions known, or tell why a copy failed.
    Route("POST", f"{_REPO}/sync_repo", sync.create_image_sync_repo, **_ON_SYNCHRONISATION),
    Route("GET", f"{_REPO}/sync_repo", sync.list_image_auto_sync_repos_details),
    Route("DELETE", f"{_REPO}/sync_repo", sync.delete_image_sync_repo),
    Route("POST", f"{_REPO}/sync_images", sync.create_manual_image_sync_repo, **_ON_SYNCHRONISATION),
    Route("GET", f"{_REPO}/sync_job", sync.show_sync_job),
    Route("GET", _REGIONS, sync.list_sync_regions),
    Route("GET", f"{_REPO}/sync_copies", sync_copies.list_sync_copies, without_none=True),
    Route("POST", f"{_SYNC_COPY}/retry", sync_copies.retry_sync_copy, 202),
    Route("POST", f"{_SYNC_COPY}/cancel", sync_copies.cancel_sync_copy),
    # Rules of our own, for operators.
    Route("POST", _SYNC_RULES, wide_sync.create_sync_rule, 201, without_none=True),
    Route("GET", _SYNC_RULES, wide_sync.list_sync_rules, without_none=True),
    Route("GET", _SYNC_RULE, wide_sync.show_sync_rule, without_none=True),
    Route("PATCH", _SYNC_RULE, wide_sync.update_sync_rule, without_none=True),
    Route("DELETE", _SYNC_RULE, wide_sync.delete_sync_rule, 204),
    Route("POST", f"{_SYNC_RULE}/run", wide_sync.run_sync_rule, 202, without_none=True),
    Route("GET", _ALL_COPIES, wide_sync.list_all_sync_copies, without_none=True),
    Route("POST", f"{_ANY_COPY}/retry", wide_sync.retry_any_sync_copy, 202),
    Route("POST", f"{_ANY_COPY}/cancel", wide_sync.cancel_any_sync_copy),
    # Images come to nodes of regions before anybody pulls them there.
    Route("POST", _WARMUPS, warmups.create_warmup, 201, without_none=True),
    Route("GET", _WARMUPS, warmups.list_warmups, without_none=True),
    Route("GET", f"{_WARMUPS}/{{warmup}}", warmups.show_warmup, without_none=True),
    Route("DELETE", f"{_WARMUPS}/{{warmup}}", warmups.cancel_warmup, 204),
    Route("POST", _WARM_RULES, warmups.create_warm_rule, 201, without_none=True),
    Route("GET", _WARM_RULES, warmups.list_warm_rules, without_none=True),
    Route("DELETE", f"{_WARM_RULES}/{{warm_rule}}", warmups.delete_warm_rule, 204),
    Route("POST", _REGIONS, sync.create_region, 201),
    Route("GET", f"{_REGIONS}/{{region}}", sync.show_region),
    Route("PATCH", f"{_REGIONS}/{{region}}", sync.update_region),
    Route("DELETE", f"{_REGIONS}/{{region}}", sync.delete_region, 204),
    Route("POST", f"{_REGIONS}/{{region}}/edge-tokens", edge_tokens.create_edge_token, 201),
    Route("GET", f"{_REGIONS}/{{region}}/edge-tokens", edge_tokens.list_edge_tokens),
    Route("DELETE", f"{_REGIONS}/{{region}}/edge-tokens/{{edge_token}}", edge_tokens.delete_edge_token, 204),
    # Nodes of regions, and which of them serves whom.
    Route("GET", f"{_REGIONS}/-/explain", edges.explain_scheduling, without_none=True),
    Route("GET", _EDGES, edges.list_edges, without_none=True),
    Route("GET", _EDGE, edges.show_edge, without_none=True),
    Route("PATCH", _EDGE, edges.update_edge, without_none=True),
    Route("DELETE", _EDGE, edges.delete_edge, 204),
    # After all other paths below a repository, which win where both could be meant: `…/tags/accessories` is a tag.
    Route("GET", f"{_REPO}/{{tag}}/accessories", accessories.list_repo_accessories),
    Route("GET", f"{_REPO}/{{tag}}/references", accessories.list_references, without_none=True),
)
