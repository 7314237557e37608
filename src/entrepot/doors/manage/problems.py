"""Every error's status and code on the management API, once (contract §12).

A room says what happened; here that becomes a status and a code of the contract. Where the contract
has no code (it knows no users), ours begin with ENTREPOT.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from entrepot.plumbing.logging import request_id
from entrepot.values import errors
from entrepot.values.errors import EntrepotError


@dataclass(frozen=True, slots=True)
class Problem:
    status: int
    code: str


def _swr(status: int, code: int) -> Problem:
    return Problem(status, f"SVCSTG.SWR.{code}")


# By the kind of error, or by its detail `kind`, which says more exactly what is wrong.
Problems = Mapping[type[EntrepotError] | str, Problem]

UNKNOWN_PATH: Final = _swr(404, 4040083)
_INTERNAL: Final = _swr(500, 5000046)

_TABLE: Final[Problems] = {
    errors.NameInvalid: _swr(400, 4001008),
    errors.TagInvalid: _swr(400, 4009021),
    errors.ParameterInvalid: _swr(400, 4000014),
    errors.PasswordInvalid: Problem(400, "ENTREPOT.4000001"),
    errors.BodyIncomplete: _swr(400, 4001018),
    errors.SizeInvalid: _swr(400, 4001018),
    errors.BodyTooLarge: _swr(413, 4131001),
    errors.Unauthenticated: Problem(401, "APIGW.0301"),
    errors.AccessDenied: _swr(403, 4039002),
    errors.Unsupported: _swr(405, 4040083),
    errors.TooMany: _swr(403, 4031032),  # not 429, which the official client swallows
    errors.TooManyLogins: _swr(403, 4031032),  # also where the call says something else of what there are too many of
    errors.QuotaExceeded: _swr(403, 4039002),
    errors.ReadOnly: Problem(403, "ENTREPOT.4030050"),
    errors.OrganizationUnknown: _swr(404, 4040058),
    errors.OrganizationExists: _swr(409, 4090060),
    errors.OrganizationNotEmpty: _swr(406, 4060074),
    errors.RepositoryUnknown: _swr(404, 4040113),
    errors.RepositoryExists: _swr(409, 4090006),
    errors.ManifestUnknown: _swr(404, 4040115),
    errors.FileUnknown: Problem(404, "ENTREPOT.4040032"),
    errors.GrantUnknown: _swr(404, 4040091),
    errors.GrantExists: _swr(409, 4090089),
    errors.UploadUnknown: Problem(404, "ENTREPOT.4040033"),
    errors.UploadOutOfOrder: Problem(416, "ENTREPOT.4160030"),
    errors.UserUnknown: Problem(404, "ENTREPOT.4040001"),
    errors.UserExists: Problem(409, "ENTREPOT.4090001"),
    errors.DomainUnknown: Problem(404, "ENTREPOT.4040002"),
    errors.DomainExists: Problem(409, "ENTREPOT.4090002"),
    errors.DomainNotEmpty: Problem(406, "ENTREPOT.4060001"),
    errors.GroupUnknown: Problem(404, "ENTREPOT.4040003"),
    errors.GroupExists: Problem(409, "ENTREPOT.4090003"),
    errors.RobotUnknown: Problem(404, "ENTREPOT.4040004"),
    errors.RobotExists: Problem(409, "ENTREPOT.4090004"),
    errors.TokenUnknown: Problem(404, "ENTREPOT.4040005"),
    errors.TokenExists: Problem(409, "ENTREPOT.4090005"),
    errors.ShareUnknown: _swr(400, 4001090),
    errors.ShareExists: _swr(409, 4090089),
    errors.TagExists: Problem(409, "ENTREPOT.4090041"),
    errors.TagImmutable: Problem(409, "ENTREPOT.4090040"),
    errors.IdentityProviderUnknown: Problem(404, "ENTREPOT.4040020"),
    errors.IdentityProviderExists: Problem(409, "ENTREPOT.4090020"),
    errors.IdentityUnknown: Problem(404, "ENTREPOT.4040021"),
    errors.IdentityExists: Problem(409, "ENTREPOT.4090021"),
    errors.InstanceUnknown: Problem(404, "ENTREPOT.4040030"),
    errors.MirrorNotPushed: Problem(405, "ENTREPOT.4050001"),
    errors.MirrorUnknown: Problem(404, "ENTREPOT.4040026"),
    errors.VirtualNotPushed: Problem(405, "ENTREPOT.4050002"),
    errors.VirtualUnknown: Problem(404, "ENTREPOT.4040028"),
    errors.VirtualRefused: Problem(403, "ENTREPOT.4030028"),
    errors.RunUnknown: Problem(404, "ENTREPOT.4040031"),
    errors.FederationUnknown: Problem(404, "ENTREPOT.4040022"),
    errors.FederationExists: Problem(409, "ENTREPOT.4090022"),
    errors.KeyUnknown: Problem(404, "ENTREPOT.4040006"),
    errors.SessionUnknown: Problem(404, "ENTREPOT.4040007"),
    errors.AgencyExists: Problem(409, "ENTREPOT.4090006"),
    errors.RuleUnknown: UNKNOWN_PATH,
    errors.RuleExists: _swr(400, 4000014),
    errors.StorageFull: Problem(507, "SVCSTG.SWR.5000046"),
    # The families, for members that have no line of their own.
    errors.Refused: _swr(400, 4000014),
    errors.Elsewhere: Problem(503, "SVCSTG.SWR.5000046"),
    errors.Broken: _INTERNAL,
    # Kinds of names, parameters and bodies.
    "quota-organizations": _swr(400, 4000097),
    "quota-repositories": _swr(400, 4000098),
    "quota-tags": _swr(400, 4000099),
    "project": _swr(403, 4039001),
    "organization": _swr(400, 4001028),
    "repository": _swr(400, 4001029),
    "user": _swr(400, 4001067),
    "trigger": _swr(400, 4000014),
    "webhook": _swr(400, 4000014),
    "webhook-unknown": Problem(404, "ENTREPOT.4040023"),
    "webhook-exists": Problem(409, "ENTREPOT.4090023"),
    "delivery-unknown": Problem(404, "ENTREPOT.4040024"),
    "region": _swr(400, 4000014),
    "sync-rule-unknown": _swr(400, 4001158),
    "region-unknown": Problem(404, "ENTREPOT.4040025"),
    "wide-rule-unknown": Problem(404, "ENTREPOT.4040050"),
    "wide-rule-exists": Problem(409, "ENTREPOT.4090050"),
    "rule": _swr(400, 4000014),
    "copy-unknown": Problem(404, "ENTREPOT.4040027"),
    "pin-unknown": Problem(404, "ENTREPOT.4040044"),
    "warmup-unknown": Problem(404, "ENTREPOT.4040060"),
    "warm-rule-unknown": Problem(404, "ENTREPOT.4040061"),
    "warm-rule-exists": Problem(409, "ENTREPOT.4090061"),
    "edge-token-unknown": Problem(404, "ENTREPOT.4040029"),
    "edge-exists": Problem(409, "ENTREPOT.4090027"),
    "immutability-unknown": Problem(404, "ENTREPOT.4040040"),
    "region-exists": Problem(409, "ENTREPOT.4090025"),
    "edge-unknown": Problem(404, "ENTREPOT.4040034"),
    "cidr-exists": Problem(409, "ENTREPOT.4090026"),
    "body": _swr(400, 4001018),
    "missing": _swr(400, 4001014),
    "query": _swr(400, 4001024),
    "page": _swr(400, 4000056),
    "marker": _swr(400, 4000056),
    "filter": _swr(400, 4001035),
    "order": _swr(400, 4001096),
    "is_public": _swr(400, 4001009),
    "description": _swr(413, 4131012),
}
BY_KIND: Final[Problems] = {key: problem for key, problem in _TABLE.items() if isinstance(key, str)}

# What means something else where the call is about permissions.
ON_ORGANIZATION_ACCESS: Final[Problems] = {
    errors.GrantUnknown: _swr(404, 4040078),
    errors.GrantExists: _swr(409, 4090076),
    errors.UserUnknown: _swr(400, 4001067),
    "level": _swr(400, 4001065),
}
ON_REPOSITORY_ACCESS: Final[Problems] = {
    errors.UserUnknown: _swr(400, 4001067),
    "level": _swr(400, 4001066),
}

ON_SHARES: Final[Problems] = {
    errors.DomainUnknown: _swr(400, 4000014),
    errors.TooMany: _swr(400, 4000014),
}
# The contract's clients look for this one when they delete what somebody else deleted already.
ON_RETENTION_DELETION: Final[Problems] = {"retention-unknown": _swr(400, 4000306)}
# A call that names a region says something that cannot be; nothing at its own path is missing.
ON_SYNCHRONISATION: Final[Problems] = {"region-unknown": _swr(400, 4000014)}


def problem_of(error: EntrepotError, special: Problems | None = None) -> Problem:
    """The status and code of an error: by the call's own table or the common one, the most exact line first."""
    keys: list[type[EntrepotError] | str] = [one for one in type(error).__mro__ if issubclass(one, EntrepotError)]
    said = error.detail.get("kind")
    if isinstance(error, errors.Refused) and isinstance(said, str):
        keys.insert(0, said)
    for key in keys:
        for table in (special or {}, _TABLE):
            if key in table:
                return table[key]
    return _INTERNAL


def error_body(code: str, message: str) -> dict[str, object]:
    """An error in the form every client of the service can read: the list, the gateway's fields, the request's id."""
    return {
        "errors": [{"errorCode": code, "errorMessage": message, "detail": ""}],
        "error_code": code,
        "error_msg": message,
        "request_id": request_id.get(),
    }
