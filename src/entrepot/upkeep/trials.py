"""Trials: rules that are not kept, or not in force, and that a plan counts in so that they can be looked at first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from entrepot.upkeep.rules import Rule
from entrepot.upkeep.wide_rules import WidePolicy

_Kept = tuple[int, WidePolicy]


@dataclass(frozen=True, slots=True)
class Trial:
    """What counts beside, or instead of, what is kept. Nothing, when nothing is said.

    `policy_id`: a policy of the organization that counts as enabled, or as `policy` says. A `policy` without a number
    is one more. `own`: what the policy of a repository itself would say.
    """

    policy_id: int = 0
    policy: WidePolicy | None = None
    own: Sequence[Rule] | None = None

    def among(self, kept: Sequence[_Kept]) -> Sequence[_Kept]:
        """The policies of an organization, by their numbers, with the tried one in its place."""
        if self.policy is not None and not self.policy_id:
            return [*kept, (0, self.policy)]
        return [(number, self._tried(policy) if number == self.policy_id else policy) for number, policy in kept]

    def _tried(self, kept: WidePolicy) -> WidePolicy:
        return replace(kept, is_enabled=True) if self.policy is None else self.policy


AS_KEPT: Final = Trial()
"""Try nothing: the rules are as they are kept."""
