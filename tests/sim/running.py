"""State machines that do anything in any order, each over a real database of either kind."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

T = TypeVar("T")


class Machine(RuleBasedStateMachine):
    """What `explore` gives each of them: a folder, the kind of its database, and the loop its steps run in."""

    folder: Path
    kind: str
    request: pytest.FixtureRequest
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)


def explore(
    machine: type[Machine], request: pytest.FixtureRequest, folder: Path, kind: str, examples: int, steps: int
) -> None:
    """Run so many examples of so many steps; one that fails is made small first."""
    loop = asyncio.new_event_loop()
    given = {"folder": folder, "kind": kind, "request": request, "loop": loop}
    try:
        run_state_machine_as_test(
            type("Machine", (machine,), given),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                print_blob=True,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.close()
