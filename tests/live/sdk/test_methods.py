"""Every method of the official client has a test that drives it, or a reason why it is not answered."""

from entrepot.doors.manage.enterprise.left_out import why_left_out
from entrepot.doors.manage.enterprise.routes import ENTERPRISE
from tests.live.sdk.methods import MISSING, basic_methods, driven, enterprise_methods


def test_every_method_is_driven_by_a_test() -> None:
    tests, methods = driven(), basic_methods()
    for name, path in methods.items():
        print(f"{name:36} {path:84} {', '.join(tests[name]) or 'MISSING'}")  # noqa: T201  # the table, for `pytest -s`

    assert len(methods) == 59
    assert {name for name in methods if not tests[name]} == MISSING


def test_every_enterprise_method_is_driven_by_a_test_or_said_to_be_left_out() -> None:
    tests, served = driven(), {route.name for route in ENTERPRISE}
    for name, (method, path) in enterprise_methods().items():
        if name in served:
            assert tests[name], name
        else:
            assert why_left_out(method, path), (name, method, path)

    assert served <= set(enterprise_methods())
