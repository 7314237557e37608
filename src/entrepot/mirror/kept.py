"""Kept sentences: why a copy did not succeed is written down so that each reader gets it in their language."""

import json
from typing import Any, Final

from entrepot.values.errors import Worded, as_sentence

_FIELD_CHARS_MAX: Final = 2_000
"""Of what stands in a sentence: a region may say a lot."""


def keep(sentence: str) -> str:
    """The sentence as a column holds it: with what it is made of, when it knows that."""
    return json.dumps(_parts(sentence)) if sentence else ""


def kept(text: str) -> str:
    """The sentence of a column, as it was kept: one that was made by `worded` is one again."""
    return _sentence(json.loads(text)) if text else ""


def _parts(sentence: str) -> Any:
    if isinstance(sentence, Worded):
        return {"template": sentence.template, "fields": {key: _parts(one) for key, one in sentence.fields.items()}}
    return sentence if len(sentence) <= _FIELD_CHARS_MAX else f"{sentence[: _FIELD_CHARS_MAX - 1]}…"


def _sentence(parts: Any) -> str:
    if isinstance(parts, str):
        return parts
    return Worded(parts["template"], {key: _sentence(one) for key, one in parts["fields"].items()})


def readable(sentence: str) -> str:
    """For programs and whoever reads English."""
    return "".join(as_sentence(sentence)) if sentence else ""
