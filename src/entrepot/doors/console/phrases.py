"""What people read instead of the types of events: a short phrase for each, in their language.

Programs, filters and exports go on reading the types. `tests/doors/console/test_phrases.py` fails for an event without
a phrase; `tests/make/messages.py` hands the phrases to the translators.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from entrepot.doors.console.language import Language

PHRASES: Final[Mapping[str, str]] = {
    "manifest.pushed": "Image pushed",
    "manifest.pulled": "Image pulled",
    "manifest.deleted": "Version deleted",
    "tag.moved": "Tag moved",
    "tag.deleted": "Tag deleted",
    "repository.created": "Image created",
    "repository.changed": "Image changed",
    "repository.renamed": "Image renamed",
    "repository.deleted": "Image deleted",
    "organization.created": "Organization created",
    "organization.changed": "Organization changed",
    "organization.closed": "Organization made read-only",
    "organization.opened": "Organization opened again",
    "organization.transferred": "Organization transferred",
    "organization.deleted": "Organization deleted",
    "grant.set": "Permission given",
    "grant.removed": "Permission taken away",
    "share.set": "Image shared",
    "share.removed": "Sharing ended",
    "access.refused": "Access refused",
    "login.succeeded": "Sign-in succeeded",
    "login.refused": "Sign-in refused",
    "login.blocked": "Sign-in blocked for a time",
    "login.unblocked": "Sign-in allowed again",
    "login.created": "Docker login created",
    "session.begun": "Signed in with a browser",
    "session.ended": "Browser signed out",
    "user.created": "User created",
    "user.changed": "User's password or state changed",
    "user.updated": "User changed",
    "user.deleted": "User deleted",
    "group.created": "Group created",
    "group.changed": "Group changed",
    "group.deleted": "Group deleted",
    "group.member-added": "Member added to group",
    "group.member-removed": "Member removed from group",
    "robot.created": "Robot created",
    "robot.changed": "Robot changed",
    "robot.rotated": "Robot's secret renewed",
    "robot.enabled": "Robot enabled",
    "robot.disabled": "Robot disabled",
    "robot.deleted": "Robot deleted",
    "federation.created": "Federation created",
    "federation.changed": "Federation changed",
    "federation.deleted": "Federation deleted",
    "token.created": "Personal token created",
    "token.deleted": "Personal token deleted",
    "key.created": "Access key created",
    "key.changed": "Access key changed",
    "key.deleted": "Access key deleted",
    "identity-provider.created": "Identity provider created",
    "identity-provider.changed": "Identity provider changed",
    "identity-provider.deleted": "Identity provider deleted",
    "identity.linked": "Identity linked to account",
    "identity.unlinked": "Identity separated from account",
    "domain.created": "Domain created",
    "domain.deleted": "Domain deleted",
    "agency.created": "Agency created",
    "quota.set": "Quota set",
    "quota.warning": "Quota nearly used up",
    "quota.exceeded": "Quota exceeded",
    "immutability.created": "Immutability rule created",
    "immutability.changed": "Immutability rule changed",
    "immutability.deleted": "Immutability rule deleted",
    "retention.created": "Image's retention rules created",
    "retention.changed": "Image's retention rules changed",
    "retention.deleted": "Image's retention rules deleted",
    "retention.policy_created": "Organization's retention policy created",
    "retention.policy_changed": "Organization's retention policy changed",
    "retention.policy_deleted": "Organization's retention policy deleted",
    "retention.asked": "Retention asked for",
    "retention.ran": "Retention carried out",
    "retention.undone": "Retention undone",
    "trigger.created": "Trigger created",
    "trigger.changed": "Trigger changed",
    "trigger.deleted": "Trigger deleted",
    "webhook.created": "Webhook created",
    "webhook.changed": "Webhook changed",
    "webhook.deleted": "Webhook deleted",
    "webhook.paused": "Webhook paused",
    "webhook.sent-by-hand": "Webhook sent by hand",
    "archive.handed-in": "Archive uploaded",
    "archive.imported": "Archive imported",
    "archive.refused": "Archive refused",
    "archive.cancelled": "Archive called off",
    "region.created": "Region added",
    "region.changed": "Region changed",
    "region.deleted": "Region removed",
    "edge-token.created": "Token for edges created",
    "edge-token.deleted": "Token for edges deleted",
    "edge.joined": "Edge joined a region",
    "edge.drained": "Edge drained",
    "edge.resumed": "Edge serves again",
    "edge.deleted": "Edge deleted",
    "sync-rule.created": "Rule of synchronisation created",
    "sync-rule.deleted": "Rule of synchronisation deleted",
    "wide-sync-rule.created": "Rule for several regions created",
    "wide-sync-rule.changed": "Rule for several regions changed",
    "wide-sync-rule.deleted": "Rule for several regions deleted",
    "wide-sync-rule.asked": "Rule for several regions run by hand",
    "sync.requested": "Synchronisation asked for",
    "mirror.created": "Mirror created",
    "mirror.changed": "Mirror changed",
    "mirror.pinned": "Images of a mirror pinned",
    "mirror.unpinned": "Images of a mirror unpinned",
    "mirror.trimmed": "Mirror trimmed",
    "mirror.deleted": "Mirror given up",
    "virtual.created": "Virtual organization created",
    "virtual.changed": "Virtual organization changed",
    "virtual.deleted": "Virtual organization ended",
    "virtual.refused": "Image refused by a rule",
    "sync.copied": "Copied to a region",
    "sync.pulled": "Copied from a region",
    "sync.deleted": "Copy of a deleted tag deleted",
    "sync.failed": "Not copied",
    "sync.retried": "Copy tried again",
    "sync.cancelled": "Copy called off",
    "blob.pushed": "Blob pushed",
    "blob.deleted": "Blob deleted",
    "blob.lost": "Blob found missing or damaged",
    "blob.mended": "Blob in order again",
    "verify.requested": "Verification asked for",
    "verify.cancelled": "Verification called off",
    "verify.ended": "Verification ended",
    "gc.requested": "Garbage collection asked for",
    "gc.ended": "Garbage collection ended",
    "job.started": "Job started by hand",
    "job.retried": "Job tried again",
    "job.cancelled": "Job called off",
    "installation.closed": "Installation closed to changes",
    "installation.opened": "Installation opened again",
    "installation.backed_up": "Backup made",
    "audit.dropped": "Events only counted",
}
"""By type; what people look for first comes first, and types of one family stand together."""

FAMILIES: Final[Mapping[str, str]] = {
    "manifest": "Pushes and pulls",
    "tag": "Tags",
    "repository": "Images",
    "organization": "Organizations",
    "grant": "Permissions",
    "share": "Sharing",
    "login": "Sign-ins",
    "session": "Sessions",
    "user": "Users",
    "group": "Groups",
    "robot": "Robots",
    "federation": "Keyless robots",
    "token": "Tokens",
    "key": "Access keys",
    "identity-provider": "Identity providers",
    "identity": "Identities",
    "domain": "Domains",
    "quota": "Quotas",
    "immutability": "Immutability",
    "retention": "Retention",
    "trigger": "Triggers",
    "webhook": "Webhooks",
    "archive": "Uploads",
    "region": "Regions",
    "edge-token": "Tokens for edges",
    "edge": "Edges",
    "sync-rule": "Rules of synchronisation",
    "wide-sync-rule": "Rules for several regions",
    "mirror": "Mirrors",
    "virtual": "Virtual organizations",
    "sync": "Synchronisation",
    "blob": "Blobs",
    "verify": "Verification",
    "gc": "Garbage collection",
    "job": "Jobs",
    "installation": "Installation",
}
"""What families of several types are about, by what their types begin with."""


def phrase_of(event_type: str, language: Language) -> str:
    """What happened, in the language; the type itself where it has no phrase, as of an older version."""
    phrase = PHRASES.get(event_type)
    return event_type if phrase is None else language.say(phrase)


def offered(language: Language) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """What a list of events can be narrowed to: headings, each with its filters and what they say.

    The first filter of a family is all of it (`tag.*`). Types that are alone in their family stand under the last
    heading.
    """
    families = {
        heading: [(f"{family}.*", language.say("everything")), *_of(family, language)]
        for family, heading in FAMILIES.items()
    }
    alone = [(one, phrase_of(one, language)) for one in PHRASES if one.partition(".")[0] not in FAMILIES]
    return [
        *((language.say(heading), filters) for heading, filters in families.items()),
        (language.say("Other"), alone),
    ]


def _of(family: str, language: Language) -> Sequence[tuple[str, str]]:
    return [(one, phrase_of(one, language)) for one in PHRASES if one.partition(".")[0] == family]
