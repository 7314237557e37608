import contextlib
import json
import re
import sqlite3
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.errors import NameInvalid, TagInvalid
from entrepot.values.names import OrganizationName, RepositoryName, TagName, UserName

# The expressions as the specifications print them; ours are written differently.
OCI = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
SWR = re.compile(r"[a-z][a-z0-9]*((\.|_|__|-+)[a-z0-9]+)*")

NAMEISH = st.text(alphabet="ab0._-/A", max_size=24)
HOSTILE = [
    "a" * 255,
    "a." * 127,
    "a" + "-" * 254,
    "a-" * 127 + "!",
    "a/" * 127 + "!",
    "a__" * 84 + "_",
    "0" * 254 + "!",
]


@pytest.mark.parametrize(
    "text",
    ["a/b", "team/app", "team/app/web", "0/0", "a.b_c__d-e--f/x", "manage/app", "library/alpine", "a/" + "b" * 253],
)
def test_a_repository_name_is_its_own_text(text):
    name = RepositoryName.parse(text)
    assert name == text and isinstance(name, RepositoryName)
    assert f"{name.organization}/{name.name}" == text
    assert type(name.organization) is OrganizationName
    assert "/" not in name.organization


@pytest.mark.parametrize(
    "text",
    ["", "/", "app", "a/", "/a", "a//b", "A/b", "a/B", "a/b.", "a/.b", "a/b..c", "a/b___c", "a/b._c", "a/b\n", "a/é"]
    + ["a/b:c", "a/b@c", "a/ b", "../etc", "a/../b", "a/\ud800", "a/\0", "a/" + "b" * 254, "a/b" * 1_000_000],
)
def test_what_is_no_repository_name_is_refused(text):
    with pytest.raises(NameInvalid) as caught:
        RepositoryName.parse(text)
    assert caught.value.detail == {"kind": "repository"}
    caught.value.message.encode()


def accepts(parse, text):
    try:
        parse(text)
    except (NameInvalid, TagInvalid):
        return False
    return True


@given(NAMEISH)
def test_repository_names_agree_with_the_printed_grammar(text):
    assert accepts(RepositoryName.parse, text) == (bool(OCI.fullmatch(text)) and "/" in text)


@given(NAMEISH)
def test_organization_names_agree_with_the_printed_grammar(text):
    assert accepts(OrganizationName.parse, text) == bool(SWR.fullmatch(text))


@given(NAMEISH)
def test_an_organization_can_always_hold_a_repository(text):
    if accepts(OrganizationName.parse, text):
        assert RepositoryName.parse(f"{text}/app").organization == text


@given(st.text())
def test_any_text_is_a_name_or_refused(text):
    for parse in (RepositoryName.parse, OrganizationName.parse, TagName.parse, UserName.parse):
        accepts(parse, text)


@pytest.mark.parametrize("text", ["a", "team", "a1", "a.b", "a_b", "a__b", "a---b", "a" * 64, "managed", "libraryx"])
def test_an_organization_name_is_its_own_text(text):
    name = OrganizationName.parse(text)
    assert name == text and isinstance(name, OrganizationName)


@pytest.mark.parametrize(
    "text",
    ["", "1a", "-a", "a-", "a.", "a..b", "a___b", "a.-b", "A", "a/b", "a b", "a\n", "é", "a" * 65, "manage", "library"],
)
def test_what_is_no_organization_name_is_refused(text):
    with pytest.raises(NameInvalid) as caught:
        OrganizationName.parse(text)
    assert caught.value.detail == {"kind": "organization"}


@pytest.mark.parametrize("text", ["manage", "library"])
def test_a_reserved_organization_name_is_called_reserved(text):
    with pytest.raises(NameInvalid, match="reserved"):
        OrganizationName.parse(text)


@pytest.mark.parametrize("text", ["a", "A", "_", "1.2.3", "v1_x-y", "a" * 128, "sha256-" + "a" * 64 + ".sig"])
def test_a_tag_is_its_own_text(text):
    tag = TagName.parse(text)
    assert tag == text and isinstance(tag, TagName)


@pytest.mark.parametrize(
    "text", ["", ".", "-", ".INVALID_MANIFEST_NAME", "a" * 129, "a b", "a:b", "a/b", "a\n", "é", "a+b"]
)
def test_what_is_no_tag_is_refused(text):
    with pytest.raises(TagInvalid):
        TagName.parse(text)


@pytest.mark.parametrize("text", ["admin", "Ann.Lee", "a", "0", "ci-bot_2", "a" * 64])
def test_a_user_name_is_its_own_text(text):
    name = UserName.parse(text)
    assert name == text and isinstance(name, UserName)


@pytest.mark.parametrize("text", ["", ".a", "-a", "_a", "a:b", "a@b", "a b", "a/b", "a\n", "é", "a" * 65])
def test_what_is_no_user_name_is_refused(text):
    with pytest.raises(NameInvalid) as caught:
        UserName.parse(text)
    assert caught.value.detail == {"kind": "user"}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_costs_no_time(text):
    started = time.perf_counter()
    for parse in (RepositoryName.parse, OrganizationName.parse, TagName.parse, UserName.parse):
        accepts(parse, text)
        accepts(parse, text + "/a!")
    assert time.perf_counter() - started < 0.1


def test_every_name_binds_to_sql_and_to_json_as_text():
    names = [RepositoryName.parse("a/b"), OrganizationName.parse("a"), TagName.parse("1"), UserName.parse("u")]
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        row = database.execute("select ?, ?, ?, ?", names).fetchone()
    assert list(row) == names == json.loads(json.dumps(names))


def test_the_alphabet_of_tags_is_ascii_only():
    allowed = {character for character in map(chr, range(0x3000)) if accepts(TagName.parse, f"a{character}")}
    assert allowed == set(string.ascii_letters + string.digits + "._-")
