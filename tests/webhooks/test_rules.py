"""What a webhook may say, and when it is tried again."""

import time

import pytest

from entrepot.values.errors import ParameterInvalid
from entrepot.webhooks.rules import Filter, Kind, Pattern, Word, is_over, pause_seconds


@pytest.mark.parametrize(
    ("pattern", "name", "is_fitting"),
    [
        ("", "anything/at-all", True),
        ("*", "team/app", True),
        ("team/*", "team/app", True),
        ("team/*", "teams/app", False),
        ("v*.0", "v1.0", True),
        ("v*.0", "v1x0", False),
        ("v1", "v1", True),
        ("v1", "v11", False),
        ("[a]+(b|c)", "a", False),
    ],
)
def test_a_pattern_is_a_name_with_stars(pattern: str, name: str, is_fitting: bool) -> None:
    assert Pattern.parse(pattern, "tags").fits(name) is is_fitting


def test_a_hostile_pattern_costs_no_time() -> None:
    pattern = Pattern.parse("*a" * 127 + "b", "tags")
    began = time.perf_counter()

    assert not pattern.fits("a" * 255)

    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("text", ["x" * 256, "two words", "back\\slash", "line\n"])
def test_what_no_name_can_fit_is_no_pattern(text: str) -> None:
    with pytest.raises(ParameterInvalid, match="tags"):
        Pattern.parse(text, "tags")


def test_a_filter_names_events() -> None:
    with pytest.raises(ParameterInvalid, match="at least one"):
        Filter.parse(Kind.CLOUDEVENTS, [], "", "")
    with pytest.raises(ParameterInvalid, match="image_pushed"):
        Filter.parse(Kind.CLOUDEVENTS, ["PUSH"], "", "")
    assert Filter.parse(Kind.CLOUDEVENTS, ["image_pushed", "image_pushed"], "", "").words == [Word.IMAGE_PUSHED]


def test_an_event_about_no_tag_fits_only_where_all_tags_do() -> None:
    every = Filter.parse(Kind.CLOUDEVENTS, ["image_pushed"], "", "")
    some = Filter.parse(Kind.CLOUDEVENTS, ["image_pushed"], "", "v*")

    assert every.fits(Word.IMAGE_PUSHED, "app", [])
    assert not some.fits(Word.IMAGE_PUSHED, "app", [])
    assert some.fits(Word.IMAGE_PUSHED, "app", ["latest", "v1"])
    assert not some.fits(Word.IMAGE_DELETED, "app", ["v1"])


def test_pauses_grow_to_an_hour_and_are_spread() -> None:
    assert [pause_seconds(attempts, 1) for attempts in (1, 2, 3, 11, 500)] == [5, 10, 20, 3600, 3600]
    assert pause_seconds(1, 0) == 2.5


def test_a_target_that_asks_to_be_left_alone_is_for_an_hour_at_most() -> None:
    assert [pause_seconds(1, 1, asked) for asked in (None, 0, 3, 60, 10**8)] == [5, 5, 5, 60, 3600]


def test_a_webhook_pauses_when_it_failed_for_long_or_its_target_is_gone() -> None:
    assert is_over(0, 100, 410)
    assert is_over(100, 100, 500)
    assert not is_over(99, 100, None)
