"""Causes: why policies are carried out, and how an execution stands."""

from enum import StrEnum


class Cause(StrEnum):
    """`undo`: what a run deleted is to come back."""

    DUE = "due"
    CHANGED = "changed"
    ASKED = "asked"
    UNDO = "undo"


class RunState(StrEnum):
    """`stopped`: something spoke against it (`safety.Stop`). `failed`: it was broken off too often."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
