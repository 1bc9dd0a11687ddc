"""These tests start the very commands that people type, with a state folder of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent


class Commands:
    """Runs `python -m alliance.embedded ...`; whatever is left at the end is stopped."""

    def __init__(self, state: Path) -> None:
        self.state = state
        ours = ("DATABASE_URL", "REDIS_URL", "ALLIANCE_ENV", "MEDIA_ROOT", "CI", "PUBLIC_URL")
        self.env = {k: v for k, v in os.environ.items() if k not in ours and "PYTEST" not in k}
        self.env |= {"ALLIANCE_STATE": str(state), "TMPDIR": str(state.parent)}
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "alliance.embedded", *arguments],
            cwd=PROJECT,
            env=self.env | env,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def finish(self, *arguments: str, **env: str) -> tuple[int, str]:
        process = self.start(*arguments, **env)
        output, _ = process.communicate(timeout=90)
        return process.returncode, output

    def recorded(self) -> dict[str, psutil.Process]:
        """The servers that the state folder says are running."""
        rows = json.loads((self.state / "pids.json").read_text())
        return {row["name"]: psutil.Process(row["pid"]) for row in rows}

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=60)


@contextmanager
def house() -> Iterator[Commands]:
    """Commands with a folder that everybody may enter, as pytest's own may not be.

    Where the tests run as root, PostgreSQL runs as somebody else.
    """
    with TemporaryDirectory(prefix="alliance-house-") as folder:
        Path(folder).chmod(0o755)
        commands = Commands(Path(folder) / "state")
        try:
            yield commands
        finally:
            commands.stop()


@pytest.fixture
def commands() -> Iterator[Commands]:
    with house() as found:
        yield found
