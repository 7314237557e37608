"""What is pulled, counted in memory: a pull must not cost a write. `accounting.py` takes it to the database."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class PullCounts:
    """Pulls of one process since they were last taken. The methods are called for every pull: they only count."""

    manifests: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """By path and reference, as they were asked for."""
    asked: dict[tuple[str, str], str] = field(default_factory=dict)
    """The tag somebody asked about last, by path and digest: many clients then pull by digest."""
    blobs: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """Bytes, by path and digest."""
    last: dict[tuple[str, str], str] = field(default_factory=dict)
    """Whose account pulled last, by path and reference; empty for nobody in particular."""
    served: dict[str, list[int]] = field(default_factory=lambda: defaultdict(_nothing))
    """Blobs that were sent, and their bytes, by path."""

    def answered(self, method: str, path: str, reference: str, digest: str, by: str = "") -> None:
        """A manifest was sent to an account; or, to a HEAD, only what the reference points at."""
        if method == "GET":
            key = path, reference
            self.manifests[key] += 1
            self.last[key] = by
        else:
            self.asked[path, digest] = reference

    def sent(self, path: str, digest: str, size: int) -> None:
        """Bytes of a blob left, or the client was sent elsewhere for them."""
        if size:
            self.blobs[path, digest] += size
            served = self.served[path]
            served[0] += 1
            served[1] += size

    def __len__(self) -> int:
        return len(self.manifests) + len(self.asked) + len(self.blobs)

    def take(self) -> "PullCounts":
        """Everything counted so far; counting goes on from nothing."""
        taken = PullCounts(self.manifests, self.asked, self.blobs, self.last, self.served)
        self.manifests, self.asked, self.blobs, self.last = defaultdict(int), {}, defaultdict(int), {}
        self.served = defaultdict(_nothing)
        return taken

    def add(self, others: "PullCounts") -> None:
        """Count again what could not be kept."""
        for key, count in others.manifests.items():
            self.manifests[key] += count
        for key, size in others.blobs.items():
            self.blobs[key] += size
        for path, (number, size) in others.served.items():
            served = self.served[path]
            served[0] += number
            served[1] += size
        self.asked = others.asked | self.asked
        self.last = others.last | self.last


def _nothing() -> list[int]:
    return [0, 0]
