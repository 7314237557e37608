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
    back = visit.form.text("back")
    is_ours = back.startswith("/console/") and "//" not in back and "\\" not in back and back.isprintable()
    answer = Response(status_code=303, headers={"Location": back if is_ours else "/console/"})
    for cookie, value, allowed in (
        (LANGUAGE_COOKIE, visit.form.text("language"), tuple(LANGUAGES)),
        (THEME_COOKIE, visit.form.text("theme"), _THEMES),
    ):
        if value in allowed:
            answer.set_cookie(
                cookie, value, path="/console/", max_age=_YEAR, secure=visit.is_secure, httponly=True, samesite="lax"
            )
    return answer
