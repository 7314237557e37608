"""Suspicion: who comes back was failed, and a node that failed two networks is left alone for a while."""

import pytest

from entrepot.regions.suspicion import DISTRUST_SECONDS_MAX, Suspicion


def fail(suspicion: Suspicion, client: str, at: float, node: str = "n1", blob: str = "b") -> None:
    """The client is sent to the node, and comes back a second later."""
    suspicion.sent(client, blob, node, at - 1)
    assert suspicion.came_back(client, client, blob, at)


@pytest.mark.parametrize(
    ("client", "shown", "blob", "after", "is_back"),
    [
        ("a", "token", "b", 1, True),
        ("a", "token", "b", 60, True),
        ("a", "token", "b", 61, False),  # it wants it once more
        ("a", "another", "b", 1, False),  # another host behind the same address
        ("a", "token", "other", 1, False),
        ("b", "token", "b", 1, False),
    ],
)
def test_who_asks_again_within_a_minute_was_failed(client, shown, blob, after, is_back):
    suspicion = Suspicion()
    suspicion.sent("a", "b", "n1", 100, "token")

    assert suspicion.came_back(client, client, blob, 100 + after, shown) == is_back


@pytest.mark.parametrize(("times", "is_back"), [([100], False), ([100, 101], False), ([100, 101, 102], True)])
def test_an_address_that_asks_with_new_tokens_again_and_again_is_served_here_once(times, is_back):
    suspicion = Suspicion()
    for at in times:
        suspicion.sent("a", "b", "n1", at, f"token {at}")

    assert suspicion.came_back("a", "a", "b", 103, "new") == is_back
    assert not suspicion.came_back("a", "a", "b", 104, "newer")
    assert not suspicion.distrusted(104)


def test_what_an_address_asked_for_a_minute_ago_does_not_count():
    suspicion = Suspicion()
    for at in (100, 130, 170):
        suspicion.sent("a", "b", "n1", at, f"token {at}")

    assert not suspicion.came_back("a", "a", "b", 171, "new")


def test_coming_back_counts_once():
    suspicion = Suspicion()
    fail(suspicion, "a", 100)

    assert not suspicion.came_back("a", "a", "b", 101)


#  what happens: (client, second); who is distrusted then: (from, to) inclusive
@pytest.mark.parametrize(
    ("failures", "distrusted", "trusted"),
    [
        ([("a", 100)], [], [100, 101, 130]),
        ([("a", 100), ("a", 105), ("a", 110)], [], [110, 111]),  # one network is no two
        ([("a", 100), ("b", 130)], [130, 159], [129, 160, 161]),
        ([("a", 100), ("b", 131)], [], [131, 132]),  # too far apart
        ([("a", 100), ("b", 110), ("c", 120), ("d", 121)], [110, 139], [140, 150]),  # who was on the way counts not
        ([("a", 100), ("b", 101), ("c", 140), ("d", 141)], [141, 200], [140, 201]),  # soon again: twice as long
        ([("a", 100), ("b", 101), ("a", 140), ("b", 141), ("a", 210), ("b", 211)], [211, 330], [331]),
        ([("a", 100), ("b", 101), ("a", 900), ("b", 901)], [901, 930], [931]),  # long after: as at first
    ],
)
def test_two_networks_within_half_a_minute_make_a_node_distrusted_for_a_while(failures, distrusted, trusted):
    for moment in (*distrusted, *trusted):
        suspicion = Suspicion()
        for client, at in failures:
            if at <= moment:
                fail(suspicion, client, at)
        assert (suspicion.distrusted(moment) == {"n1"}) == (moment in distrusted), moment


def test_the_longest_time_is_ten_minutes():
    suspicion, at, lasts = Suspicion(), 100.0, 0
    for _ in range(12):
        fail(suspicion, "a", at)
        fail(suspicion, "b", at)
        lasts = next(more for more in range(1, 2_000) if not suspicion.distrusted(at + more))
        at += lasts + 1

    assert lasts == DISTRUST_SECONDS_MAX


def test_other_nodes_stay_trusted():
    suspicion = Suspicion()
    fail(suspicion, "a", 100, node="n1")
    fail(suspicion, "b", 100, node="n2")
    fail(suspicion, "b", 101, node="n1")

    assert suspicion.distrusted(101) == {"n1"}


def test_what_is_remembered_is_bounded():
    suspicion = Suspicion(sent_max=10)
    for number in range(100):
        suspicion.sent(f"c{number}", "b", "n1", 100)

    found = [number for number in range(100) if suspicion.came_back(f"c{number}", "same", "b", 101)]
    assert found == list(range(90, 100))


def test_what_counts_no_more_is_let_go():
    suspicion = Suspicion()
    fail(suspicion, "a", 100)
    fail(suspicion, "b", 100)
    suspicion.sent("c", "b", "n1", 100)

    suspicion.forget(161)
    assert not suspicion.came_back("c", "c", "b", 161)
    assert suspicion._records
    suspicion.forget(100 + 30 + 601)
    assert not suspicion._records
