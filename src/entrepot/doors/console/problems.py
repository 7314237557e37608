"""What a person reads when something was refused or failed: a sentence in their language, and at which field."""

from collections.abc import Mapping
from typing import Final

from entrepot.doors.console.language import Language
from entrepot.values import errors
from entrepot.values.errors import EntrepotError, Worded, as_sentence

# Which field of a form an error is about, unless its detail `field` says so.
_FIELDS: Final[Mapping[type[EntrepotError], str]] = {
    errors.NameInvalid: "name",
    errors.TagInvalid: "tag",
    errors.TagExists: "tag",
    errors.PasswordInvalid: "password",
    errors.OrganizationExists: "name",
    errors.RepositoryExists: "name",
    errors.UserExists: "name",
    errors.GroupExists: "name",
    errors.RobotExists: "name",
    errors.TokenExists: "name",
    errors.DomainExists: "name",
    errors.IdentityProviderExists: "name",
    errors.FederationExists: "name",
    errors.UserUnknown: "user",
    errors.GroupUnknown: "group",
    errors.RobotUnknown: "robot",
    errors.DomainUnknown: "domain",
}


def field_of(error: EntrepotError) -> str:
    """The field an error is about; empty when it is about the whole form."""
    said = error.detail.get("field")
    return said if isinstance(said, str) else _FIELDS.get(type(error), "")


def sentence_of(error: EntrepotError, language: Language) -> str:
    """What is wrong, in the language.

    Rooms speak English. The catalog knows their sentences by their templates; of one it does not know, it translates
    what kind of error it is, and the sentence stays beside that.
    """
    if error.detail.get("is_said"):  # by `Visit.wrong`, in the visitor's language
        return error.message
    kind = next(one for one in type(error).__mro__ if one.__module__.startswith(errors.__name__))
    assert issubclass(kind, EntrepotError)
    return _sentence(kind, error.message, language)


def sentence_of_kind(name: str, message: str, language: Language) -> str:
    """The same for an error that was written down: its kind by name, and what it said."""
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, EntrepotError)):
        kind = errors.Broken
    return _sentence(kind, message, language)


def _sentence(kind: type[EntrepotError], message: str, language: Language) -> str:
    if language.is_default:
        return as_sentence(message)
    said = translated(message, language)
    if said is not None:
        return said
    of_kind = language.say(kind.default_message)
    return of_kind if message == kind.default_message else f"{of_kind} ({message})"


def translated(message: str, language: Language) -> str | None:
    """The message in the language, None when no catalog has it. What stands in it may be sentences, too."""
    template = message.template if isinstance(message, Worded) else message
    said = language.say(template)
    if said == template:
        return None
    if not isinstance(message, Worded):
        return said
    return said.format_map({name: translated(one, language) or one for name, one in message.fields.items()})
