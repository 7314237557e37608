"""Labels in searches: what is typed is read as it was meant, whatever keys and values hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.label import (
    KEY_CHARS_MAX,
    LabelLimits,
    WantedLabel,
    label_term,
    searchable,
    split_labels,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.mark.parametrize(
    ("text", "wanted", "rest"),
    [
        ("web", [], "web"),
        ("  two  words ", [], "  two  words "),
        ("label:team", [WantedLabel("team")], ""),
        ("label:team=red", [WantedLabel("team", "red")], ""),
        ("label:team=re*", [WantedLabel("team", "re", is_beginning=True)], ""),
        ("label:team=*", [WantedLabel("team")], ""),
        ("label:team=", [WantedLabel("team", "")], ""),
        ('label:team="re*"', [WantedLabel("team", "re*")], ""),
        ('label:"a key"="a \\"b\\" \\\\ c"', [WantedLabel("a key", 'a "b" \\ c')], ""),
        ("web label:a=b=c", [WantedLabel("a", "b=c")], "web"),
        ("label:a web label:b=c", [WantedLabel("a"), WantedLabel("b", "c")], "web"),
        ("label:a label:a", [WantedLabel("a")], ""),
        ("acme/label:1.0", [], "acme/label:1.0"),
        ("label:", [], "label:"),
        ("label:=x", [], "label:=x"),
        ('label:""', [], 'label:""'),
        ('label:"open', [], 'label:"open'),
        ("label:k=深圳", [WantedLabel("k", "深圳")], ""),
    ],
)
def test_a_search_says_which_labels_it_wants(text: str, wanted: list[WantedLabel], rest: str) -> None:
    assert split_labels(text) == (tuple(wanted), rest)


@given(TEXTS.filter(bool), TEXTS)
def test_what_is_written_for_a_label_is_read_as_that_label(key: str, value: str) -> None:
    assert split_labels(f"web {label_term(key, value)}") == ((WantedLabel(key, value),), "web")


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read(text: str) -> None:
    wanted, _rest = split_labels(text)
    assert all(one.key for one in wanted)


def test_of_many_labels_a_search_knows_the_first_that_are_not_too_long() -> None:
    limits = LabelLimits(labels_max=3, value_bytes_max=6)
    labels = [
        ("", "no key"),
        ("k" * (KEY_CHARS_MAX + 1), ""),
        ("nul", "\0"),
        ("n\0l", ""),
        ("long", "深深深"),
        ("a", "1"),
        ("a", "1"),
        ("a", "2"),
        ("fits", "深深"),
        ("beyond", ""),
    ]
    assert searchable(labels, limits) == (("a", "1"), ("a", "2"), ("fits", "深深"))
