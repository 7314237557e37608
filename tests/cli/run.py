"""The command line, run in this process as a shell would."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest

from entrepot import cli


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def runner(capsys: pytest.CaptureFixture[str]) -> Run:
    """`run("org", "create", "acme", stdin="…")`; standard input is no terminal."""

    def run(*arguments: str, stdin: str = "") -> Ran:
        code: Any = 0
        with patch.object(sys, "argv", ["entrepot", *arguments]), patch.object(sys, "stdin", io.StringIO(stdin)):
            try:
                cli.main()
            except SystemExit as left:
                code = left.code or 0
        written = capsys.readouterr()
        return Ran(code, written.out, written.err)

    return run
