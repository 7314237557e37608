"""Where images are kept: organizations, repositories, their grants, shares, quotas and rules."""

from entrepot.values.errors.families import Refused


class RepositoryUnknown(Refused):
    """The repository is not known."""


class RepositoryExists(Refused):
    """A repository of this name exists already."""


class OrganizationUnknown(Refused):
    """The organization is not known."""


class OrganizationExists(Refused):
    """An organization of this name exists already."""


class OrganizationNotEmpty(Refused):
    """The organization still has repositories."""


class GrantUnknown(Refused):
    """The grant is not known."""


class GrantExists(Refused):
    """A grant for this user exists already."""


class ShareUnknown(Refused):
    """The repository is not shared with this domain."""


class ShareExists(Refused):
    """The repository is shared with this domain already."""


class QuotaExceeded(Refused):
    """The quota is used up. Detail `quota` says which one, `used`, `limit` and `wanted` how much.

    `about`: the repository, or organization, for which more was wanted; empty where that is not known.
    """

    about: str = ""


class RuleUnknown(Refused):
    """There is no such trigger, webhook, retention policy, rule of synchronisation, copy or region.

    Detail `kind` says which.
    """


class RuleExists(Refused):
    """There is such a trigger, webhook, retention policy, rule of synchronisation or region already."""


class ReadOnly(Refused):
    """Nothing is changed here for now. Detail `organization` is empty when that is so in the whole installation."""


class MirrorNotPushed(Refused):
    """This organization is a mirror: what is in it comes from another registry; push to an organization of your own."""


class MirrorUnknown(Refused):
    """There is no such mirror, or you may not see it."""


class VirtualNotPushed(Refused):
    """This organization merges others and holds nothing itself: push to one of those."""


class VirtualUnknown(Refused):
    """There is no such virtual organization, or you may not see it."""


class VirtualRefused(Refused):
    """A rule of the virtual organization refuses this image. Detail `rule` says which, `name` of what.

    `about`: the repository that was asked for.
    """

    about: str = ""


class InstanceUnknown(Refused):
    """There is no such instance: there is one, and calls name it by its fixed id."""


class RunUnknown(Refused):
    """There is no such run of a job, or its history is not kept any more."""
