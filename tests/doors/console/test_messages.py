"""Catalogs: everything the console says is there in every language, once, with the same placeholders."""

import pickle
import re
from collections import Counter

import pytest

from entrepot.doors.console.language import LANGUAGES, choose
from entrepot.doors.console.problems import sentence_of
from entrepot.values.errors import ParameterInvalid, UserUnknown, worded
from tests.make.messages import said_messages, translations, unworded_errors

TRANSLATED = sorted(set(LANGUAGES) - {"en"})
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|(?<!\{)\{(\w+)\}")


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
        given = placeholders(" ".join(message) if isinstance(message, tuple) else message)
        texts = said if isinstance(said, tuple) else (said,)
        wrong += [message for text in texts if placeholders(text) - given]
    assert wrong == []


def placeholders(text: str) -> set[str]:
    return {percent or brace for percent, brace in PLACEHOLDER.findall(text)}


def test_errors_of_rooms_can_be_said_in_other_languages():
    assert unworded_errors() == [], 'say worded("… {name} …", name=name), of values/errors, instead of f"… {name} …"'


def test_a_sentence_of_an_error_is_said_in_another_language_with_what_stands_in_it():
    inner = worded("{text} is not a platform, as in linux/amd64 or linux/arm64/v8", text="'x'")
    error = UserUnknown(worded("There is no user named {name}.", name="ann"))
    chinese, english = choose("zh_CN", ""), choose("en", "")
    assert str(error) == error.message == "There is no user named ann."
    assert pickle.loads(pickle.dumps(error)).message.template == "There is no user named {name}."
    assert "ann" in sentence_of(error, chinese) and "There is" not in sentence_of(error, chinese)
    assert sentence_of(ParameterInvalid("as nobody said it"), chinese) == "请求参数无效 (as nobody said it)"
    assert sentence_of(ParameterInvalid(inner), english).endswith("arm64/v8.")
