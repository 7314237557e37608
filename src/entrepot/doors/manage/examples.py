"""An example body for every call that takes one, as the API's description shows it."""

from collections.abc import Mapping
from typing import Any, Final

_USER = {"user_id": "", "user_name": "alice", "auth": 3}
_USER_ID = "0f8c1f4b6f0e4f7f9b1d2c3a4b5c6d7e"
_REMOTE = {"remoteRegionId": "north", "remoteNamespace": "acme"}
_PASSWORD = "correct horse battery staple"  # noqa: S105  # an example
_RETENTION = {
    "algorithm": "or",
    "rules": [
        {
            "template": "tag_rule",
            "params": {"num": "10"},
            "tag_selectors": [{"kind": "label", "pattern": "latest"}, {"kind": "regexp", "pattern": "v[0-9]+"}],
        }
    ],
}

EXAMPLES: Final[Mapping[str, Any]] = {
    "create_namespace": {"namespace": "acme"},
    "update_namespace": {"public": True},
    "transfer_namespace": {"user_name": "alice"},
    "create_namespace_auth": [_USER],
    "update_namespace_auth": [{**_USER, "auth": 7}],
    "delete_namespace_auth": [_USER_ID],
    "set_namespace_grant": {"kind": "group", "name": "developers", "auth": 3, "pattern": "team-*"},
    "delete_namespace_grant": {"kind": "group", "name": "developers", "pattern": "team-*"},
    "create_archive": {"file_name": "images.tar.gz", "size": 73_400_320, "fingerprint": "images.tar.gz of monday"},
    "import_archive": {"repository": "web", "tag": "1.4.2"},
    "create_repo": {"repository": "web", "is_public": False, "category": "app_server", "description": "The shop."},
    "update_repo": {"is_public": True, "description": "The shop's pages."},
    "create_user_repository_auth": [_USER],
    "update_user_repository_auth": [{**_USER, "auth": 7}],
    "delete_user_repository_auth": [_USER_ID],
    "set_repo_grant": {"kind": "robot", "name": "robot$ci", "auth": 3, "deadline": "2027-12-31"},
    "delete_repo_grant": {"kind": "robot", "name": "robot$ci"},
    "create_repo_tag": {"source_tag": "1.4.2", "destination_tag": "stable", "override": True},
    "rename_repo": {"repository": "team/web"},
    "create_copy": {
        "reference": "1.4.2",
        "destination_namespace": "production",
        "destination_repository": "web",
        "destination_tag": "1.4.2",
        "override": False,
        "referrers": True,
    },
    "plan_deletion": {"tags": ["1.3.0", "1.3.1"]},
    "delete_repo_tags": {"tags": ["1.3.0", "1.3.1"], "content": True},
    "restore_tag": {"digest": f"sha256:{'0' * 63}1"},
    "create_repo_domains": {
        "access_domain": "partner",
        "permit": "read",
        "deadline": "2027-12-31T00:00:00Z",
        "description": "Until the project ends.",
    },
    "update_repo_domains": {"permit": "read", "deadline": "forever"},
    "update_domain_quotas": {"organizations": 20, "bytes": 1_099_511_627_776},
    "update_namespace_quotas": {"repositories": 100, "tags": 10_000},
    "create_identity_provider": {
        "name": "staff",
        "kind": "oidc",
        "issuer": "https://login.example.com",
        "client_id": "entrepot",
        "secret": "what the provider gave",
    },
    "update_identity_provider": {"client_id": "entrepot"},
    "link_identity": {"subject": "248289761001", "user": "alice"},
    "create_federation": {
        "name": "pipelines",
        "robot": "ci",
        "issuer": "https://ci.example.com",
        "audience": "https://images.example.com",
        "conditions": [{"claim": "project_path", "pattern": "acme/*"}],
    },
    "update_federation": {"audience": "https://images.example.com"},
    "check_federation": {"token": "HEADER.CLAIMS.SIGNATURE"},
    "create_trigger": {
        "name": "deploy",
        "action": "update",
        "trigger_type": "regular",
        "condition": "v[0-9.]+",
        "app_type": "deployments",
        "application": "web",
        "cluster_ns": "shop",
        "cluster_id": "main",
        "enable": "true",
    },
    "update_trigger": {"enable": "false"},
    "create_retention": _RETENTION,
    "update_retention": _RETENTION,
    "create_image_sync_repo": {**_REMOTE, "syncAuto": True, "override": False},
    "delete_image_sync_repo": _REMOTE,
    "create_manual_image_sync_repo": {**_REMOTE, "imageTag": ["1.4.2"], "override": False},
    "create_region": {"regionID": "north", "url": "https://north.example.com"},
    "create_user": {"name": "alice", "password": _PASSWORD},
    "update_user": {"is_admin": True},
    "update_password": {"password": _PASSWORD},
    "create_domain": {"name": "partner", "admin_name": "boss", "admin_password": _PASSWORD},
    "create_group": {"name": "developers", "description": "Who builds the shop."},
    "update_group": {"description": "Who builds and runs the shop."},
    "create_token": {"name": "laptop", "expires_at": "2027-12-31T00:00:00Z"},
    "create_robot": {"name": "ci", "rights": [{"scope": "acme/*", "access": "push"}]},
    "update_robot": {"description": "Pushes what the pipelines built."},
    "rotate_robot": {"old_secret_until": "2027-12-31T00:00:00Z"},
    "create_key": {"description": "The nightly job."},
    "update_key": {"is_enabled": False},
    "create_instance_namespace": {"namespace_name": "acme", "metadata": {"public": "false"}},
    "update_instance_namespace": {"metadata": {"public": "true"}},
    "update_instance_repository": {"description": "The shop's pages."},
    "create_instance_lt_credential": {"name": "pipeline"},
    "update_instance_lt_credential": {"enable": False},
    "begin_session": {"name": "alice", "password": _PASSWORD},
    "create_auth_token": {
        "auth": {
            "identity": {
                "methods": ["password"],
                "password": {"user": {"name": "alice", "password": _PASSWORD, "domain": {"name": "default"}}},
            },
            "scope": {"project": {"name": "default"}},
        }
    },
}
