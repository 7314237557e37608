"""Descriptions: Markdown that anybody may have written becomes HTML that can do nothing.

Raw HTML is shown as text, and what the renderer made goes through an allow-list again. Pictures become links: a page
of the console asks no other host for anything.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

_TAGS: Final = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "code", "pre", "blockquote"),
    *("ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_NESTING_MAX: Final = 20
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5")  # the page has the h1; each goes one down


def to_html(text: str) -> Markup:
    """The description as HTML that may stand in a page."""
    if not text.strip():
        return Markup("")
    return Markup(  # noqa: S704  # made safe by the line below
        nh3.clean(
            _renderer().render(text),
            tags=_TAGS,
            attributes=_ATTRIBUTES,
            url_schemes={"http", "https", "mailto"},
            link_rel="nofollow noopener noreferrer",
        )
    )


@cache
def _renderer() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": _NESTING_MAX})
    made.enable(["table", "strikethrough"])
    made.add_render_rule("image", _picture)
    made.core.ruler.push("lower_headings", _lower_headings)
    return made


def _lower_headings(state: Any) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close") and token.tag in _HEADINGS:
            token.tag = f"h{int(token.tag[1]) + 1}"


def _picture(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """What the picture says of itself; a link to it, unless it stands in a link already."""
    source = str(tokens[at].attrGet("src") or "")
    said = escape(tokens[at].content or source)
    depth = sum({"link_open": 1, "link_close": -1}.get(token.type, 0) for token in tokens[:at])
    return said if depth else f'<a href="{escape(source)}">{said}</a>'
