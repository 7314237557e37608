"""The page of exit codes, from their table."""

from entrepot.cli.exit_codes import MEANING
from entrepot.cli.pages import Page, markdown

_INTRODUCTION = """\
Every client command ends with one of these. What went wrong stands on standard error, in a sentence that says what to
do; standard output has the result alone, with `--json` as one JSON document.
"""


def page() -> str:
    rows = [(markdown.code(str(code.value)), what, then) for code, (what, then) in MEANING.items()]
    lines = [*markdown.heading("Exit codes", Page.EXIT_CODES, "src/entrepot/cli/exit_codes.py"), _INTRODUCTION]
    return "\n".join([*lines, *markdown.table(("code", "what happened", "what to do"), rows)])
