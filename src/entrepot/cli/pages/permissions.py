"""The page of permissions: which level allows what, and what a registry token can carry."""

from entrepot.access.check import BLOBS
from entrepot.access.levels import FOR_PEOPLE, NEEDS, Level
from entrepot.accounts.scopes import CATALOG, Scope, granted_actions
from entrepot.cli.pages import Page, markdown

_INTRODUCTION = """\
A level is held on an organization, and then on all its repositories, or on one repository. The highest one that
applies counts; see [how permissions work](../explanation/permissions.md). An administrator of a domain holds *manage*
on every organization of the domain.
"""

_PEOPLE = """\
These are left to people, whatever level a robot has: {actions}.
"""

_TOKENS = """\
## Registry tokens

A client of the registry API asks `/auth/token` for a token with scopes, such as `repository:ORG/NAME:pull,push`. The
token carries those of the words that the account's level allows. It never allows more than the account behind it: a
level that is taken away is gone for the token, too. Which word a request needs: [registry API](registry-api.md).
"""

_WHOLE = f"""\
Two scopes are about the whole registry. Both reach only what the account may read:

- `{CATALOG}:*` lists the repositories;
- `{BLOBS}:*` mounts a blob from whichever repository holds it, when the client does not say from which.

No registry token reaches the management API.
"""

_EVERYTHING = Scope("repository", "ORG/NAME", ("*",))


def page() -> str:
    levels = [level for level in Level if level is not Level.NONE]
    allowed = (
        (markdown.code(action), *("yes" if level >= needed else "" for level in levels))
        for action, needed in NEEDS.items()
    )
    carried = ((_named(level), ", ".join(map(markdown.code, granted_actions(_EVERYTHING, level)))) for level in levels)
    lines = [
        *markdown.heading("Permissions", Page.PERMISSIONS, "src/entrepot/access/levels.py"),
        _INTRODUCTION,
        *markdown.table(("action", *map(_named, levels)), allowed),
        _PEOPLE.format(actions=", ".join(sorted(map(markdown.code, FOR_PEOPLE)))),
        _TOKENS,
        *markdown.table(("level", "words a token can carry"), carried),
        _WHOLE,
    ]
    return "\n".join(lines)


def _named(level: Level) -> str:
    return f"{level.name.lower()} ({level:d})"
