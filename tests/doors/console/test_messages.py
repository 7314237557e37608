"""Catalogs: everything the console says is there in every language, once, with the same placeholders."""

import re
from collections import Counter

import pytest

from entrepot.doors.console.language import LANGUAGES
from tests.make.messages import said_messages, translations

TRANSLATED = sorted(set(LANGUAGES) - {"en"})
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]")


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_the_console_says_is_translated(language: str):
    known = {message for _file, message, said in translations(language) if (all(said) if said else False)}
    assert [message for message in said_messages() if message not in known] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_translated_twice_or_no_longer_said(language: str):
    counts = Counter(message for _file, message, _said in translations(language))
    assert [message for message, count in counts.items() if count > 1] == []
    assert sorted(map(str, set(counts) - set(said_messages()))) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_use_no_placeholder_that_the_message_has_not(language: str):
    wrong = []
    for _file, message, said in translations(language):
        given = set(PLACEHOLDER.findall(" ".join(message) if isinstance(message, tuple) else message))
        texts = said if isinstance(said, tuple) else (said,)
        wrong += [message for text in texts if set(PLACEHOLDER.findall(text)) - given]
    assert wrong == []
