"""No child outlives its parent, and no stranger is ever signalled."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import psutil
import pytest

from alliance.embedded.processes import ChildDied, Family, run_in_front, stop_recorded

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = """
    import signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(child.pid, flush=True)
    time.sleep(600)
"""
ENV = dict(os.environ)


@pytest.fixture(autouse=True)
def signals():
    """A family ignores signals while it stops; pytest wants its own handlers back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


def gone(pid: int, within: float = 10) -> bool:
    """Whether the process ends in time (a zombie that nobody has reaped yet has ended)."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def first_line(log: Path) -> str:
    while "\n" not in (text := log.read_text()):
        time.sleep(0.02)
    return text.splitlines()[0]


def test_children_stop_in_reverse_order_of_their_start(tmp_path):
    said: list[str] = []
    with Family(tmp_path / "pids.json", said=said.append) as family:
        pids = [
            family.start(name, SLEEP, log=tmp_path / name, env=ENV).process.pid
            for name in ("first", "second")
        ]

    assert said == ["second", "first"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not (tmp_path / "pids.json").exists()


def test_child_that_ignores_us_is_killed_with_its_offspring(tmp_path):
    with Family(tmp_path / "pids.json") as family:
        child = family.start(
            "stubborn",
            [sys.executable, "-c", textwrap.dedent(STUBBORN)],
            log=tmp_path / "log",
            env=ENV,
            patience=0.3,
        )
        grandchild = int(first_line(tmp_path / "log"))

    assert gone(child.process.pid, within=0.1)
    assert gone(grandchild, within=0.1)


def test_child_that_died_is_named_with_the_end_of_its_log(tmp_path):
    with Family(tmp_path / "pids.json") as family:
        argv = [sys.executable, "-c", "print('the disk is full'); raise SystemExit(3)"]
        child = family.start("valkey", argv, log=tmp_path / "log", env=ENV)
        child.process.wait()

        with pytest.raises(ChildDied) as caught:
            family.check()

    assert "valkey stopped unexpectedly (exit code 3)" in str(caught.value)
    assert "the disk is full" in str(caught.value)


def test_a_supervised_child_is_started_again_but_not_for_ever(tmp_path):
    with Family(tmp_path / "pids.json") as family:
        child = family.start("worker", SLEEP, log=tmp_path / "log", env=ENV)
        child.supervised = True
        assert family.check() == []
        for _life in range(5):
            before = child.process.pid
            child.process.kill()
            child.process.wait()
            assert family.check() == [child]
            assert child.process.pid != before
            assert [r["pid"] for r in json.loads(family.record.read_text())] == [child.process.pid]
        child.process.kill()
        child.process.wait()

        with pytest.raises(ChildDied, match="worker stopped unexpectedly"):
            family.check()


def parent_of_family(tmp_path: Path, *, deathless: bool) -> tuple[subprocess.Popen[bytes], int]:
    """A process with a family of one stubborn child; returns it and the grandchild's pid.

    `deathless` takes away the kernel's help, as on systems that have none.
    """
    script = f"""
        import os, sys, time
        from pathlib import Path
        from alliance.embedded import processes
        if {deathless}:
            processes._libc = None
        with processes.Family(Path({str(tmp_path / "pids.json")!r})) as family:
            family.start(
                "stubborn",
                [sys.executable, "-c", {textwrap.dedent(STUBBORN)!r}],
                log=Path({str(tmp_path / "log")!r}),
                env=dict(os.environ),
            )
            time.sleep(600)
    """
    (tmp_path / "log").touch()
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    return parent, int(first_line(tmp_path / "log"))


def test_what_a_killed_parent_left_is_stopped_by_the_next_start(tmp_path):
    parent, grandchild = parent_of_family(tmp_path, deathless=True)
    child = json.loads((tmp_path / "pids.json").read_text())[0]["pid"]
    parent.kill()
    parent.wait()
    assert psutil.pid_exists(child)

    rows = json.loads((tmp_path / "pids.json").read_text())
    rows[0]["signal"] = int(signal.SIGKILL)  # the stubborn one would cost ten seconds of patience
    (tmp_path / "pids.json").write_text(json.dumps(rows))
    with Family(tmp_path / "pids.json"):
        assert gone(child, within=0.5)
        assert gone(grandchild, within=0.5)


def test_orphans_of_a_dead_leader_are_found_by_their_mark(tmp_path):
    parent, grandchild = parent_of_family(tmp_path, deathless=True)
    child = json.loads((tmp_path / "pids.json").read_text())[0]["pid"]
    for pid in (parent.pid, child):
        os.kill(pid, signal.SIGKILL)
    parent.wait()
    assert gone(child)
    assert psutil.pid_exists(grandchild)

    stop_recorded(tmp_path / "pids.json")

    assert gone(grandchild, within=0.5)


def test_recycled_pid_is_left_alone(tmp_path):
    stranger = subprocess.Popen(SLEEP)
    try:
        born = psutil.Process(stranger.pid).create_time() - 60
        row = {"name": "postgres", "pid": stranger.pid, "born": born, "signal": 9}
        (tmp_path / "pids.json").write_text(json.dumps([row]))

        assert stop_recorded(tmp_path / "pids.json") == []

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_half_written_record_is_no_obstacle(tmp_path):
    (tmp_path / "pids.json").write_text('[{"name": "post')

    assert stop_recorded(tmp_path / "pids.json") == []


def test_command_in_front_that_ignores_the_signal_is_killed_in_the_end():
    stubborn = [sys.executable, "-c", textwrap.dedent(STUBBORN)]
    threading.Timer(1.5, os.kill, [os.getpid(), signal.SIGTERM]).start()

    code = run_in_front(stubborn, ENV, stop_with=signal.SIGTERM, patience=0.3)

    assert code == 128 + signal.SIGKILL
