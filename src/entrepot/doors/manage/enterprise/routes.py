"""The Enterprise edition's part of the table of calls (contract §18)."""

from typing import Final

from entrepot.doors.manage.enterprise import artifacts, audit_logs, credentials, instances, namespaces, repositories
from entrepot.doors.manage.route import Route

_INSTANCES: Final = "/v2/{project_id}/instances"
_INSTANCE: Final = f"{_INSTANCES}/{{instance_id}}"
_NAMESPACES: Final = f"{_INSTANCE}/namespaces"
_NAMESPACE: Final = f"{_NAMESPACES}/{{namespace}}"
_REPOSITORIES: Final = f"{_NAMESPACE}/repositories"
_REPOSITORY: Final = f"{_REPOSITORIES}/{{repository}}"
_ARTIFACTS: Final = f"{_REPOSITORY}/artifacts"
_ARTIFACT: Final = f"{_ARTIFACTS}/{{reference}}"
# The official client names no project in these two.
_TAGS: Final = "/v2/instances/{instance_id}/namespaces/{namespace}/repositories/{repository}/tags"
_CREDENTIALS: Final = f"{_INSTANCE}/long-term-credentials"
_CREDENTIAL: Final = f"{_CREDENTIALS}/{{credential_id}}"

ENTERPRISE: Final = (
    Route("GET", _INSTANCES, instances.list_instance),
    Route("GET", _INSTANCE, instances.show_instance),
    Route("GET", f"{_INSTANCE}/configurations", instances.show_instance_configuration),
    Route("GET", f"{_INSTANCE}/statistics", instances.list_instance_statistics),
    Route("GET", f"{_INSTANCE}/feature-gates", instances.list_feature_gates),
    Route("POST", _NAMESPACES, namespaces.create_instance_namespace, 201),
    Route("GET", _NAMESPACES, namespaces.list_instance_namespaces),
    Route("GET", _NAMESPACE, namespaces.show_instance_namespace),
    Route("PUT", _NAMESPACE, namespaces.update_instance_namespace),
    Route("DELETE", _NAMESPACE, namespaces.delete_instance_namespace, 204),
    Route("GET", f"{_INSTANCE}/repositories", repositories.list_instance_repositories),
    Route("GET", _REPOSITORIES, repositories.list_namespace_repositories),
    Route("GET", _REPOSITORY, repositories.show_instance_repository),
    Route("PUT", _REPOSITORY, repositories.update_instance_repository),
    Route("DELETE", _REPOSITORY, repositories.delete_instance_repository, 204),
    Route("GET", _ARTIFACTS, artifacts.list_instance_artifacts),
    Route("GET", _ARTIFACT, artifacts.show_instance_artifact),
    Route("DELETE", _ARTIFACT, artifacts.delete_instance_artifact, 204),
    Route("GET", _TAGS, artifacts.list_instance_tags),
    Route("DELETE", f"{_TAGS}/{{tag}}", artifacts.delete_instance_tag, 204),
    Route("POST", f"{_INSTANCE}/temp-credential", credentials.create_instance_temp_credential, 201, without_none=True),
    Route(
        "POST", f"{_INSTANCE}/long-term-credential", credentials.create_instance_lt_credential, 201, without_none=True
    ),
    Route("GET", _CREDENTIALS, credentials.list_instance_lt_credentials),
    Route("PUT", _CREDENTIAL, credentials.update_instance_lt_credential),
    Route("DELETE", _CREDENTIAL, credentials.delete_instance_lt_credential, 204),
    Route("GET", f"{_INSTANCE}/audit-logs", audit_logs.list_audit_logs),
)
