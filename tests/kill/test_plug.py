"""Six rounds of pulling the plug; `make nightly` has two hundred, elsewhere each time."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.kill
def test_pulling_the_plug_anywhere_changes_nothing():
    """In a process of its own: it starts servers, kills them, and stops all that is below it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.kill", "--rounds", "6", "--seed", "0"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
