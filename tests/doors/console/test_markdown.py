"""Descriptions: what may stand in them, and that what may not can do nothing."""

from html.parser import HTMLParser

import pytest

from entrepot.doors.console.markdown import to_html

REL = 'rel="nofollow noopener noreferrer"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("**bold** and `code`", "<p><strong>bold</strong> and <code>code</code></p>\n"),
        ("# One\n\n###### Six", "<h2>One</h2>\n<h6>Six</h6>\n"),
        ("[a](https://a.example/)", f'<p><a href="https://a.example/" {REL}>a</a></p>\n'),
        ("![alt](https://a.example/x.png)", f'<p><a href="https://a.example/x.png" {REL}>alt</a></p>\n'),
        ("[![alt](b.svg)](https://a.example/)", f'<p><a href="https://a.example/" {REL}>alt</a></p>\n'),
        ("3. three", '<ol start="3">\n<li>three</li>\n</ol>\n'),
    ],
)
def test_markdown_becomes_html(text: str, html: str):
    assert to_html(text) == html


class Acting(HTMLParser):
    """What of a piece of HTML could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "svg", "style", "form", "button", "iframe", "input", "object"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith(("on", "hx-", "data-", "style", "class", "id")):
                self.found.append(name)
            if name == "href" and (value or "").partition(":")[0] in ("javascript", "data", "vbscript"):
                self.found.append(str(value))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "[a](javascript:alert(1))",
        "[a](data:text/html,x)",
        "![a](javascript:alert(1))",
        '![a](x"onerror="alert(1))',
        '![a" onclick="alert(1)](https://a.example/"onclick="x)',
        "<style>*{display:none}</style>",
        '<a href="https://a.example/" style="position:fixed" hx-get="/">a</a>',
        "```<script>\nx\n```",
        "[a](vbscript:x) <svg onload=alert(1)>",
        "<form action=/console/logout><button>x</button></form>",
        "> " * 5_000 + "deep",
        "[" * 20_000,
        "*a_" * 9_000,
    ],
)
def test_nothing_in_a_description_acts(text: str):
    acting = Acting()
    acting.feed(to_html(text))
    assert acting.found == []
