"""Everything that can go wrong, in three families. Rooms raise these; only doors and the worker catch them broadly.

    EntrepotError
    ├── Refused                 the caller can change something; words and detail are public
    │   ├── requests.py         what was sent
    │   │     NameInvalid TagInvalid ParameterInvalid MediaTypeUnsupported RangeUnsatisfiable
    │   │     BodyTooLarge BodyIncomplete Unsupported
    │   │     TooMany ─ TooManyLogins
    │   ├── content.py          images and what they are made of
    │   │     DigestInvalid DigestMismatch SizeInvalid BlobUnknown TagExists TagImmutable
    │   │     ArchiveInvalid ─ ArchiveUnnamed
    │   │     ManifestInvalid ManifestTooLarge ManifestUnknown ManifestBlobUnknown
    │   │     UploadUnknown UploadInvalid UploadOutOfOrder FileUnknown
    │   ├── places.py           where images are kept
    │   │     RepositoryUnknown RepositoryExists QuotaExceeded
    │   │     OrganizationUnknown OrganizationExists OrganizationNotEmpty InstanceUnknown ReadOnly
    │   │     MirrorNotPushed MirrorUnknown VirtualNotPushed VirtualUnknown VirtualRefused
    │   │     GrantUnknown GrantExists ShareUnknown ShareExists RuleUnknown RuleExists
    │   │     RunUnknown
    │   ├── people.py           who somebody is, and what they may do
    │   │     Unauthenticated AccessDenied PasswordInvalid KeyUnknown SessionUnknown
    │   │     UserUnknown UserExists GroupUnknown GroupExists RobotUnknown RobotExists
    │   │     DomainUnknown DomainExists DomainNotEmpty AgencyExists TokenUnknown TokenExists
    │   │     IdentityProviderUnknown IdentityProviderExists IdentityUnknown IdentityExists
    │   │     FederationUnknown FederationExists
    │   └── machines.py         another registry said no
    │         RemoteRefused
    ├── Elsewhere               somebody else's trouble; says when to try again
    │   ├── content.py          BlobLeaving
    │   └── machines.py         StorageUnreachable DatabaseUnreachable DatabaseBusy RemoteUnreachable
    │                         InMaintenance CollectorReplaced
    └── Broken                  ours; logged whole, shown as little
        └── machines.py         StorageFull StorageFailed BlobCorrupt

The first sentence of an error's docstring is its default message. A message of its own in which something differs is
`worded("… {name} …", name=name)`, so that the console can say it in another language. What status or code an error
becomes on the wire is the business of `doors/http/problems.py`. A new error is a class in the file of its question and
a word in this tree; everybody imports it from here.
"""

from entrepot.values.errors.content import *
from entrepot.values.errors.families import *
from entrepot.values.errors.machines import *
from entrepot.values.errors.people import *
from entrepot.values.errors.places import *
from entrepot.values.errors.requests import *
