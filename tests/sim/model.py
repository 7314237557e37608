"""What a registry should answer, said in sets and dictionaries."""

from dataclasses import dataclass, field

from tests.make.image import Image

LEVELS = {"none": 0, "read": 1, "edit": 3, "manage": 7}


@dataclass
class ModelRepository:
    tags: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Image] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)
    is_public: bool = False

    def users_of_blob(self, digest: str) -> list[str]:
        return [name for name, image in self.manifests.items() if digest in {str(blob.digest) for blob in image.blobs}]

    def indexes_of(self, digest: str) -> list[str]:
        return [name for name, image in self.manifests.items() if digest in image.children]


@dataclass
class Model:
    """`levels`: what each user holds on each repository's name; the organization's is in `organization`."""

    repositories: dict[str, ModelRepository] = field(default_factory=dict)
    organization: dict[str, int] = field(default_factory=dict)
    levels: dict[tuple[str, str], int] = field(default_factory=dict)

    def level(self, user: str, path: str) -> int:
        found = self.repositories.get(path)
        public = 1 if found is not None and found.is_public else 0
        return max(public, self.organization.get(user, 0), self.levels.get((user, path), 0))

    def readable_blobs(self, user: str) -> set[str]:
        """What `user` can mount from anywhere."""
        return set().union(*(one.blobs for path, one in self.repositories.items() if self.level(user, path) >= 1))

    def forget(self, path: str) -> None:
        del self.repositories[path]
        self.levels = {key: level for key, level in self.levels.items() if key[1] != path}
