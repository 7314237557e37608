"""What a trigger may say: which tags it is about, and which workload it updates. Values in, value or error out."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from entrepot.plumbing.expressions import Expression
from entrepot.values.errors import ParameterInvalid, TooMany, quoted, worded
from entrepot.values.names import TagName, TriggerName
from entrepot.values.words import one_of

EVERY_TAG: Final = ".*"
TRIGGERS_MAX: Final = 100
"""Of one repository."""
_TAGS_MAX: Final = 100
_SEPARATOR: Final = ";"

_CLUSTER_NAME_CHARS_MAX: Final = 128
_match_cluster_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}").fullmatch
# Names of Kubernetes: a label, and labels joined by dots. Neither can match one text in two ways.
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_match_label = re.compile(_LABEL).fullmatch
_match_labels = re.compile(rf"{_LABEL}(?:\.{_LABEL})*").fullmatch
_LABEL_CHARS_MAX: Final = 63
_LABELS_CHARS_MAX: Final = 253


class Kind(StrEnum):
    """How a condition chooses tags."""

    ALL = "all"
    TAG = "tag"
    REGULAR = "regular"


class Mode(StrEnum):
    """What runs the workload: a cluster, or the serverless container service."""

    CLUSTER = "cce"
    SERVERLESS = "cci"


class WorkloadKind(StrEnum):
    DEPLOYMENTS = "deployments"
    STATEFULSETS = "statefulsets"


@dataclass(frozen=True, slots=True)
class Condition:
    """Which tags a trigger is about: all (`.*`), some by name (`v1;v2`), or what a regular expression matches."""

    kind: Kind
    text: str

    @classmethod
    def parse(cls, kind: str, text: str) -> "Condition":
        """Raises ParameterInvalid or TagInvalid."""
        parsed = one_of(Kind, kind, "trigger_type")
        match parsed:
            case Kind.ALL if text != EVERY_TAG:
                raise ParameterInvalid(
                    worded(
                        "The condition of a trigger for all tags is {every_tag}; not {text}.",
                        every_tag=EVERY_TAG,
                        text=quoted(text),
                    )
                )
            case Kind.TAG:
                _check_tags(text)
            case Kind.REGULAR:
                Expression.parse(text)
        return cls(parsed, text)

    def fits(self, tag: TagName) -> bool:
        match self.kind:
            case Kind.ALL:
                return True
            case Kind.TAG:
                return tag in self.text.split(_SEPARATOR)
            case Kind.REGULAR:
                return Expression(self.text).fits(tag)


def _check_tags(text: str) -> None:
    tags = text.split(_SEPARATOR)
    if len(tags) > _TAGS_MAX:
        raise ParameterInvalid(
            worded(
                "A condition names at most {tags_max} tags, not {count}; a regular one can match more.",
                tags_max=_TAGS_MAX,
                count=len(tags),
            )
        )
    for tag in tags:
        TagName.parse(tag)


@dataclass(frozen=True, slots=True)
class Target:
    """The workload whose image reference is set. `container` is empty for every one that uses the image."""

    mode: Mode
    cluster_id: str
    cluster_name: str
    namespace: str
    workload_kind: WorkloadKind
    workload: str
    container: str

    @classmethod
    def parse(
        cls,
        mode: str,
        cluster_id: str,
        cluster_name: str,
        namespace: str,
        workload_kind: str,
        workload: str,
        container: str,
    ) -> "Target":
        """Whether there is such a cluster is not asked here. Raises ParameterInvalid."""
        parsed = one_of(Mode, mode, "trigger_mode")
        _check_cluster(parsed, cluster_id, cluster_name)
        _check_label("cluster_ns", namespace)
        if container:
            _check_label("container", container)
        if len(workload) > _LABELS_CHARS_MAX or not _match_labels(workload):
            raise ParameterInvalid(
                worded(
                    "application is the name of a workload: lower-case letters, digits, '-' and '.'; not {workload}.",
                    workload=quoted(workload),
                )
            )
        kind = one_of(WorkloadKind, workload_kind, "app_type")
        return cls(parsed, cluster_id, cluster_name, namespace, kind, workload, container)


def _check_cluster(mode: Mode, cluster_id: str, cluster_name: str) -> None:
    if mode is Mode.SERVERLESS:
        if cluster_id or cluster_name:
            raise ParameterInvalid(
                worded("A trigger for {mode} names no cluster: leave cluster_id and cluster_name out.", mode=mode)
            )
    elif not _match_cluster_id(cluster_id):
        raise ParameterInvalid(
            worded(
                "A trigger for {mode} needs a cluster_id: 1 to 64 letters, digits, '.', '_' and '-'; not {cluster_id}.",
                mode=mode,
                cluster_id=quoted(cluster_id),
            )
        )
    if len(cluster_name) > _CLUSTER_NAME_CHARS_MAX or not cluster_name.isprintable():
        raise ParameterInvalid(
            worded(
                "cluster_name is at most {cluster_name_chars_max} characters that can be printed.",
                cluster_name_chars_max=_CLUSTER_NAME_CHARS_MAX,
            )
        )


def _check_label(field: str, text: str) -> None:
    if len(text) > _LABEL_CHARS_MAX or not _match_label(text):
        raise ParameterInvalid(
            worded(
                "{field} is at most {label_chars_max} lower-case letters, digits and '-', as Kubernetes "
                "names it; not {text}.",
                field=field,
                label_chars_max=_LABEL_CHARS_MAX,
                text=quoted(text),
            )
        )


@dataclass(frozen=True, slots=True)
class Definition:
    """A trigger as somebody defined it; `action` of the contract is always `update`."""

    name: TriggerName
    condition: Condition
    target: Target


def check_count(count: int) -> None:
    """Pass when a repository with `count` triggers may have one more. Raises TooMany."""
    if count >= TRIGGERS_MAX:
        raise TooMany(
            worded(
                "A repository has at most {triggers_max} triggers; delete one that is not needed.",
                triggers_max=TRIGGERS_MAX,
            ),
            limit=TRIGGERS_MAX,
        )
