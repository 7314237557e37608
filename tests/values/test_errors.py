import copy
import inspect
import json
import pickle

import pytest

from entrepot.values import errors
from entrepot.values.errors import (
    Broken,
    Elsewhere,
    EntrepotError,
    NameInvalid,
    RangeUnsatisfiable,
    Refused,
    StorageUnreachable,
    UploadOutOfOrder,
    as_said,
    quoted,
    worded,
)

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, EntrepotError)]
LEAVES = [kind for kind in ALL if kind not in (EntrepotError, Refused, Elsewhere, Broken)]
REQUIRED: dict[type[EntrepotError], dict[str, int]] = {UploadOutOfOrder: {"offset": 7}, RangeUnsatisfiable: {"size": 7}}


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_belongs_to_exactly_one_family(kind):
    assert sum(issubclass(kind, family) for family in (Refused, Elsewhere, Broken)) == 1


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_stands_once_in_the_family_tree_under_its_family_and_file(kind):
    words = errors.__doc__.split()
    assert words.count(kind.__name__) == 1

    before = words[: words.index(kind.__name__)]
    file = next(word for word in reversed(before) if word.endswith(".py"))
    family = next(word for word in reversed(before) if word in ("Refused", "Elsewhere", "Broken"))
    assert kind.__module__ == f"{errors.__name__}.{file.removesuffix('.py')}"
    assert issubclass(kind, getattr(errors, family))


@pytest.mark.parametrize("kind", LEAVES)
def test_the_default_message_is_the_first_sentence_of_the_docstring(kind):
    error = kind(**REQUIRED.get(kind, {}))
    assert str(error) == error.message
    assert error.message and not error.message.endswith(".") and ". " not in error.message
    assert " ".join(kind.__doc__.split()).startswith(error.message + ".")


@pytest.mark.parametrize("kind", LEAVES)
def test_an_error_survives_a_pickle_and_a_copy(kind):
    error = kind("words", digests=["a"], **REQUIRED.get(kind, {}))
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error)):
        assert type(twin) is kind
        assert (twin.message, twin.detail, str(twin), vars(twin)) == ("words", error.detail, "words", vars(error))


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("the name is taken", "The name is taken."),
        ("It is over!", "It is over!"),
        ("You are not logged in. Run: entrepot login", "You are not logged in. Run: entrepot login"),
        ("'acme' is no name", "'acme' is no name."),
        (worded("{name} is the last administrator", name="ann"), "ann is the last administrator."),
        (worded("the {kind} is taken.", kind="name"), "The name is taken."),
        (as_said("ann may not."), "ann may not."),
        ("acme/web has no tag v1.", "acme/web has no tag v1."),
        ("http://127.0.0.1 is away (no route)", "http://127.0.0.1 is away (no route)"),
        ("", "."),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_it_begins_with_a_name(message: str, sentence: str) -> None:
    assert NameInvalid(message).sentence == sentence


def test_keywords_become_the_detail():
    assert NameInvalid("no", kind="organization").detail == {"kind": "organization"}
    assert NameInvalid().detail == {}


def test_an_upload_out_of_order_says_where_it_stands():
    error = UploadOutOfOrder(offset=5)
    assert (error.offset, error.detail) == (5, {"offset": 5})


def test_an_unsatisfiable_range_says_how_long_the_content_is():
    error = RangeUnsatisfiable(size=0)
    assert (error.size, error.detail) == (0, {"size": 0})


def test_an_error_from_elsewhere_says_when_to_try_again():
    assert StorageUnreachable(retry_after=2.5).retry_after == 2.5
    assert StorageUnreachable().retry_after is None


@pytest.mark.parametrize("text", ["a", "\ud800", "\0\n", "é", "x" * 100_000])
def test_quoted_input_is_short_and_can_be_encoded(text):
    assert len(quoted(text).encode()) < 400
    json.dumps(quoted(text), ensure_ascii=False).encode()
