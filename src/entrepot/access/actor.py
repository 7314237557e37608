"""Who is asking: what a door learns from credentials and a verb decides by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

from entrepot.access.levels import Level

EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class Bound:
    """The highest level on names that fit `pattern`, in which `*` stands for any characters."""

    pattern: str
    level: Level


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or nobody in particular.

    `subjects` are the names under which grants can reach them, `*` always among them. `limits`,
    when the credential is a token, are the docker actions it carries for each repository name: a
    token never allows more than the account behind it, and may allow less. `bounds` do the same for
    credentials made for a purpose: beyond them their bearer has no level. `credential_version` is
    the state of the account (password, enabled, administrator) that the credential was checked
    against; None for nobody. `credential` says which one it was (`password`, `token:ID`), and
    `until` when it ends at the latest (seconds since the epoch). `is_house`: the installation itself at
    work (`house_of`): its level is what its bounds say.
    """

    id: str = ""
    name: str = ""
    domain_id: str = ""
    is_admin: bool = False
    subjects: tuple[str, ...] = (EVERYONE,)
    limits: Mapping[str, frozenset[str]] | None = field(default=None, compare=False)
    credential_version: int | None = None
    is_robot: bool = False
    bounds: tuple[Bound, ...] | None = field(default=None, compare=False)
    credential: str = field(default="", compare=False)
    until: float = field(default=inf, compare=False)
    is_house: bool = False

    @property
    def is_anonymous(self) -> bool:
        return not self.id

    @property
    def subject(self) -> str:
        """The actor's own name in grants and events."""
        if self.is_house:
            return self.id
        return f"user:{self.id}" if self.id else EVERYONE


ANONYMOUS = Actor()


def house_of(work: str, organization_id: int, organization: str, level: Level) -> Actor:
    """The installation itself at some `work` in an organization, with `level` on all that is in it.

    It is called by the organization's id: names are longer than what is kept of who did something.
    """
    bounds = (Bound(organization, level), Bound(f"{organization}/*", level))
    return Actor(f"{work}:{organization_id}", work, bounds=bounds, is_house=True)


def user_subjects(user_id: str, domain_id: str, is_admin: bool) -> tuple[str, ...]:
    """All subjects of a user: everyone, themselves, their domain, its administrators if one of them."""
    own = (EVERYONE, f"user:{user_id}", subject_of_domain(domain_id))
    return (*own, admins_of(domain_id)) if is_admin else own


def robot_subjects(robot_id: str) -> tuple[str, ...]:
    """All subjects of a robot: what its domain was given does not reach it."""
    return (EVERYONE, f"user:{robot_id}")


def admins_of(domain_id: str) -> str:
    return f"admins:{domain_id}"


def subject_of_domain(domain_id: str) -> str:
    """The subject of grants that reach everybody of a domain."""
    return f"domain:{domain_id}"
