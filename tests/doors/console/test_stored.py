"""Whatever people type into the console comes back as text: every form with a field for text is filled and sent.

What the registry itself is given (labels, annotations, names of files) is in `tests/live/console/test_versions.py`.
"""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Final

from entrepot.doors.console import pages
from tests.doors.console.conftest import As
from tests.doors.console.test_walk import HOSTILE, pages_of
from tests.make.rooms import Rooms

TYPED: Final = {"text", "search", ""}
GOOD: Final[Mapping[str, str]] = {
    "name": "x",
    "repository": "x",
    "user": "stranger",
    "admin": "boss",
    "password": "a long enough password",
    "url": "https://x.example",
    "cidrs": "10.7.0.0/16",
    "location": "52.52,13.4",
    "endpoints": "https://x.example",
    "issuer": "https://x.example",
    "robot": "x",
    "ours": "x",
    "claim": "sub",
    "scope": "acme",
    "domain": "partner",
    "tags": "*",
    "tags-1": "*",
    "repositories": "*",
    "newest-1": "3",
    "number-1": "3",
    "members": "acme",
} | dict.fromkeys(
    (
        "keys",
        "authority",
        "secret",
        "email_domains",
        "scopes",
        "exclusions",
        "exclusions-1",
        "spared-1",
        "history_days",
        "host",
        "proxy",
        "fresh_seconds",
        "stale_seconds",
        "absent_seconds",
        "fetches_max",
        "requests_per_minute",
        "limit_bytes",
        "allow",
        "deny",
        "quarantine",
        "forget",
    ),
    "",
)
"""What fields take that do not take any text; all others get `HOSTILE`."""
OF_ITS_OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "create_mirror": {"name": "quay"},
    "create_virtual": {"name": "everything"},
    "create_region": {"cidrs": "10.8.0.0/16"},
}
"""What the forms of a page take that is taken elsewhere."""
ENDING: Final = ("delete", "rename", "transfer", "log_", "end_", "remove", "make_read_only", "start_maintenance")
"""What would take away what the others are about; they have pages of their own in `tests/live/console`."""

TAKEN: Final = {
    *("add_member", "change_federation", "change_group", "change_immutability_rule", "change_mirror"),
    *("change_provider", "change_region", "change_robot", "change_settings", "change_webhook"),
    *("create_domain", "create_federation", "create_group", "create_mirror", "create_region"),
    *("create_immutability_rule", "create_key", "create_organization", "create_person", "create_provider"),
    *("create_retention_policy", "create_robot", "create_token", "create_webhook", "link_person", "save_description"),
    *("change_virtual", "create_virtual"),
    *("save_own_retention", "set_image_permission", "share_image"),
}
"""Forms of which at least one filling must have been taken, or this tests nothing."""


class Forms(HTMLParser):
    """Forms of a page that are posted: where to, names of their fields with what they hold, and which take text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str], list[str]]] = []
        self._is_in = False
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        name = of.get("name", "")
        if tag == "form":
            self._is_in = of.get("method", "").lower() == "post"
            if self._is_in:
                self.found.append((of["action"], {}, []))
        elif self._is_in and tag in ("input", "textarea") and name:
            self._field(tag, of, name)
        elif self._is_in and tag == "select":
            self._select = name
        elif self._is_in and tag == "option" and ("selected" in of or self._select not in self.found[-1][1]):
            self.found[-1][1][self._select] = of.get("value", "")

    def _field(self, tag: str, of: Mapping[str, str], name: str) -> None:
        kind = "" if tag == "textarea" else of.get("type", "")
        _action, fields, texts = self.found[-1]
        if kind not in ("checkbox", "radio") or "checked" in of:
            fields[name] = of.get("value", "")
        if kind in TYPED:
            texts.append(name)

    def handle_endtag(self, tag: str) -> None:
        self._is_in = self._is_in and tag != "form"


async def test_what_a_form_put_into_a_page_is_text_on_every_page(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    wrong: set[str] = set()
    taken: set[str] = set()
    for is_first in (True, False):  # what is made at first has pages with forms of its own
        for _page, path in pages_of("GET"):
            answer = await admin.get(path)
            for action, fields, texts in Forms(answer.text).found if answer.status_code == 200 else ():
                target, _names = pages.find("POST", action)
                if target is None or not texts or target.name.startswith(ENDING):
                    continue
                for values in _fillings(target.name, fields, texts, is_first):
                    answer = await admin.post(action, **values)
                    taken |= {target.name} if answer.status_code in (200, 303) else set()
                    wrong |= {target.name} if _acts(answer.text) else set()
    for page, path in pages_of("GET"):
        wrong |= {page.name} if _acts((await admin.get(path)).text) else set()
    assert wrong == set()
    assert TAKEN - taken == set()


def _fillings(
    name_of_page: str, fields: Mapping[str, str], texts: list[str], is_first: bool
) -> Iterator[dict[str, str]]:
    """All fields hostile, which most forms refuse; then only those that take any text."""
    rest = {name: value for name, value in fields.items() if name != "csrf_token"}
    if is_first:
        yield rest | dict.fromkeys(texts, HOSTILE)
    good = {**GOOD, **OF_ITS_OWN.get(name_of_page, {})}
    yield rest | {name: good.get(name, HOSTILE) for name in (*texts, *(one for one in fields if one in good))}


def _acts(page: str) -> bool:
    return "<script>alert" in page or "<img src=x" in page
