"""Every method of the official client has a test that drives it."""

from tests.live.sdk.methods import MISSING, basic_methods, driven


def test_every_method_is_driven_by_a_test() -> None:
    tests = driven()
    for name, path in basic_methods().items():
        print(f"{name:36} {path:84} {', '.join(tests[name]) or 'MISSING'}")  # noqa: T201  # the table, for `pytest -s`

    assert len(tests) == 59
    assert {name for name, by in tests.items() if not by} == MISSING
