"""What forms of retention hold: fields of a policy of an organization, and of a repository's own, read and shown again.

Each rule has a row of fields that end in its number, as `tags-2`, so that what is wrong is said where it stands. A row
in which nothing is typed is no rule.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from entrepot.doors.console.visit import Visit
from entrepot.upkeep.rules import PARAMETERS, Rule, Selector, SelectorKind, Template, check_policy
from entrepot.upkeep.wide_rules import DAYS_MAX, NEWEST_MAX, RULES_MAX, WidePolicy, WideRule
from entrepot.values.errors import ParameterInvalid, Refused
from entrepot.values.words import one_of

Row = Mapping[str, Any]
Hidden = Sequence[tuple[str, str]]

_NUMBERS: Final = (("newest", NEWEST_MAX), ("pushed_days", DAYS_MAX), ("pulled_days", DAYS_MAX))
_WIDE: Final = ("tags", "exclusions", "newest", "pushed_days", "pulled_days", "signed")
_OWN: Final = ("template", "number", "spared")
_EMPTY: Final[Row] = dict.fromkeys(_OWN, "")
_DIGITS_MAX: Final = 9


def words_of(text: str) -> Sequence[str]:
    """Patterns with spaces or commas between them; what begins with a slash may have commas in it."""
    found: list[str] = []
    for word in text.split():
        found += [word.rstrip(",")] if word.startswith("/") else word.split(",")
    return [one for one in found if one]


def rows_count(visit: Visit, kept: int) -> int:
    """How many rules the form has room for: as many as it had, one more if that was asked for."""
    text = visit.form.text("rows")
    had = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX else kept
    return min(max(had, 1) + (visit.form.text("step") == "row"), RULES_MAX)


def wide_rows(visit: Visit, policy: WidePolicy | None) -> Sequence[tuple[int, Row]]:
    """The rows of the form with what is kept; what was typed the fields take from the form themselves."""
    kept = policy.rules if policy and not visit.form else ()
    rows = [{name: _typed(one.document[name]) for name in _WIDE} for one in kept]
    count = rows_count(visit, len(rows))
    return list(enumerate([*rows, *[dict.fromkeys(_WIDE, "")] * (count - len(rows))], 1))


def wide_policy_of(visit: Visit) -> WidePolicy:
    """What the form says. Raises ParameterInvalid at the field that is wrong, or BodyTooLarge."""
    form = visit.form
    days = _number(visit, "untagged_days", DAYS_MAX)
    rules: list[WideRule] = []
    for number in range(1, rows_count(visit, 1) + 1):
        if not any(form.text(f"{name}-{number}") for name in _WIDE):
            continue
        rule = _wide_rule(visit, number)
        with _in_row(number, "tags"):  # with those above it, as two may not be about the same
            WidePolicy.parse("*", [*rules, rule])
        rules.append(rule)
    if not rules and days is None:
        said = visit.say("Say what a rule keeps, or after how many days images without a tag go.")
        raise visit.wrong(said, "newest-1")
    pattern = form.text("repositories") or "*"
    return WidePolicy.parse(pattern, rules, days, form.text("description"), form.flag("enabled"))


def wide_hidden(visit: Visit) -> Hidden:
    """The form as it was sent, for a page that asks once more."""
    names = ["repositories", "description", "untagged_days", "enabled", "rows"]
    names += [f"{name}-{number}" for number in range(1, RULES_MAX + 1) for name in _WIDE]
    return [(name, visit.form.text(name)) for name in names if visit.form.text(name)]


def own_rows(visit: Visit, rules: Sequence[Rule]) -> Sequence[tuple[int, Row]]:
    """The rules of a repository as rows of the form; one empty one when there are none."""
    rows: list[Row] = [
        {"template": one.template, "number": one.number, "spared": " ".join(map(_written, one.selectors))}
        for one in rules
    ]
    if visit.form:  # the templates stay as they are kept, the rest as it was typed
        rows = [{**_EMPTY, "template": row["template"]} for row in rows]
    return list(enumerate(rows or [_EMPTY], 1))


def own_rules_of(visit: Visit, count: int) -> Sequence[Rule]:
    """What the form of a repository says, in so many rows. Raises ParameterInvalid at the field that is wrong."""
    rules = [_own_rule(visit, number) for number in range(1, count + 1)]
    check_policy("or", rules)
    return rules


def own_hidden(visit: Visit, count: int) -> Hidden:
    """The form as it was sent, for a page that asks once more."""
    names = [f"{name}-{number}" for number in range(1, count + 1) for name in _OWN]
    return [(name, visit.form.text(name)) for name in names if visit.form.text(name)]


def _wide_rule(visit: Visit, number: int) -> WideRule:
    form = visit.form
    numbers = {name: _number(visit, f"{name}-{number}", most) for name, most in _NUMBERS}
    if all(one is None for one in numbers.values()):
        said = visit.say(
            "Say how many of the newest it keeps, or for how many days: it would delete everything else it is about."
        )
        raise visit.wrong(said, f"newest-{number}")
    tags, exclusions = words_of(form.text(f"tags-{number}")), words_of(form.text(f"exclusions-{number}"))
    with _in_row(number, "exclusions"):
        return WideRule.parse(tags, exclusions, signed=form.flag(f"signed-{number}"), **numbers)


def _own_rule(visit: Visit, number: int) -> Rule:
    form = visit.form
    template = one_of(Template, form.text(f"template-{number}"), "template")
    name, most = PARAMETERS[template]
    given = _number(visit, f"number-{number}", most)
    if given is None:
        raise visit.wrong(visit.say("Say how many."), f"number-{number}")
    spared = [
        (SelectorKind.REGEXP, one[1:-1]) if len(one) > 1 and one[0] == one[-1] == "/" else (SelectorKind.LABEL, one)
        for one in words_of(form.text(f"spared-{number}"))
    ]
    try:
        return Rule.parse(template, {name: given}, spared)
    except Refused as error:
        raise ParameterInvalid(error.message, field=f"spared-{number}") from error


def _typed(value: Any) -> Any:
    """A value of a rule's document as a field shows it."""
    return " ".join(value) if isinstance(value, list) else value or ""


def _written(one: Selector) -> str:
    return f"/{one.pattern}/" if one.kind is SelectorKind.REGEXP else one.pattern


def _number(visit: Visit, name: str, most: int) -> int | None:
    """A number that a person typed, None for nothing. Raises ParameterInvalid, in their words."""
    text = visit.form.text(name)
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > _DIGITS_MAX or not 1 <= int(text) <= most:
        said = visit.say("A whole number from 1 to %(most)s.", most=visit.language.number(most))
        raise visit.wrong(said, name)
    return int(text)


@contextmanager
def _in_row(number: int, otherwise: str) -> Iterator[None]:
    """What is wrong with a rule is said at its row. Raises ParameterInvalid for what is raised inside."""
    try:
        yield
    except ParameterInvalid as error:
        raise ParameterInvalid(error.message, field=f"{error.detail.get('field', otherwise)}-{number}") from error
