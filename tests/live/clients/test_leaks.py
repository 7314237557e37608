"""The watchman is awake: what an engine leaves behind is found, named and removed."""

import subprocess
from pathlib import Path

import pytest

from tests.live import parts
from tests.live.clients import leaks


def test_a_process_left_behind_is_told_and_ended(workspace: Path) -> None:
    left = subprocess.Popen(["sleep", "60"], cwd=workspace)
    with pytest.raises(leaks.Leaked, match=rf"{left.pid}: 'sleep 60"):
        leaks.assert_nothing_left(workspace, patience_seconds=0.1)
    assert left.wait(5) != 0


def test_a_mount_left_behind_is_told_and_unmounted(workspace: Path) -> None:
    parts.root()
    point = workspace / "with a space"
    point.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", str(point)], check=True)
    with pytest.raises(leaks.Leaked, match="with a space"):
        leaks.assert_nothing_left(workspace)
    assert not point.is_mount()


def test_a_process_that_is_just_ending_is_no_leak(workspace: Path) -> None:
    ending = subprocess.Popen(["sleep", "0.2"], cwd=workspace)
    leaks.assert_nothing_left(workspace)
    assert ending.wait(5) == 0
