"""Children that never outlive their parent, and never a stranger's process killed.

Three nets, because each has a hole. A `Family` stops its members in reverse order when its block
ends. On Linux the kernel signals them if the parent is killed outright. And a record on disk (pid
with start time) lets the next start stop what is left where neither worked.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

import psutil

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
MARK = "ALLIANCE_SUPERVISED"  # in the environment of everything below us: the path of the record
_CLOCK_SLACK = 2.0  # seconds by which a start time read twice may differ
_LIVES, _WHILE = 5, 60.0  # how often a supervised child is started again in so many seconds


class ChildDied(Exception):
    """A process we need is gone. Carries its name, exit code and the last lines of its log."""

    def __init__(self, name: str, code: int, tail: str) -> None:
        super().__init__(f"{name} stopped unexpectedly (exit code {code}). The end of its log:")
        self.name, self.code, self.tail = name, code, tail

    def __str__(self) -> str:
        return f"{self.args[0]}\n{textwrap.indent(self.tail, '    ')}"


class Stopped(BaseException):
    """Somebody asked us to stop (Ctrl-C, SIGTERM, a closed terminal). Not an error."""


def stop_on_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise `Stopped` in the main thread, once."""

    def stop(number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise Stopped(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)


def _ignore_signals() -> None:
    """Handlers, not SIG_IGN: a child would inherit that one and could not be interrupted."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)


def die_with_parent(number: int = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send `number` when this process ends in any way."""
    parent = os.getpid()

    def arm() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, number)
            if os.getppid() != parent:  # it died between fork and prctl
                os._exit(1)

    return arm


@dataclass
class Child:
    """One process of the family, its log and the signal by which it stops politely.

    Whoever has seen it at work may have it `supervised`: it is started again when it ends.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    launch: Callable[[], subprocess.Popen[bytes]]
    stop_signal: int = signal.SIGTERM
    patience: float = 10.0
    supervised: bool = False
    lives: list[float] = field(default_factory=list)  # when it was started again

    def tail(self, lines: int = 25) -> str:
        """The last lines of its log."""
        with self.log.open("rb") as log:
            log.seek(-min(self.log.stat().st_size, 64_000), os.SEEK_END)
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def check(self) -> None:
        """Raise `ChildDied` if it is not running any more."""
        code = self.process.poll()
        if code is not None:
            raise ChildDied(self.name, code, self.tail())

    def revive(self) -> None:
        """Start it again. Raises `ChildDied` where that is not wanted, or did not help."""
        now = time.monotonic()
        self.lives = [life for life in self.lives if now - life < _WHILE]
        if not self.supervised or len(self.lives) >= _LIVES:
            self.check()
            return
        self.lives.append(now)
        self.process = self.launch()

    def stop(self) -> None:
        stop_tree(self.process.pid, self.stop_signal, self.patience)
        self.process.wait()


class Family:
    """Starts children and, when the block ends, stops them: last started first.

    `record` is the file that names the living. `said` hears the name of each one that is asked to
    stop.
    """

    def __init__(self, record: Path, said: Callable[[str], None] | None = None) -> None:
        self.record = record
        self.said = said or (lambda _name: None)
        self.mark = {MARK: str(record)}
        self.children: list[Child] = []

    def __enter__(self) -> Self:
        if _libc is not None:  # grandchildren whose parent dies come to us, not to init
            _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        stop_recorded(self.record)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        _ignore_signals()
        self.stop()

    def start(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        user: int | None = None,
        group: int | None = None,
        stop_signal: int = signal.SIGTERM,
        patience: float = 10.0,
    ) -> Child:
        """Start `argv` in a session of its own (Ctrl-C reaches us, and we stop it in order)."""
        log.parent.mkdir(parents=True, exist_ok=True)

        def launch() -> subprocess.Popen[bytes]:
            with log.open("ab") as out:
                return subprocess.Popen(
                    [os.fspath(part) for part in argv],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env={**env, **self.mark},
                    cwd=cwd,
                    user=user,
                    group=group,
                    extra_groups=[] if user is not None else None,
                    start_new_session=True,
                    preexec_fn=die_with_parent(stop_signal),  # noqa: PLW1509 - we have one thread
                )

        child = Child(name, launch(), log, launch, stop_signal, patience)
        self.children.append(child)
        self._write_record()
        return child

    def check(self) -> list[Child]:
        """What a supervisor does (`restart: unless-stopped` of docker-compose.yml): whoever has
        ended is started again; returns them. Raises `ChildDied` for the first who is not
        supervised, or does not stay."""
        ended = [child for child in self.children if child.process.poll() is not None]
        for child in ended:
            child.revive()
        if ended:
            self._write_record()
        return ended

    def stop(self) -> None:
        while self.children:
            child = self.children[-1]
            if child.process.poll() is None:
                self.said(child.name)
            child.stop()
            self.children.pop()
            self._write_record()
        stop_descendants()
        self.record.unlink(missing_ok=True)

    def _write_record(self) -> None:
        rows = []
        for child in self.children:
            with contextlib.suppress(psutil.Error):
                born = psutil.Process(child.process.pid).create_time()
                rows.append(
                    {
                        "name": child.name,
                        "pid": child.process.pid,
                        "born": born,
                        "signal": int(child.stop_signal),
                    }
                )
        write_atomically(self.record, json.dumps(rows))


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """The file has the old text or the new one, never half; nobody else may read it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as out:
        out.write(text)
    fresh.replace(path)


