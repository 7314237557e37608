"""No file holds what a merge could not decide: main did for five minutes once, and could not be imported."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MARKER = "^(<{7}|>{7}) "


def test_no_file_holds_markers_of_a_merge():
    found = subprocess.run(
        ["grep", "-rlE", MARKER, "src", "tests", "tools", "bench", "docs", "--include=*.*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode in (0, 1), found.stderr
    assert found.stdout == ""
