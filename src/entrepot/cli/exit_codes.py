"""Exit codes of the command line: the one table. Scripts rely on them; a number never gets another meaning."""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import Final


class ExitCode(IntEnum):
    DONE = 0
    REFUSED = 1
    USAGE = 2
    UNREACHABLE = 3
    MACHINE = 4
    INTERRUPTED = 130


MEANING: Final[Mapping[ExitCode, tuple[str, str]]] = MappingProxyType(
    {
        ExitCode.DONE: ("Done.", "Nothing."),
        ExitCode.REFUSED: (
            "Refused: it is not there, you may not, the file is damaged, you said no; a verification found something.",
            "Read the sentence on standard error, or `entrepot verify --findings`; running it again changes nothing.",
        ),
        ExitCode.USAGE: (
            "Wrong usage: an option, an argument, a setting. Nothing was done.",
            "See the command's `--help`.",
        ),
        ExitCode.UNREACHABLE: (
            "The server, or what it stands on, cannot be reached or is in trouble, also after several attempts.",
            "Try again later; transfers go on where they were.",
        ),
        ExitCode.MACHINE: (
            "This machine failed: the disk is full, a file cannot be read or written.",
            "Make room, or look at permissions.",
        ),
        ExitCode.INTERRUPTED: ("Interrupted by Ctrl-C.", "Run it again; transfers go on where they were."),
    }
)
"""What each code means, and what a person or script does about it."""
