"""Layers laid over each other, against a naive model of folders; and what two trees have different."""

from hypothesis import given
from hypothesis import strategies as st

from entrepot.archives.listing import Entry, EntryKind
from entrepot.archives.tree import Changed, Node, changes, tree_of_layer, tree_of_layers

_NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
_ENTRIES = st.builds(
    lambda path, kind, size: Entry(path, kind, size if kind is EntryKind.FILE else 0),
    _NAMES,
    st.sampled_from([EntryKind.FILE, EntryKind.FOLDER, EntryKind.LINK, EntryKind.DELETION, EntryKind.EMPTIED]),
    st.integers(0, 9),
)


def paths(node: Node, at: str = "") -> dict[str, int]:
    """Everything below a node that is no folder, with its size."""
    found: dict[str, int] = {}
    for name, child in node.children.items():
        path = f"{at}/{name}" if at else name
        if not child.is_folder and child.entry is not None:
            found[path] = child.entry.size
        found |= paths(child, path)
    return found


def by_model(layers: list[list[Entry]]) -> dict[str, int]:
    """The same with a flat dictionary of files and links."""
    held: dict[str, int] = {}
    for entries in layers:
        for entry in entries:
            if entry.kind in (EntryKind.DELETION, EntryKind.EMPTIED):
                _remove(held, entry.path, entry.kind is EntryKind.DELETION)
        for entry in entries:
            if entry.kind not in (EntryKind.DELETION, EntryKind.EMPTIED):
                _add(held, entry)
    return held


def _remove(held: dict[str, int], path: str, and_itself: bool = True) -> None:
    for one in [one for one in held if one.startswith(f"{path}/") or (and_itself and one == path)]:
        del held[one]


def _add(held: dict[str, int], entry: Entry) -> None:
    parts = entry.path.split("/")
    for depth in range(1, len(parts)):
        held.pop("/".join(parts[:depth]), None)
    if entry.kind is EntryKind.FOLDER:
        held.pop(entry.path, None)
    else:
        _remove(held, entry.path)
        held[entry.path] = entry.size


@given(st.lists(st.lists(_ENTRIES, max_size=6), max_size=4))
def test_layers_over_each_other_are_what_a_container_sees(layers: list[list[Entry]]):
    tree = tree_of_layers(layers)
    assert paths(tree) == by_model(layers)
    assert tree.sum()[0] == sum(paths(tree).values())


@given(st.lists(_ENTRIES, max_size=8), st.lists(_ENTRIES, max_size=8))
def test_nothing_is_different_from_itself_and_what_was_added_is_removed_the_other_way(
    first: list[Entry], second: list[Entry]
):
    one, two = tree_of_layers([first]), tree_of_layers([second])
    there, back = list(changes(one, two)), list(changes(two, one))
    opposite = {Changed.ADDED: Changed.REMOVED, Changed.REMOVED: Changed.ADDED, Changed.CHANGED: Changed.CHANGED}
    assert list(changes(one, one)) == []
    assert [(change.path, opposite[change.how]) for change in there] == [(change.path, change.how) for change in back]


def test_a_mark_concerns_lower_layers_only_wherever_in_its_own_it_stands():
    lower = [Entry("d/old", EntryKind.FILE)]
    upper = [Entry("d/new", EntryKind.FILE), Entry("d", EntryKind.EMPTIED)]
    assert set(paths(tree_of_layers([lower, upper]))) == {"d/new"}


def test_one_layer_by_itself_shows_its_marks():
    tree = tree_of_layer([Entry("d/gone", EntryKind.DELETION), Entry("e", EntryKind.EMPTIED)])
    gone, emptied = tree.find("d/gone"), tree.find("e")
    assert gone is not None and gone.entry is not None and gone.entry.kind is EntryKind.DELETION
    assert emptied is not None and emptied.is_emptied


def test_the_time_of_a_folder_is_no_difference_and_that_of_a_file_is():
    def tree(time: int) -> Node:
        return tree_of_layers([[Entry("d", EntryKind.FOLDER, mtime=time), Entry("d/f", EntryKind.FILE, mtime=time)]])

    assert [change.path for change in changes(tree(1), tree(2))] == ["d/f"]
