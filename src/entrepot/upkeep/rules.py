"""What a retention policy may say (contract §9). Values in, value or error out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from entrepot.plumbing.expressions import Expression
from entrepot.values.errors import ParameterInvalid, worded
from entrepot.values.names import TagName
from entrepot.values.words import one_of

RULES_MAX: Final = 10
_SELECTORS_MAX: Final = 100  # of one rule


class Algorithm(StrEnum):
    """How the rules of a policy go together: a tag that any of them keeps is kept."""

    OR = "or"


class Template(StrEnum):
    """What a rule keeps: tags pushed within so many days, or so many of the newest tags."""

    DATE = "date_rule"
    TAGS = "tag_rule"


PARAMETERS: Final[Mapping[Template, tuple[str, int]]] = {Template.DATE: ("days", 365), Template.TAGS: ("num", 1_000)}
"""The parameter of each template, and the most it may be."""
_DIGITS_MAX: Final = 4


class SelectorKind(StrEnum):
    LABEL = "label"
    REGEXP = "regexp"


@dataclass(frozen=True, slots=True)
class Selector:
    """Tags that a rule spares: one by name, or those that a regular expression matches whole."""

    kind: SelectorKind
    pattern: str

    @classmethod
    def parse(cls, kind: str, pattern: str) -> "Selector":
        """Raises ParameterInvalid or TagInvalid."""
        parsed = one_of(SelectorKind, kind, "kind of a tag selector")
        if parsed is SelectorKind.LABEL:
            TagName.parse(pattern)
        else:
            Expression.parse(pattern)
        return cls(parsed, pattern)

    def selects(self, tag: str) -> bool:
        return tag == self.pattern if self.kind is SelectorKind.LABEL else Expression(self.pattern).fits(tag)


@dataclass(frozen=True, slots=True)
class Rule:
    """`number` is of days or of tags, as the template says."""

    template: Template
    number: int
    selectors: tuple[Selector, ...] = ()

    @classmethod
    def parse(cls, template: str, params: Mapping[str, Any], selectors: Sequence[tuple[str, str]]) -> "Rule":
        """Raises ParameterInvalid or TagInvalid."""
        if len(selectors) > _SELECTORS_MAX:
            raise ParameterInvalid(
                worded(
                    "A rule has at most {selectors_max} tag selectors, not {count}.",
                    selectors_max=_SELECTORS_MAX,
                    count=len(selectors),
                )
            )
        parsed = one_of(Template, template, "template")
        spared = tuple(Selector.parse(kind, pattern) for kind, pattern in selectors)
        return cls(parsed, _number(parsed, params), spared)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Rule":
        """The rule a document of ours stands for."""
        template = Template(document["template"])
        spared = [Selector(SelectorKind(one["kind"]), one["pattern"]) for one in document["tag_selectors"]]
        return cls(template, int(document["params"][PARAMETERS[template][0]]), tuple(spared))

    @property
    def document(self) -> dict[str, Any]:
        """The rule as the contract writes it, with its number as text."""
        return {
            "template": str(self.template),
            "params": {PARAMETERS[self.template][0]: str(self.number)},
            "tag_selectors": [{"kind": str(one.kind), "pattern": one.pattern} for one in self.selectors],
        }

    def spares(self, tag: str) -> bool:
        """Whether the rule neither deletes nor counts the tag."""
        return any(one.selects(tag) for one in self.selectors)


def _number(template: Template, params: Mapping[str, Any]) -> int:
    """The number of a rule: documented as text, sent as a number by some."""
    name, most = PARAMETERS[template]
    given = params.get(name)
    text = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    if set(params) != {name} or not _is_number(text) or not 1 <= int(text) <= most:
        raise ParameterInvalid(
            worded(
                'The params of {template} are {{"{name}": "NUMBER"}}, from 1 to {most}.',
                template=template,
                name=name,
                most=most,
            )
        )
    return int(text)


def _is_number(text: str) -> bool:
    return len(text) <= _DIGITS_MAX and text.isascii() and text.isdigit()


def check_policy(algorithm: str, rules: Sequence[Rule]) -> None:
    """Raises ParameterInvalid."""
    one_of(Algorithm, algorithm, "algorithm")
    if not 1 <= len(rules) <= RULES_MAX:
        raise ParameterInvalid(
            worded("A policy has 1 to {rules_max} rules, not {count}.", rules_max=RULES_MAX, count=len(rules))
        )


def check_same_templates(before: Sequence[Rule], after: Sequence[Rule]) -> None:
    """A policy keeps the templates it was made with. Raises ParameterInvalid."""
    had = [str(rule.template) for rule in before]
    if [str(rule.template) for rule in after] != had:
        raise ParameterInvalid(
            worded(
                "The templates of a policy cannot be changed: this one has {had}. Delete it and make another.",
                had=", ".join(had),
            )
        )
