"""Events in words: every type has a phrase, which stands on pages with the type as its title."""

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module

import pytest

from entrepot.doors.console.language import LANGUAGES, choose
from entrepot.doors.console.phrases import FAMILIES, PHRASES, offered, phrase_of
from entrepot.jobs.events import Event
from tests.doors.console.conftest import As
from tests.make.messages import SOURCE

AUDIT = "/console/admin/audit"
CHINESE = {"Accept-Language": "zh-CN"}


def types_of_events() -> set[str]:
    """Of all events of the house; what tests make up is not among them."""
    for file in SOURCE.rglob("*.py"):
        if "type: ClassVar" in file.read_text():
            import_module(".".join(file.relative_to(SOURCE.parent).with_suffix("").parts))
    return {kind.type for kind in kinds_of(Event) if kind.__module__.startswith("entrepot.") and hasattr(kind, "type")}


def kinds_of(family: type[Event]) -> Iterator[type[Event]]:
    for kind in family.__subclasses__():
        yield kind
        yield from kinds_of(kind)


def test_every_event_has_a_phrase_and_every_phrase_an_event():
    types = types_of_events()
    assert {"manifest.pushed", "login.refused", "audit.dropped"} <= types
    assert sorted(types - set(PHRASES)) == [], "say in doors/console/phrases.py what people read for it"
    assert sorted(set(PHRASES) - types) == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_no_two_events_are_called_the_same(name: str):
    language = choose(name, "")
    counts = Counter(phrase_of(one, language) for one in PHRASES)
    assert [phrase for phrase, count in counts.items() if count > 1] == []


def test_a_list_is_narrowed_to_every_type_once_and_to_whole_families():
    filters = [value for _, of_heading in offered(choose("en", "")) for value, _ in of_heading]
    assert sorted(filters) == sorted([*PHRASES, *(f"{family}.*" for family in FAMILIES)])


async def test_pages_say_what_happened_in_words_and_keep_the_type_as_title(furnished, as_user: As):
    browser = await as_user("admin")
    for path in ("/console/", "/console/organizations/acme/-/activity", AUDIT):
        english = (await browser.get(path)).text
        chinese = (await browser.get(path, headers=CHINESE)).text
        assert '<span class="phrase" title="manifest.pushed">Image pushed</span>' in english, path
        assert '<span class="phrase" title="manifest.pushed">推送镜像</span>' in chinese, path
        assert re.findall(r">\s*(manifest|organization|repository)\.[a-z]+\s*<", english + chinese) == [], path


@pytest.mark.parametrize(
    ("given", "selected"),
    [
        ("tag.moved", "移动标签 · tag.moved"),
        ("tag.*", "全部 · tag.*"),
        ("access.*", "access.*"),
        ("written.once", "written.once"),
    ],
)
async def test_the_filter_of_the_audit_log_has_phrases_and_takes_any_type(furnished, as_user: As, given, selected):
    page = await (await as_user("admin")).get(f"{AUDIT}?type={given}", headers=CHINESE)
    assert f'<option value="{given}" selected>{selected}</option>' in page.text
    assert '<option value="manifest.pushed">推送镜像 · manifest.pushed</option>' in page.text


def test_an_event_of_an_older_version_is_called_by_its_type():
    assert phrase_of("written.once", choose("zh_CN", "")) == "written.once"
