"""What a trigger may say, as tables."""

from dataclasses import replace

import pytest

from entrepot.triggers.rules import TRIGGERS_MAX, Condition, Mode, Target, WorkloadKind, check_count
from entrepot.values.errors import ParameterInvalid, Refused, TagInvalid, TooMany
from entrepot.values.names import TagName

TARGET = Target(Mode.CLUSTER, "c-1", "prod", "default", WorkloadKind.DEPLOYMENTS, "web", "")


@pytest.mark.parametrize(
    ("kind", "text", "fitting", "others"),
    [
        ("all", ".*", ["v1", "latest"], []),
        ("tag", "v1", ["v1"], ["v11", "v"]),
        ("tag", "v1;v2", ["v1", "v2"], ["v1;v2", "v3"]),
        ("regular", r"v\d+", ["v1", "v12"], ["dev1", "v1-rc"]),
        ("regular", "a|b", ["a", "b"], ["ab"]),
    ],
)
def test_a_condition_fits_whole_tags(kind: str, text: str, fitting: list[str], others: list[str]) -> None:
    condition = Condition.parse(kind, text)

    assert [tag for tag in fitting if not condition.fits(TagName(tag))] == []
    assert [tag for tag in others if condition.fits(TagName(tag))] == []


@pytest.mark.parametrize(
    ("kind", "text", "error", "said"),
    [
        ("some", ".*", ParameterInvalid, "trigger_type is one of all, tag, regular; not 'some'"),
        ("all", "v1", ParameterInvalid, "for all tags is .*; not 'v1'"),
        ("all", "", ParameterInvalid, "for all tags is .*"),
        ("tag", "", TagInvalid, "'' is not a tag"),
        ("tag", "v1;", TagInvalid, "'' is not a tag"),
        ("tag", "v1;-v2", TagInvalid, "'-v2' is not a tag"),
        ("tag", ";".join(["v"] * 101), ParameterInvalid, "at most 100 tags, not 101"),
        ("regular", "[", ParameterInvalid, "not a regular expression"),
    ],
)
def test_a_condition_that_means_nothing_is_refused(kind: str, text: str, error: type[Refused], said: str) -> None:
    with pytest.raises(error, match=r"(?s).+") as refused:
        Condition.parse(kind, text)

    assert said in refused.value.message


def parse(**changes: str) -> Target:
    fields = {
        "mode": "cce",
        "cluster_id": "c-1",
        "cluster_name": "prod",
        "namespace": "default",
        "workload_kind": "deployments",
        "workload": "web",
        "container": "",
    }
    return Target.parse(**(fields | changes))


def test_a_target_is_what_was_said() -> None:
    assert parse() == TARGET
    assert parse(container="app", workload="web.blue-2", workload_kind="statefulsets") == replace(
        TARGET, container="app", workload="web.blue-2", workload_kind=WorkloadKind.STATEFULSETS
    )
    assert parse(mode="cci", cluster_id="", cluster_name="").mode is Mode.SERVERLESS


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mode": "vm"}, "trigger_mode is one of cce, cci"),
        ({"workload_kind": "pods"}, "app_type is one of deployments, statefulsets"),
        ({"cluster_id": ""}, "needs a cluster_id"),
        ({"cluster_id": "../c"}, "needs a cluster_id"),
        ({"mode": "cci"}, "names no cluster"),
        ({"cluster_name": "a\nb"}, "can be printed"),
        ({"cluster_name": "a" * 129}, "at most 128"),
        ({"namespace": ""}, "cluster_ns is"),
        ({"namespace": "a.b"}, "cluster_ns is"),
        ({"namespace": "a" * 64}, "cluster_ns is at most 63"),
        ({"workload": ""}, "application is"),
        ({"workload": "Web"}, "application is"),
        ({"workload": "web..blue"}, "application is"),
        ({"workload": "a" * 254}, "application is"),
        ({"container": "-app"}, "container is"),
    ],
)
def test_a_target_that_cannot_be_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(ParameterInvalid) as refused:
        parse(**changes)

    assert said in refused.value.message


def test_the_last_trigger_that_fits_is_the_hundredth() -> None:
    check_count(TRIGGERS_MAX - 1)

    with pytest.raises(TooMany, match="at most 100 triggers"):
        check_count(TRIGGERS_MAX)
