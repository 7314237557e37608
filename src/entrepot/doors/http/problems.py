"""Every error's status and code, once. Rooms never see a status.

The codes are those of the OCI distribution specification ("error codes"); the management door has
its own column when it needs one.
"""

from dataclasses import dataclass
from typing import Final

from entrepot.values import errors


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    code: str


_TABLE: Final[dict[type[errors.EntrepotError], Problem]] = {
    errors.NameInvalid: Problem(400, "NAME_INVALID"),
    errors.TagInvalid: Problem(400, "TAG_INVALID"),
    errors.DigestInvalid: Problem(400, "DIGEST_INVALID"),
    errors.DigestMismatch: Problem(400, "DIGEST_INVALID"),
    errors.SizeInvalid: Problem(400, "SIZE_INVALID"),
    errors.ManifestInvalid: Problem(400, "MANIFEST_INVALID"),
    errors.ManifestTooLarge: Problem(413, "SIZE_INVALID"),
    errors.ManifestUnknown: Problem(404, "MANIFEST_UNKNOWN"),
    errors.ManifestBlobUnknown: Problem(404, "MANIFEST_BLOB_UNKNOWN"),
    errors.MediaTypeUnsupported: Problem(415, "MANIFEST_INVALID"),
    errors.FileUnknown: Problem(404, "UNSUPPORTED"),
    errors.BlobUnknown: Problem(404, "BLOB_UNKNOWN"),
    errors.UploadUnknown: Problem(404, "BLOB_UPLOAD_UNKNOWN"),
    errors.UploadInvalid: Problem(400, "BLOB_UPLOAD_INVALID"),
    errors.UploadOutOfOrder: Problem(416, "BLOB_UPLOAD_INVALID"),
    errors.BodyIncomplete: Problem(400, "BLOB_UPLOAD_INVALID"),
    errors.RangeUnsatisfiable: Problem(416, "UNSUPPORTED"),
    errors.RepositoryUnknown: Problem(404, "NAME_UNKNOWN"),
    errors.RepositoryExists: Problem(409, "DENIED"),
    errors.OrganizationUnknown: Problem(404, "NAME_UNKNOWN"),
    errors.OrganizationExists: Problem(409, "DENIED"),
    errors.OrganizationNotEmpty: Problem(406, "DENIED"),
    errors.UserUnknown: Problem(404, "UNSUPPORTED"),
    errors.UserExists: Problem(409, "DENIED"),
    errors.DomainUnknown: Problem(404, "UNSUPPORTED"),
    errors.DomainExists: Problem(409, "DENIED"),
    errors.DomainNotEmpty: Problem(409, "DENIED"),
    errors.GroupUnknown: Problem(404, "UNSUPPORTED"),
    errors.GroupExists: Problem(409, "DENIED"),
    errors.RobotUnknown: Problem(404, "UNSUPPORTED"),
    errors.RobotExists: Problem(409, "DENIED"),
    errors.TokenUnknown: Problem(404, "UNSUPPORTED"),
    errors.TokenExists: Problem(409, "DENIED"),
    errors.RunUnknown: Problem(404, "UNSUPPORTED"),
    errors.GrantUnknown: Problem(404, "UNSUPPORTED"),
    errors.GrantExists: Problem(409, "DENIED"),
    errors.ShareUnknown: Problem(404, "UNSUPPORTED"),
    errors.ShareExists: Problem(409, "DENIED"),
    errors.TagExists: Problem(409, "DENIED"),
    errors.TagImmutable: Problem(409, "DENIED"),
    errors.IdentityProviderUnknown: Problem(404, "UNSUPPORTED"),
    errors.IdentityProviderExists: Problem(409, "DENIED"),
    errors.IdentityUnknown: Problem(404, "UNSUPPORTED"),
    errors.IdentityExists: Problem(409, "DENIED"),
    errors.InstanceUnknown: Problem(404, "UNSUPPORTED"),
    errors.MirrorNotPushed: Problem(405, "UNSUPPORTED"),
    errors.MirrorUnknown: Problem(404, "UNSUPPORTED"),
    errors.VirtualNotPushed: Problem(405, "UNSUPPORTED"),
    errors.VirtualUnknown: Problem(404, "UNSUPPORTED"),
    errors.VirtualRefused: Problem(403, "DENIED"),
    errors.FederationUnknown: Problem(404, "UNSUPPORTED"),
    errors.FederationExists: Problem(409, "DENIED"),
    errors.KeyUnknown: Problem(404, "UNSUPPORTED"),
    errors.SessionUnknown: Problem(404, "UNSUPPORTED"),
    errors.AgencyExists: Problem(409, "DENIED"),
    errors.RuleUnknown: Problem(404, "UNSUPPORTED"),
    errors.PasswordInvalid: Problem(400, "UNSUPPORTED"),
    errors.ParameterInvalid: Problem(400, "UNSUPPORTED"),
    errors.Unauthenticated: Problem(401, "UNAUTHORIZED"),
    errors.AccessDenied: Problem(403, "DENIED"),
    errors.Unsupported: Problem(405, "UNSUPPORTED"),
    errors.BodyTooLarge: Problem(413, "SIZE_INVALID"),
    errors.TooMany: Problem(429, "TOOMANYREQUESTS"),
    errors.QuotaExceeded: Problem(403, "DENIED"),
    errors.ReadOnly: Problem(403, "DENIED"),
    errors.StorageFull: Problem(507, "UNKNOWN"),
    # The families, for members that have no line of their own.
    errors.Refused: Problem(400, "UNSUPPORTED"),
    errors.Elsewhere: Problem(503, "UNKNOWN"),
    errors.Broken: Problem(500, "UNKNOWN"),
}


def problem_of(error: errors.EntrepotError) -> Problem:
    """The status and code of an error, by its own line or its family's."""
    for kind in type(error).__mro__:
        if kind in _TABLE:
            return _TABLE[kind]
    return Problem(500, "UNKNOWN")


def oci_body(error: errors.EntrepotError) -> dict[str, object]:
    """The error in the form of the distribution specification; a broken registry shows little of itself."""
    detail: object = None if isinstance(error, errors.Broken) else (error.detail or None)
    return {"errors": [{"code": problem_of(error).code, "message": error.message, "detail": detail}]}
