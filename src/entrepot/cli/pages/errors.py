"""The page of errors: what each means, and its status and code on both APIs."""

from collections.abc import Iterator, Mapping

from entrepot.cli.pages import Page, markdown
from entrepot.doors.http import problems as oci
from entrepot.doors.manage import problems as manage
from entrepot.values import errors
from entrepot.values.errors import EntrepotError

_INTRODUCTION = """\
An error has one meaning and, on each API, one status and one code.

- The registry API (`/v2/…`) answers `{"errors": [{"code", "message", "detail"}]}`, with the codes of the OCI
  Distribution specification.
- The management API (`/v2/manage/…`, `/v3/manage/…`) answers `{"errors": [{"errorCode", "errorMessage", "detail"}],
  "error_code", "error_msg", "request_id"}`, with the codes of SWR, or with codes that begin with `ENTREPOT` where
  SWR has none.

The message is the sentence below, or a more exact one. What someone may not read answers like what does not exist.
"""

_FAMILIES: dict[type[EntrepotError], tuple[str, str]] = {
    errors.Refused: ("Refused", "The caller can change something. Messages and details say what."),
    errors.Elsewhere: ("Elsewhere", "Somebody else's trouble. `Retry-After` says when to try again."),
    errors.Broken: ("Broken", "Ours. The log tells everything, the answer little."),
}

_KINDS = """\
## More exact codes of the management API

Where an error says *what* is not valid, the management API has a code for it.
"""
_ON_CALLS: dict[str, manage.Problems] = {
    "On the permissions of an organization": manage.ON_ORGANIZATION_ACCESS,
    "On the permissions of a repository": manage.ON_REPOSITORY_ACCESS,
    "On shares": manage.ON_SHARES,
    "When a retention policy is deleted": manage.ON_RETENTION_DELETION,
    "On synchronisation": manage.ON_SYNCHRONISATION,
}


def page() -> str:
    sources = "src/entrepot/values/errors/ and src/entrepot/doors/{http,manage}/problems.py"
    lines = [*markdown.heading("Errors", Page.ERRORS, sources), _INTRODUCTION]
    for family, (title, meaning) in _FAMILIES.items():
        lines += [f"## {title}", "", meaning, ""]
        lines += markdown.table(("error", "meaning", "registry API", "management API"), map(_row, _members(family)))
    lines += [_KINDS, *markdown.table(("about", "management API"), _named(manage.BY_KIND))]
    for title, table in _ON_CALLS.items():
        lines += [f"{title}:", "", *markdown.table(("error", "management API"), _named(table))]
    return "\n".join(lines)


def _members(family: type[EntrepotError]) -> list[type[EntrepotError]]:
    """The errors of a family, in the order in which they are declared; the family itself last."""
    return [kind for kind in vars(errors).values() if _is_member(kind, family)] + [family]


def _is_member(kind: object, family: type[EntrepotError]) -> bool:
    return isinstance(kind, type) and issubclass(kind, family) and kind is not family


def _row(kind: type[EntrepotError]) -> tuple[str, ...]:
    # Not made by its constructor: some errors have keywords that must be given, and no table asks for them.
    error = kind.__new__(kind)
    error.detail = {}
    name = f"any other of `{kind.__name__}`" if kind in _FAMILIES else markdown.code(kind.__name__)
    return name, f"{kind.default_message}.", _shown(oci.problem_of(error)), _shown(manage.problem_of(error))


def _named(table: Mapping[type[EntrepotError] | str, manage.Problem]) -> Iterator[tuple[str, str]]:
    for key, problem in table.items():
        yield markdown.code(key if isinstance(key, str) else key.__name__), _shown(problem)


def _shown(problem: oci.Problem | manage.Problem) -> str:
    return f"{problem.status} `{problem.code}`"
