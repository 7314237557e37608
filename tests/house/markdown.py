"""Markdown as a reader sees it: headings, links and blocks of code."""

import re
from collections import Counter
from collections.abc import Iterator

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#{1,6}) +(.+?) *$", re.MULTILINE)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_MARKUP = re.compile(r"[^\w\- ]")


def links(text: str) -> list[str]:
    """Where the links of a page lead, those of other sites left out."""
    found = _LINK.findall(_CODE.sub("", _FENCE.sub("", text)))
    return [target for target in found if "://" not in target and not target.startswith("mailto:")]


def anchors(text: str) -> set[str]:
    """The fragments that lead to the headings of a page, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for _, title in _HEADING.findall(_FENCE.sub("", text)):
        name = _MARKUP.sub("", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()).replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def shell_blocks(text: str) -> Iterator[tuple[str, str]]:
    """The heading above and the content of every block of shell commands."""
    for block in _FENCE.finditer(text):
        if block[1] == "sh":
            above = _HEADING.findall(_FENCE.sub("", text[: block.start()]))
            yield above[-1][1] if above else "", block[2]
