"""Exit codes: one table, and every way to end has its line."""

import pytest

from entrepot import cli
from entrepot.cli.exit_codes import MEANING, ExitCode
from entrepot.values.errors import NameInvalid, RemoteUnreachable, StorageFailed
from tests.cli.run import Run


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    assert set(MEANING) == set(ExitCode)
    assert all(what.endswith(".") and then.endswith(".") for what, then in MEANING.values())


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (NameInvalid("the name is wrong"), ExitCode.REFUSED, "The name is wrong."),
        (StorageFailed(), ExitCode.REFUSED, "The blob storage failed"),
        (RemoteUnreachable("Nobody there."), ExitCode.UNREACHABLE, "Nobody there."),
        (OSError(28, "No space left on device", "x.tar"), ExitCode.MACHINE, "No space left on device: x.tar."),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, ""),
    ],
)
def test_what_ends_a_command_decides_its_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, raised: BaseException, code: ExitCode, said: str
) -> None:
    def build() -> object:
        def command() -> None:
            raise raised

        return command

    monkeypatch.setattr(cli, "build", build)

    ran = run("anything")

    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
