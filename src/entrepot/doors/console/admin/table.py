"""The pages of the administration: part of the one table in `pages.py`."""

from typing import Final

from entrepot.doors.console.admin import (
    audit,
    domains,
    edge_tokens,
    edges,
    federations,
    garbage,
    groups,
    jobs,
    mirror_care,
    mirrors,
    providers,
    regions,
    robots,
    sync,
    system,
    users,
    verifying,
    virtual,
)
from entrepot.doors.console.page import Page

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
_REGIONS: Final = f"{_ADMIN}/regions"
_EDGE: Final = f"{_ADMIN}/edges/{{edge}}"
_MIRRORS: Final = f"{_ADMIN}/mirrors"
_MIRROR: Final = f"{_MIRRORS}/{{mirror}}"
_VIRTUALS: Final = f"{_ADMIN}/virtual"
_VIRTUAL: Final = f"{_VIRTUALS}/{{virtual}}"
_SYNC: Final = f"{_ADMIN}/sync"
_SYNC_RULE: Final = f"{_SYNC}/{{sync_rule}}"
_JOBS: Final = f"{_ADMIN}/jobs"
_JOB: Final = f"{_JOBS}/{{run}}"

ADMINISTRATION: Final = (
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
    # For operators: domains, regions, mirrors, virtual organizations, jobs, the system.
    Page("GET", _DOMAINS, domains.list_domains),
    Page("GET", f"{_DOMAINS}/-/new", domains.new_domain),
    Page("POST", f"{_DOMAINS}/-/new", domains.create_domain, domains.new_domain),
    Page("GET", _DOMAIN, domains.show_domain),
    Page("POST", f"{_DOMAIN}/-/quota", domains.limit_domain, domains.show_domain),
    Page("GET", f"{_DOMAIN}/-/delete", domains.confirm_deleting_domain),
    Page("POST", f"{_DOMAIN}/-/delete", domains.delete_domain, domains.confirm_deleting_domain),
    Page("GET", _REGIONS, regions.list_regions),
    Page("POST", _REGIONS, regions.create_region, regions.list_regions),
    Page("GET", f"{_REGIONS}/{{region}}", regions.edit_region),
    Page("POST", f"{_REGIONS}/{{region}}", regions.change_region, regions.edit_region),
    Page("GET", f"{_REGIONS}/{{region}}/-/delete", regions.confirm_deleting_region),
    Page("POST", f"{_REGIONS}/{{region}}/-/delete", regions.delete_region, regions.confirm_deleting_region),
    Page("POST", f"{_REGIONS}/{{region}}/-/edge-tokens", edge_tokens.create_edge_token, regions.edit_region),
    Page("GET", f"{_REGIONS}/{{region}}/-/edge-tokens/{{token}}/delete", edge_tokens.confirm_deleting_edge_token),
    Page("POST", f"{_REGIONS}/{{region}}/-/edge-tokens/{{token}}/delete", edge_tokens.delete_edge_token),
    Page("GET", f"{_REGIONS}/-/explain", edges.explain_scheduling, edges.ask_again),
    Page("GET", _EDGE, edges.show_edge),
    Page("POST", f"{_EDGE}/-/drain", edges.drain_edge),
    Page("POST", f"{_EDGE}/-/resume", edges.resume_edge),
    Page("GET", f"{_EDGE}/-/delete", edges.confirm_deleting_edge),
    Page("POST", f"{_EDGE}/-/delete", edges.delete_edge, edges.confirm_deleting_edge),
    Page("GET", _MIRRORS, mirrors.list_mirrors),
    Page("GET", f"{_MIRRORS}/-/new", mirrors.new_mirror),
    Page("POST", f"{_MIRRORS}/-/new", mirrors.create_mirror, mirrors.new_mirror),
    Page("GET", _MIRROR, mirrors.show_mirror),
    Page("POST", f"{_MIRROR}/-/pins", mirror_care.pin_images, mirrors.show_mirror),
    Page("POST", f"{_MIRROR}/-/unpin", mirror_care.unpin_images, mirrors.show_mirror),
    Page("GET", f"{_MIRROR}/-/settings", mirrors.mirror_settings),
    Page("POST", f"{_MIRROR}/-/settings", mirrors.change_mirror, mirrors.mirror_settings),
    Page("GET", f"{_MIRROR}/-/delete", mirrors.confirm_deleting_mirror),
    Page("POST", f"{_MIRROR}/-/delete", mirrors.delete_mirror, mirrors.confirm_deleting_mirror),
    Page("GET", _VIRTUALS, virtual.list_virtuals),
    Page("GET", f"{_VIRTUALS}/-/new", virtual.new_virtual),
    Page("POST", f"{_VIRTUALS}/-/new", virtual.create_virtual, virtual.new_virtual),
    Page("GET", _VIRTUAL, virtual.show_virtual),
    Page("GET", f"{_VIRTUAL}/-/explain", virtual.explain_virtual, virtual.show_virtual),
    Page("GET", f"{_VIRTUAL}/-/settings", virtual.virtual_settings),
    Page("POST", f"{_VIRTUAL}/-/settings", virtual.change_virtual, virtual.virtual_settings),
    Page("POST", f"{_VIRTUAL}/-/forget", virtual.forget_names, virtual.virtual_settings),
    Page("GET", f"{_VIRTUAL}/-/delete", virtual.confirm_deleting_virtual),
    Page("POST", f"{_VIRTUAL}/-/delete", virtual.delete_virtual, virtual.confirm_deleting_virtual),
    Page("GET", _SYNC, sync.list_sync_rules),
    Page("GET", f"{_SYNC}/-/new", sync.new_sync_rule),
    Page("POST", f"{_SYNC}/-/new", sync.create_sync_rule, sync.new_sync_rule),
    Page("GET", f"{_SYNC}/-/copies", sync.list_all_copies),
    Page("POST", f"{_SYNC}/-/copies/{{copy}}/retry", sync.retry_any_copy, sync.list_all_copies),
    Page("POST", f"{_SYNC}/-/copies/{{copy}}/cancel", sync.cancel_any_copy, sync.list_all_copies),
    Page("GET", _SYNC_RULE, sync.show_sync_rule),
    Page("GET", f"{_SYNC_RULE}/-/settings", sync.sync_rule_settings),
    Page("POST", f"{_SYNC_RULE}/-/settings", sync.change_sync_rule, sync.sync_rule_settings),
    Page("POST", f"{_SYNC_RULE}/-/run", sync.run_sync_rule, sync.show_sync_rule),
    Page("POST", f"{_SYNC_RULE}/-/enable", sync.enable_sync_rule, sync.show_sync_rule),
    Page("POST", f"{_SYNC_RULE}/-/disable", sync.disable_sync_rule, sync.show_sync_rule),
    Page("GET", f"{_SYNC_RULE}/-/delete", sync.confirm_deleting_sync_rule),
    Page("POST", f"{_SYNC_RULE}/-/delete", sync.delete_sync_rule, sync.confirm_deleting_sync_rule),
    Page("GET", _JOBS, jobs.list_jobs),
    Page("GET", f"{_JOBS}/-/schedules", jobs.list_schedules),
    Page("POST", f"{_JOBS}/-/schedules", jobs.start_job, jobs.list_schedules),
    Page("GET", _JOB, jobs.show_job),
    Page("POST", f"{_JOB}/-/retry", jobs.retry_job, jobs.show_job),
    Page("GET", f"{_JOB}/-/cancel", jobs.confirm_cancelling),
    Page("POST", f"{_JOB}/-/cancel", jobs.cancel_job, jobs.show_job),
    Page("GET", f"{_ADMIN}/garbage", garbage.show_garbage),
    Page("POST", f"{_ADMIN}/garbage", garbage.collect_garbage, garbage.show_garbage),
    Page("GET", f"{_ADMIN}/verify", verifying.show_verify),
    Page("POST", f"{_ADMIN}/verify", verifying.start_verification, verifying.show_verify),
    Page("GET", f"{_ADMIN}/verify/{{run}}/cancel", verifying.confirm_cancelling_verification),
    Page("POST", f"{_ADMIN}/verify/{{run}}/cancel", verifying.cancel_verification, verifying.show_verify),
    Page("GET", f"{_ADMIN}/system", system.show_system),
    Page("POST", f"{_ADMIN}/system/close", system.start_maintenance, system.show_system),
    Page("POST", f"{_ADMIN}/system/open", system.end_maintenance, system.show_system),
)
