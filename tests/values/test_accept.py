import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.values.accept import Accept
from entrepot.values.media_types import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST


@pytest.mark.parametrize(
    ("values", "media_type", "quality"),
    [
        ([], "a/b", 1),
        ([""], "a/b", 1),
        (["garbage"], "a/b", 1),
        (["*/*"], "a/b", 1),
        (["*"], "a/b", 1),
        (["text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"], "a/b", 0.2),
        (["a/b"], "a/b", 1),
        (["A/B"], "a/b", 1),
        (["a/b"], "A/b; charset=utf-8", 1),
        (["a/b"], "a/c", 0),
        (["a/*"], "a/c", 1),
        (["a/*"], "b/c", 0),
        (["a/b;q=0"], "a/b", 0),
        (["*/*, a/b;q=0"], "a/b", 0),
        (["*/*, a/b;q=0"], "a/c", 1),
        (["a/*;q=0.3, a/b;q=0.7, */*;q=0.1"], "a/b", 0.7),
        (["a/*;q=0.3, a/b;q=0.7, */*;q=0.1"], "a/c", 0.3),
        (["a/*;q=0.3, a/b;q=0.7, */*;q=0.1"], "c/c", 0.1),
        (["a/b;q=0.2", "a/c;q=0.4"], "a/c", 0.4),
        (["a/b;q=0.2, a/b;level=1;q=0.9"], "a/b", 0.9),
        (["a/b ; Q=0.5"], "a/b", 0.5),
        (["a/b;q=5"], "a/b", 1),
        (["a/b;q=1."], "a/b", 1),
        (["a/b;q="], "a/b", 1),
        (["a/b;q=."], "a/b", 1),
        (["a/b;q=-1"], "a/b", 1),
        (["a/b;q=nan"], "a/b", 1),
        (["a/b;q=٥"], "a/b", 1),
        (['a/b;x="c/d, e/f;q=0.1";q=0.5'], "a/b", 0.5),
        (['a/b;x="c/d, e/f"'], "e/f", 0),
        (['a/b;x="\\", c/d";q=0.5, g/h'], "c/d", 0),
        (['a/b;x="\\", c/d";q=0.5, g/h'], "g/h", 1),
        (['a/b;x="open'], "a/b", 1),
        (["nonsense, , ;q=1, a/b, /, a/, /b"], "a/b", 1),
        (["nonsense, , ;q=1, a/b, /, a/, /b"], "c/d", 0),
    ],
)
def test_the_most_specific_range_decides(values, media_type, quality):
    accept = Accept.parse(values)
    assert accept.quality(media_type) == quality
    assert accept.allows(media_type) == (quality > 0)


def test_the_lines_of_one_request_are_joined():
    accept = Accept.parse([OCI_MANIFEST, f"{OCI_INDEX}, {DOCKER_MANIFEST};q=0.5"])
    assert [accept.quality(kind) for kind in (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, "text/html")] == [1, 1, 0.5, 0]


ACCEPTISH = st.text(alphabet='ab/*;,=q01. "\\', max_size=40)


@given(st.lists(st.text() | ACCEPTISH, max_size=5), st.text() | st.just("a/b"))
def test_any_accept_is_read(values, media_type):
    accept = Accept.parse(values)
    assert 0 <= accept.quality(media_type) <= 1


RANGES = st.tuples(st.sampled_from(["a/b", "a/c", "a/*", "c/d", "*/*"]), st.integers(0, 1000))


@given(st.lists(RANGES, min_size=1, max_size=8), st.sampled_from(["a/b", "a/c", "a/z", "c/d", "z/z"]))
def test_qualities_agree_with_a_naive_model(ranges, media_type):
    covering = {
        media_type: 3,
        media_type.split("/")[0] + "/*": 2,
        "*/*": 1,
    }
    scored = [(covering[name], weight / 1000) for name, weight in ranges if name in covering]
    accept = Accept.parse([", ".join(f"{name};q={weight / 1000:.3f}" for name, weight in ranges)])
    assert accept.quality(media_type) == (max(scored)[1] if scored else 0)


@pytest.mark.parametrize(
    "value", ['"' * 65_536, '\\"' * 32_768, ("a" * 100 + "/") * 600, "a/b;" * 16_384, "," * 65_536]
)
def test_a_hostile_header_costs_no_time(value):
    started = time.perf_counter()
    Accept.parse([value])
    assert time.perf_counter() - started < 0.5


def test_an_accept_is_a_value():
    assert Accept.parse(["a/b"]) == Accept.parse(["A/B;q=1.0"])
    assert hash(Accept.parse(["a/b"])) == hash(Accept.parse(["a/b"]))
