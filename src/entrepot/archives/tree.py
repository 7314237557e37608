"""Tree: layers laid over each other, as a container sees them; and what two trees have different."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from entrepot.archives.listing import Entry, EntryKind

_MARKS = (EntryKind.DELETION, EntryKind.EMPTIED)


@dataclass(slots=True)
class Node:
    """A name in the tree. `entry` is None for a folder that no layer names itself. `layer`: the last that changed it.

    `is_emptied` and deletions stand only in the tree of a single layer, where they are what it says.
    """

    entry: Entry | None = None
    layer: int = 0
    children: dict[str, "Node"] = field(default_factory=dict)
    is_emptied: bool = False
    _sum: tuple[int, int] | None = field(default=None, repr=False, compare=False)

    @property
    def is_folder(self) -> bool:
        return self.entry is None or self.entry.kind is EntryKind.FOLDER or bool(self.children)

    def find(self, path: str) -> "Node | None":
        """What is at a path below this node; the empty path is the node itself."""
        node: Node | None = self
        for part in path.split("/") if path else ():
            node = node.children.get(part) if node else None
        return node

    def sum(self) -> tuple[int, int]:
        """Bytes and number of all files below; reckoned once, so that a tree is not to change any more."""
        if self._sum is None:
            is_file = self.entry is not None and self.entry.kind is EntryKind.FILE
            size, count = (self.entry.size, 1) if self.entry is not None and is_file else (0, 0)
            for child in self.children.values():
                more, others = child.sum()
                size, count = size + more, count + others
            self._sum = size, count
        return self._sum

    def place(self, path: str, layer: int) -> "Node":
        """The node at a path, made when it is not there; what stands in the way as a file becomes a folder."""
        node = self
        for part in path.split("/") if path else ():
            if node.entry is not None and node.entry.kind is not EntryKind.FOLDER:
                node.entry, node.layer = None, layer
            node = node.children.setdefault(part, Node(layer=layer))
        return node


def tree_of_layer(entries: Sequence[Entry], layer: int = 0) -> Node:
    """One layer by itself, with its marks."""
    root = Node(layer=layer)
    for entry in entries:
        node = root.place(entry.path, layer)
        if entry.kind is EntryKind.EMPTIED:
            node.is_emptied = True
        else:
            node.entry = entry
    return root


def tree_of_layers(layers: Sequence[Sequence[Entry]]) -> Node:
    """Layers over each other, the lowest first: marks take away what is below them, and are gone themselves."""
    root = Node()
    for number, entries in enumerate(layers):
        # Marks concern lower layers only, wherever among the entries of their own they stand (image-spec, layer.md).
        for entry in entries:
            if entry.kind in _MARKS:
                _take_away(root, entry)
        for entry in entries:
            if entry.kind not in _MARKS:
                node = root.place(entry.path, number)
                node.entry, node.layer = entry, number
                if entry.kind is not EntryKind.FOLDER:
                    node.children.clear()
    return root


def _take_away(root: Node, mark: Entry) -> None:
    if mark.kind is EntryKind.EMPTIED:
        if node := root.find(mark.path):
            node.children.clear()
        return
    folder, _, name = mark.path.rpartition("/")
    if node := root.find(folder):
        node.children.pop(name, None)


class Changed(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """A name that two trees do not have alike. A whole folder that came or went is one change, with what is in it."""

    path: str
    how: Changed
    before: Node | None
    after: Node | None


def changes(before: Node, after: Node, path: str = "") -> Iterator[Change]:
    """What is different, in the order of names: by kind, size, mode, owner, link and, except for folders, time."""
    for name in sorted(before.children.keys() | after.children.keys()):
        here = f"{path}/{name}" if path else name
        old, new = before.children.get(name), after.children.get(name)
        if old is None or new is None:
            yield Change(here, Changed.ADDED if old is None else Changed.REMOVED, old, new)
            continue
        if not _is_alike(old, new):
            yield Change(here, Changed.CHANGED, old, new)
        yield from changes(old, new, here)


def _is_alike(old: Node, new: Node) -> bool:
    if old.is_folder and new.is_folder:
        # A folder that only its content names is like any: builders leave its header out as they please.
        return old.entry is None or new.entry is None or old.entry[3:6] == new.entry[3:6]
    return old.entry == new.entry
