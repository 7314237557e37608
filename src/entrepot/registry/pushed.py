"""What is pushed, counted in memory like what is pulled: `accounting.py` takes both to the database."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class PushCounts:
    """Pushes of one process since they were last taken."""

    tagged: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Manifests pushed by a tag, by path."""
    received: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Bytes of blobs that came, by path. What was mounted did not come."""

    def __len__(self) -> int:
        return len(self.tagged) + len(self.received)

    def take(self) -> "PushCounts":
        """Everything counted so far; counting goes on from nothing."""
        taken = PushCounts(self.tagged, self.received)
        self.tagged, self.received = defaultdict(int), defaultdict(int)
        return taken

    def add(self, others: "PushCounts") -> None:
        """Count again what could not be kept."""
        for path, count in others.tagged.items():
            self.tagged[path] += count
        for path, size in others.received.items():
            self.received[path] += size
