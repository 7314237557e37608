"""All calls of the management API: the one table, joined of those in `table/` and of the Enterprise edition's.

The tests walk it too: every call in every role.
"""

import re
from collections.abc import Mapping
from typing import Final

from entrepot.doors.manage.enterprise.routes import ENTERPRISE
from entrepot.doors.manage.paths import with_shares
from entrepot.doors.manage.route import Route
from entrepot.doors.manage.table.images import IMAGES
from entrepot.doors.manage.table.installation import INSTALLATION
from entrepot.doors.manage.table.people import PEOPLE

ROUTES: Final = (*IMAGES, *PEOPLE, *INSTALLATION, *ENTERPRISE)


def find(path: str) -> Mapping[str, Route]:
    """The calls on `path`, by method; empty when there are none."""
    for pattern, calls in _PATHS:
        if pattern.fullmatch(path):
            return calls
    return {}


def find_slashed(method: str, path: str) -> Route | None:
    """The call on a path that may hold slashes in a repository's name: the one that leaves the shortest name."""
    path = with_shares(path)
    found = [calls[method] for pattern, calls in _SLASHED_PATHS if method in calls and pattern.fullmatch(path)]
    return max(found, key=lambda route: route.path.count("/"), default=None)


def _by_path() -> dict[str, dict[str, Route]]:
    grouped: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        grouped.setdefault(route.path, {})[route.method] = route
    return grouped


def _pattern(path: str, with_slashes: bool = False) -> re.Pattern[str]:
    """What fits a path of the table; `with_slashes`, also where a repository's name keeps its own."""
    escaped = re.escape(path)
    if with_slashes:
        escaped = escaped.replace(r"\{repository\}", ".+")
    escaped = escaped.replace(r"/v2/\{project_id\}/", r"/v2/(?!manage/)\{project_id\}/")
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", escaped))


_PATHS: Final = [(_pattern(path), calls) for path, calls in _by_path().items()]
_SLASHED_PATHS: Final = [(_pattern(path, with_slashes=True), calls) for path, calls in _by_path().items()]
