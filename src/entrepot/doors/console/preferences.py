"""What a visitor prefers: the language, and light or dark. Kept in cookies of this browser."""

from starlette.responses import Response

from entrepot.doors.console.language import COOKIE as LANGUAGE_COOKIE
from entrepot.doors.console.language import LANGUAGES
from entrepot.doors.console.rendering import THEME_COOKIE
from entrepot.doors.console.visit import Visit

_YEAR = 365 * 86_400
_THEMES = ("light", "dark", "auto")


async def set_preferences(visit: Visit) -> Response:
    """Keep what was chosen and show the same page again."""
    answer = Response(status_code=303, headers={"Location": _back(visit.form.text("back"))})
    for cookie, value, allowed in (
        (LANGUAGE_COOKIE, visit.form.text("language"), tuple(LANGUAGES)),
        (THEME_COOKIE, visit.form.text("theme"), _THEMES),
    ):
        if value in allowed:
            answer.set_cookie(
                cookie, value, path="/console/", max_age=_YEAR, secure=visit.is_secure, httponly=True, samesite="lax"
            )
    return answer


def _back(wanted: str) -> str:
    """The page a visitor came from; where that was a form that was refused, the page that holds it or stands above."""
    from entrepot.doors.console.pages import find  # here, because the table names this file's page

    path, _, query = wanted.partition("?")
    is_ours = path.startswith("/console/") and "//" not in wanted and "\\" not in wanted and wanted.isprintable()
    while is_ours and path != "/console" and find("GET", path)[0] is None:
        path, query = path.rpartition("/")[0], ""
    if not is_ours or path == "/console":
        return "/console/"
    return f"{path}?{query}" if query else path
