"""The page of the management API: its calls, what they answer and refuse."""

from entrepot.cli.pages import Page, markdown
from entrepot.doors.manage.engines import MISSING
from entrepot.doors.manage.enterprise.left_out import LEFT_OUT
from entrepot.doors.manage.problems import Problem, problem_of
from entrepot.doors.manage.route import Route
from entrepot.doors.manage.routes import ROUTES
from entrepot.doors.manage.table.installation import OPENAPI_PATH
from entrepot.values import errors

_INTRODUCTION = f"""\
Calls, paths and fields are those of SWR (SoftWare Repository for Container), so that its clients work; its word for an
organization is "namespace". A slash in a repository's name is written `$` in a path: `acme/team/app` is
`/v2/manage/namespaces/acme/repos/team$app`. Calls of its Enterprise edition are under `/v2/PROJECT/instances/entrepot`.

Sign in with HTTP Basic, with a personal token (`Authorization: Bearer`), with a management token (`X-Auth-Token`), in a
session (a cookie; calls that change something also send `X-CSRF-Token`), or sign each request with an access key
(`SDK-HMAC-SHA256`, as the service's own clients do). Registry tokens and docker logins do not reach this API.
`GET {OPENAPI_PATH}` has every field, as OpenAPI.
"""

_EVERYWHERE = """\
## Refusals

Any call may answer these. The last column above says what means something else for one call than for the others. All
of them: [errors](errors.md).
"""

_ENGINES = """\
## Calls whose engine is not built yet

They check, keep and answer by the contract. What they are about does not happen yet, and nothing pretends that it did.
"""

_LEFT_OUT = """\
## Enterprise calls that are not served

The Enterprise calls above are other words for what the same installation holds, as its one instance `entrepot`: its
namespaces are organizations, and their `public` is the visibility of repositories that a push makes. These are not
served; who makes one is told why. `…` is anything below the path.

What is a path of the registry protocol stays one: under an organization or repository named `manifests`, `blobs` or
`referrers`, some of these paths are, and a tag named `list` is deleted by `/v2/manage/…`.
"""

_COMMON = (
    errors.ParameterInvalid,
    errors.Unauthenticated,
    errors.AccessDenied,
    errors.BodyTooLarge,
    errors.Elsewhere,
    errors.Broken,
)


def page() -> str:
    lines = [*markdown.heading("Management API", Page.MANAGEMENT_API, "src/entrepot/doors/manage/routes.py")]
    lines.append(_INTRODUCTION)
    for group in dict.fromkeys(route.group for route in ROUTES):
        rows = [_row(route) for route in ROUTES if route.group == group]
        lines += [f"## {group.capitalize()}", ""]
        lines += markdown.table(("method", "path", "what it does", "success", "its own errors"), rows)
    waiting = [
        (markdown.code(route.name), markdown.code(route.path), MISSING[route.name])
        for route in ROUTES
        if route.name in MISSING
    ]
    lines += [_ENGINES, *markdown.table(("call", "path", "what is missing"), waiting)]
    left = [(one.method or "any", markdown.code(one.path + ("" if one.method else "…")), one.why) for one in LEFT_OUT]
    lines += [_LEFT_OUT, *markdown.table(("method", "path", "why"), left)]
    common = ((_shown(problem_of(kind())), f"{kind.default_message}.") for kind in _COMMON)
    return "\n".join([*lines, _EVERYWHERE, *markdown.table(("answer", "meaning"), common)])


def _row(route: Route) -> tuple[str, ...]:
    does = markdown.first_paragraph(route.handler.__doc__)
    own = (
        f"{markdown.code(key if isinstance(key, str) else key.__name__)} {_shown(problem)}"
        for key, problem in route.problems.items()
    )
    opened = f"{does} Needs no sign-in." if route.is_open else does
    return route.method, markdown.code(route.path), opened, str(route.status), ", ".join(own)


def _shown(problem: Problem) -> str:
    return f"{problem.status} `{problem.code}`"