def alive(pid: int, born: float) -> psutil.Process | None:
    """The process with this pid, if it is still the one that started at `born`."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if (
            abs(process.create_time() - born) <= _CLOCK_SLACK
            and process.status() != psutil.STATUS_ZOMBIE
        ):
            return process
    return None


def stop_tree(pid: int, number: int = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask `pid` to stop with signal `number`; after `patience` seconds kill it and its offspring.

    psutil compares start times before each signal, so a recycled pid is safe.
    """
    try:
        leader = psutil.Process(pid)
        offspring = leader.children(recursive=True)
        leader.send_signal(number)
        psutil.wait_procs([leader], timeout=patience)
    except psutil.NoSuchProcess:
        return
    with contextlib.suppress(psutil.Error):
        offspring += leader.children(recursive=True)
    _kill([leader, *offspring])


def stop_descendants() -> None:
    """Kill whatever still hangs below us (on Linux also orphans of orphans), and reap it."""
    _kill(psutil.Process().children(recursive=True))
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(processes, timeout=5)


def stop_recorded(record: Path) -> list[str]:
    """Stop what an earlier run recorded in `record` and could not stop; return the names."""
    try:
        rows = json.loads(record.read_text())
    except FileNotFoundError:
        return []
    except ValueError:
        rows = []
    found = []
    for row in reversed(rows):
        if alive(row["pid"], row["born"]):
            found.append(row["name"])
            stop_tree(row["pid"], row["signal"])
    _kill(_marked(str(record)))
    record.unlink(missing_ok=True)
    return found


def _marked(mark: str) -> list[psutil.Process]:
    """Whoever carries the mark in its environment: offspring whose recorded parent is gone."""
    ourselves = {process.pid for process in psutil.Process().parents()} | {os.getpid()}
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            if process.pid not in ourselves and process.environ().get(MARK) == mark:
                members.append(process)
    return members


def run_in_front(
    argv: Sequence[str], env: Mapping[str, str], stop_with: int, patience: float = 10.0
) -> int:
    """Run a command on our terminal until it ends; return its exit code as a shell would.

    A Ctrl-C on the terminal reaches it directly, and we wait for it to finish. Any other way of
    stopping us is passed on as `stop_with`; after `patience` seconds of silence it is killed.
    """
    asked: list[float] = []
    process = subprocess.Popen(argv, env=env, preexec_fn=die_with_parent())  # noqa: PLW1509

    def pass_on(number: int, _frame: FrameType | None) -> None:
        first = not asked
        asked.append(time.monotonic())
        if first and not (number == signal.SIGINT and sys.stdin and sys.stdin.isatty()):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(stop_with)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=0.5)
            return code if code >= 0 else 128 - code
        if asked and time.monotonic() - asked[0] > patience:
            stop_tree(process.pid, signal.SIGKILL)
            return 128 + signal.SIGKILL
