"""Maps: places become points, and the way between two of them is the shortest one."""

import re

import pytest

from entrepot.doors.console.maps import HEIGHT, WIDTH, map_of
from entrepot.doors.console.outlines import outlines
from entrepot.values.location import Location


@pytest.mark.parametrize(
    ("text", "x", "y"),
    [
        ("0,0", 360, 168),
        ("84,-180", 0, 0),
        ("50.11,8.68", 377.4, 67.8),
        ("-33.87,151.21", 662.4, 235.7),
        ("90,180", 720, 0),
    ],
)
def test_a_place_is_a_point(text, x, y):
    [dot] = map_of([(Location.parse(text), "center", "here", "in words")]).dots

    assert (dot.x, dot.y, dot.kind, dot.name, dot.said) == (x, y, "center", "here", "in words")


def test_names_that_would_stand_upon_each_other_stand_beneath_each_other():
    at = [Location.parse(one) for one in ("52.52,13.4", "50.11,8.68", "51.51,-0.13", "-33.87,151.21")]

    names = {dot.name: (dot.name_y, dot.y) for dot in map_of([(one, "good", str(one), "") for one in at]).dots}

    assert names == {
        "52.52,13.4": (67.0, 63.0),
        "51.51,-0.13": (80.0, 65.0),
        "50.11,8.68": (93.0, 67.8),
        "-33.87,151.21": (239.7, 235.7),
    }


def points(path: str) -> list[list[tuple[float, float]]]:
    """The pieces of a path."""
    pieces = [one for one in path.split("M") if one]
    return [[tuple(map(float, point.split())) for point in re.split("L", piece)] for piece in pieces]  # type: ignore[misc]


def test_a_way_bends_to_the_pole():
    [piece] = points(map_of([], (Location.parse("50,-120"), Location.parse("50,60"))).way)

    assert piece[0] == (120, 68)
    assert piece[-1] == (480, 68)
    assert min(y for _, y in piece) == 0  # over the pole, which lies above the picture


def test_a_way_over_the_edge_is_drawn_in_two_pieces():
    first, second = points(map_of([], (Location.parse("35.68,139.69"), Location.parse("37.77,-122.42"))).way)

    assert first[0][0] == pytest.approx(639.4, abs=0.1)
    assert first[-1][0] > WIDTH * 0.95
    assert second[0][0] < WIDTH * 0.05
    assert second[-1][0] == pytest.approx(115.2, abs=0.1)


@pytest.mark.parametrize("other", ["52.52,13.4", "-52.52,-166.6"])
def test_a_way_to_the_same_place_or_across_the_globe_is_a_line(other):
    way = map_of([], (Location.parse("52.52,13.4"), Location.parse(other))).way

    assert "nan" not in way
    assert way.startswith("M386.8 63L")


def test_land_lies_within_the_globe():
    assert all(abs(east) <= 180 and abs(north) <= 90 for outline in outlines() for east, north in outline)
    assert all(len(outline) >= 3 for outline in outlines())
    drawn = map_of([])
    assert (drawn.width, drawn.height, drawn.land.count("M")) == (WIDTH, HEIGHT, len(outlines()))
    assert drawn.parallels == [288, 228, 168, 108, 48]
