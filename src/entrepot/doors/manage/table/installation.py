"""The calls about the API itself, the installation, and what happened in it: part of the one table in `routes.py`."""

from typing import Final

from entrepot.doors.manage import (
    agency,
    audit,
    docs,
    explain,
    garbage,
    identity,
    jobs,
    logins,
    maintenance,
    search,
    verifying,
    versions,
)
from entrepot.doors.manage.route import Route

OPENAPI_PATH: Final = "/v2/manage/openapi.json"
_JOBS: Final = "/v2/manage/jobs"
_JOB: Final = f"{_JOBS}/{{run}}"
_SCHEDULES: Final = "/v2/manage/schedules"
_MAINTENANCE: Final = "/v2/manage/maintenance"
_GARBAGE: Final = "/v2/manage/gc"
_COLLECTIONS: Final = f"{_GARBAGE}/collections"
_VERIFY: Final = "/v2/manage/verify"
_RUNS: Final = f"{_VERIFY}/runs"

INSTALLATION: Final = (
    Route("GET", "/", versions.list_api_versions, is_open=True),
    Route("GET", "/v2", versions.show_api_version),
    Route("GET", OPENAPI_PATH, versions.show_openapi, is_open=True, is_described=False),
    Route("GET", "/docs", docs.show_docs, is_open=True, is_described=False),
    Route("GET", "/docs/start.js", docs.show_docs_start, is_open=True, is_described=False),
    Route("GET", "/docs/swagger-ui-bundle.js", docs.show_docs_script, is_open=True, is_described=False),
    Route("GET", "/docs/swagger-ui.css", docs.show_docs_style, is_open=True, is_described=False),
    # The installation and the work of its workers. For operators.
    Route("GET", "/v2/manage/warnings", jobs.list_warnings, without_none=True),
    Route("GET", "/v2/manage/system", jobs.show_system, without_none=True),
    Route("GET", _MAINTENANCE, maintenance.show_maintenance, without_none=True),
    Route("PUT", _MAINTENANCE, maintenance.start_maintenance, without_none=True),
    Route("DELETE", _MAINTENANCE, maintenance.end_maintenance, 204),
    Route("GET", _JOBS, jobs.list_job_runs, without_none=True),
    Route("GET", _JOB, jobs.show_job_run, without_none=True),
    Route("POST", f"{_JOB}/retry", jobs.retry_job_run),
    Route("POST", f"{_JOB}/cancel", jobs.cancel_job_run),
    Route("GET", _SCHEDULES, jobs.list_job_schedules, without_none=True),
    Route("POST", f"{_SCHEDULES}/{{job}}/start", jobs.start_scheduled_job),
    Route("GET", _GARBAGE, garbage.show_garbage, without_none=True),
    Route("GET", f"{_GARBAGE}/explain", garbage.explain_digest, without_none=True),
    Route("GET", _COLLECTIONS, garbage.list_garbage_collections, without_none=True),
    Route("POST", _COLLECTIONS, garbage.collect_garbage, 202, without_none=True),
    Route("GET", f"{_COLLECTIONS}/{{collection}}", garbage.show_garbage_collection, without_none=True),
    Route("GET", _VERIFY, verifying.show_verify, without_none=True),
    Route("GET", f"{_VERIFY}/findings", verifying.list_findings, without_none=True),
    Route("GET", _RUNS, verifying.list_verifications, without_none=True),
    Route("POST", _RUNS, verifying.start_verification, 202, without_none=True),
    Route("GET", f"{_RUNS}/{{verification_id}}", verifying.show_verification, without_none=True),
    Route("POST", f"{_RUNS}/{{verification_id}}/cancel", verifying.cancel_verification, without_none=True),
    # Who may do what, what happened.
    Route("GET", "/v2/manage/explain", explain.explain_access),
    Route("GET", "/v2/manage/search", search.search_everything_readable),
    Route("GET", "/v2/manage/audit", audit.list_audit, without_none=True),
    Route("GET", "/v2/manage/audit/export", audit.export_audit, answers=audit.Lines),
    Route("GET", "/v2/manage/events", audit.list_events_since, without_none=True),
    # Docker logins, agency, gates; and what clients ask the service's identity API.
    Route("POST", "/v2/manage/utils/secret", logins.create_secret),
    Route("POST", "/v2/manage/utils/authorizationtoken", logins.create_authorization_token),
    Route("GET", "/v2/manage/agency", agency.check_agency),
    Route("POST", "/v2/manage/agency", agency.create_agency, 204),
    Route("GET", "/v2/manage/projects/{project_id}/feature-gates", agency.show_share_feature_gates),
    Route("POST", "/v3/auth/tokens", identity.create_auth_token, 201, is_open=True),
    Route("GET", "/v3/projects", identity.list_projects),
)
