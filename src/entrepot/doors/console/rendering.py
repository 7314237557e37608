"""Templates become pages: one environment for each language, with what all templates may use."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response

from entrepot import __version__
from entrepot.doors.console.frame import sections
from entrepot.doors.console.language import LANGUAGES, Language
from entrepot.doors.console.phrases import phrase_of
from entrepot.doors.console.problems import field_of, sentence_of, sentence_of_kind, translated
from entrepot.doors.console.statics import static_path
from entrepot.doors.console.visit import View, Visit
from entrepot.plumbing.clock import rfc3339
from entrepot.plumbing.units import show_seconds

_DIGEST_CHARS: Final = 12
THEME_COOKIE: Final = "entrepot_theme"
_THEMES: Final = ("light", "dark")


def render(visit: Visit, view: View) -> Response:
    """The page as HTML."""
    theme = visit.request.cookies.get(THEME_COOKIE, "")
    text = (
        _environment(visit.language.name)
        .get_template(view.template)
        .render(
            visit=visit,
            language=visit.language,
            languages=LANGUAGES,
            sections=sections(visit),
            theme=theme if theme in _THEMES else "auto",
            version=__version__,
            problem_text=sentence_of(visit.problem, visit.language) if visit.problem else "",
            closed=[sentence_of(one.refusal(), visit.language) for one in visit.closed],
            problem_field=field_of(visit.problem) if visit.problem else "",
            **view.values,
        )
    )
    return Response(text, view.status, media_type="text/html")


@cache
def _environment(name: str) -> Environment:
    language = Language(name)
    made = Environment(
        loader=PackageLoader("entrepot.doors.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    made.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "translated": lambda message: translated(message, language) or message,
        "size": language.size,
        "number": language.number,
        "duration": show_seconds,
        "day": language.day,
        "moment": language.moment,
        "last_date": lambda ends_at: (ends_at - timedelta(days=1)).date().isoformat(),
        "last_day": lambda ends_at: language.day((ends_at - timedelta(days=1)).date()),
        "rfc3339": rfc3339,
        "short": short_digest,
        "segment": lambda text: quote(str(text), safe=""),
        "slashed": lambda text: quote(str(text), safe="/"),
        "ident": identifier,
    }
    made.globals |= {
        "static": static_path,
        "ago": language.ago,
        "sentence": lambda kind, message: sentence_of_kind(kind, message, language),
        "with_query": with_query,
        "event_phrase": lambda event_type: phrase_of(event_type, language),
    }
    return made


def short_digest(digest: str) -> str:
    """Enough of a digest for people to tell it from others: `sha256:0123456789ab`."""
    algorithm, _, hexadecimal = digest.partition(":")
    return f"{algorithm}:{hexadecimal[:_DIGEST_CHARS]}"


def identifier(text: str) -> str:
    """Text as an HTML id takes it."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def with_query(visit: Visit, **changed: object) -> str:
    """The visit's own address with other parameters; one that is None or empty goes."""
    kept: Mapping[str, Any] = {**visit.request.query_params, **changed}
    query = urlencode({key: value for key, value in kept.items() if value not in (None, "")})
    return f"{visit.path}?{query}" if query else visit.path
