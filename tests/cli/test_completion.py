"""Completion of commands and options in the shells people use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import Run

ASK = "import sys; sys.argv = ['entrepot']; from entrepot.cli import main; main()"


def completed(shell: str, words: str, **environment: str) -> str:
    """What the program answers to a shell that asks how `words` could go on."""
    asked = {
        **os.environ,
        "_ENTREPOT_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": words,
        **environment,
    }
    ran = subprocess.run(
        [sys.executable, "-c", ASK], env=asked, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stderr == ""
    return ran.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "offered"),
    [("entrepot imag", "image"), ("entrepot image pu", "push"), ("entrepot org create --js", "--json")],
)
def test_commands_and_options_are_completed(shell: str, words: str, offered: str) -> None:
    assert offered in completed(shell, words, _TYPER_COMPLETE_FISH_ACTION="get-args")


@pytest.mark.parametrize(
    ("shell", "begins"),
    [("bash", "complete -o"), ("zsh", "#compdef entrepot"), ("fish", "complete --command entrepot")],
)
def test_every_shell_has_its_script(run: Run, shell: str, begins: str) -> None:
    ran = run("completion", shell)

    assert (ran.code, ran.err) == (0, "")
    assert begins in ran.out


def test_bash_takes_the_script(run: Run) -> None:
    script = run("completion", "bash").out
    asked = 'COMP_WORDS=(entrepot image pu); COMP_CWORD=2; _entrepot_completion entrepot; echo "${COMPREPLY[@]}"'
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

    ran = subprocess.run(
        ["bash", "-c", f"{script}\n{asked}"],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert set(ran.stdout.split()) == {"push", "pull"}, ran


def test_a_shell_we_do_not_know_is_wrong_usage(run: Run) -> None:
    assert run("completion", "tcsh").code == 2
