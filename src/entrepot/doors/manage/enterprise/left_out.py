"""Enterprise calls that are not served, and why: what a client is told that makes one, and what the page prints.

Who builds what is missing takes its lines out. A test holds this table and that of the calls against the official
client.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_INSTANCES: Final = "/v2/{project_id}/instances"
_INSTANCE: Final = f"{_INSTANCES}/{{instance_id}}"
_ARTIFACT: Final = f"{_INSTANCE}/namespaces/{{namespace}}/repositories/{{repository}}/artifacts/{{reference}}"

_ONE: Final = "There is one instance: this installation, which nobody orders or deletes by a call."
_IMMUTABLE: Final = "Rules of immutability are kept under /v2/manage/namespaces/{namespace}/immutability."
_RETENTION: Final = (
    "Retention policies are kept under /v2/manage/namespaces/{namespace}/retention/policies, those of one repository "
    "under /v2/manage/namespaces/{namespace}/repos/{repository}/retentions."
)
_WEBHOOKS: Final = "Webhooks are kept under /v2/manage/namespaces/{namespace}/webhooks."
_SIGNING: Final = "Signing policies are not built yet."
_COPYING: Final = (
    "Copies to other installations are rules of synchronisation, under "
    "/v2/manage/namespaces/{namespace}/repos/{repository}/sync_repo."
)
_GARBAGE: Final = "Garbage is collected all the time; who wants it now asks under /v2/manage/gc."
_SCANNING: Final = "Nothing is scanned yet."
_CLOUD: Final = "It is about the network of the cloud; an installation of your own has its address from its settings."
_LABELS: Final = "Resources have no labels here."
_REFERRERS: Final = "Signatures and the like are listed by the registry: /v2/{name}/referrers/{digest}."


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Paths that begin with `path`, or in the method `method` are only it; and why they are not served."""

    path: str
    why: str
    method: str = ""

    @property
    def pattern(self) -> re.Pattern[str]:
        exact = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(self.path))
        return re.compile(exact if self.method else rf"{exact}(?:/.*)?")


LEFT_OUT: Final[Sequence[LeftOut]] = (
    LeftOut(_INSTANCES, _ONE, "POST"),
    LeftOut(_INSTANCE, _ONE, "DELETE"),
    LeftOut(
        f"{_INSTANCE}/configurations",
        "Whether public repositories can be pulled without signing in is the setting anonymous_pull of the server.",
        "PUT",
    ),
    LeftOut(f"{_INSTANCE}/immutabletagrules", _IMMUTABLE),
    LeftOut(f"{_INSTANCE}/namespaces/{{namespace}}/immutabletagrules", _IMMUTABLE),
    LeftOut(f"{_INSTANCE}/retention", _RETENTION),
    LeftOut(f"{_INSTANCE}/namespaces/{{namespace}}/retention", _RETENTION),
    LeftOut(f"{_INSTANCE}/webhook", _WEBHOOKS),
    LeftOut(f"{_INSTANCE}/namespaces/{{namespace}}/webhook", _WEBHOOKS),
    LeftOut(f"{_INSTANCE}/signature", _SIGNING),
    LeftOut(f"{_INSTANCE}/namespaces/{{namespace}}/signature", _SIGNING),
    LeftOut(f"{_INSTANCE}/registries", _COPYING),
    LeftOut(f"{_INSTANCE}/replication", _COPYING),
    LeftOut(f"{_INSTANCE}/system/gc", _GARBAGE),
    LeftOut(f"{_INSTANCE}/artifacts", "Artifacts are listed for each repository."),
    LeftOut(f"{_ARTIFACT}/scan", _SCANNING),
    LeftOut(f"{_ARTIFACT}/vulnerabilities", _SCANNING),
    LeftOut(f"{_ARTIFACT}/additions", "How an image was built is in its config, which the registry serves as a blob."),
    LeftOut(f"{_ARTIFACT}/accessories", _REFERRERS),
    LeftOut(f"{_INSTANCE}/domainname", _CLOUD),
    LeftOut(f"{_INSTANCE}/endpoint-policy", _CLOUD),
    LeftOut(f"{_INSTANCE}/internal-endpoints", _CLOUD),
    LeftOut(f"{_INSTANCE}/internal-endpoint", _CLOUD),
    LeftOut(f"{_INSTANCES}/tags", _LABELS, "GET"),
    LeftOut(f"{_INSTANCE}/namespaces-tags", _LABELS),
)
_PATTERNS: Final = [(one.method, one.pattern, one.why) for one in LEFT_OUT]


def why_left_out(method: str, path: str) -> str | None:
    """Why a call is not served; None when it is no call of the Enterprise edition."""
    for only, pattern, why in _PATTERNS:
        if only in ("", method) and pattern.fullmatch(path):
            return why
    return None
