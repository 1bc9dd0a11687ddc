"""What a run leaves for the next one, below `.state/` of the project (or `ALLIANCE_STATE`)."""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from alliance.embedded.postgres import Account
from alliance.embedded.processes import alive, stop_recorded, write_atomically

PROJECT = Path(__file__).resolve().parent.parent.parent
_THROW_AWAY = "alliance-test-"


class Busy(Exception):
    """Another process works with this state folder. `notice` is what it says about itself."""

    def __init__(self, notice: dict[str, str]) -> None:
        super().__init__("the state folder is in use")  # without the notice: it holds passwords
        self.notice = notice


@dataclass(frozen=True)
class State:
    """A folder with the servers' data, logs, pictures, secrets, and a note on who is running."""

    home: Path

    @classmethod
    def of_project(cls) -> "State":
        home = Path(os.environ.get("ALLIANCE_STATE") or PROJECT / ".state").resolve()
        home.mkdir(parents=True, exist_ok=True)
        return cls(home)

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def record(self) -> Path:
        return self.home / "pids.json"

    @property
    def notice(self) -> Path:
        return self.home / "running.json"

    @cached_property
    def servers(self) -> Path:
        """Where the servers keep their data.

        In the folder itself, unless we are root and the tree is in a place that nobody else may
        enter (/root): PostgreSQL runs as somebody else there, so it gets a place in /var/lib.
        """
        if (self.home / "postgres").exists() or Account.choose().reaches(self.home):
            return self.home
        name = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        place = Path("/var/lib/taoke-alliance") / name
        place.mkdir(parents=True, exist_ok=True)
        for folder in (place.parent, place):
            folder.chmod(0o755)
        return place

    @contextlib.contextmanager
    def hold(self, *, doing: str) -> Iterator[None]:
        """Be the only one in this folder; raise `Busy` if somebody else is.

        The lock is the kernel's, so a killed holder leaves none.
        """
        with (self.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy(self._read(self.notice) or {"doing": "starting"}) from None
            self.announce(doing=doing)
            try:
                yield
            finally:
                self.notice.unlink(missing_ok=True)

    def announce(self, **words: str) -> None:
        """Tell whoever comes next what runs here (they may use its servers)."""
        words |= {"pid": str(os.getpid())}
        write_atomically(self.notice, json.dumps(words))

    def secret(self, name: str) -> str:
        """A random word, made once and kept where only we can read it."""
        path = self.home / "secrets.json"
        known = self._read(path)
        if name not in known:
            known[name] = secrets.token_urlsafe(48)
            write_atomically(path, json.dumps(known))
        return known[name]

    def port(self, name: str) -> int:
        """The port a server had last time, or 0."""
        return int(self._read(self.home / "ports.json").get(name, "0"))

    def remember_port(self, name: str, url: str) -> None:
        port = url.rpartition(":")[2].partition("/")[0]
        path = self.home / "ports.json"
        write_atomically(path, json.dumps({**self._read(path), name: port}))

    def log(self, name: str) -> Path:
        """A fresh log file; the one of the run before is kept as `.1`."""
        self.logs.mkdir(mode=0o700, exist_ok=True)
        path = self.logs / f"{name}.log"
        if path.exists():
            path.replace(path.with_suffix(".log.1"))
        return path

    def wipe(self) -> None:
        """Forget everything. The caller holds the folder, or nobody else knows it."""
        if self.servers != self.home:
            shutil.rmtree(self.servers, ignore_errors=True)
            with contextlib.suppress(OSError):  # other trees have theirs beside
                self.servers.parent.rmdir()
        shutil.rmtree(self.home, ignore_errors=True)

    @staticmethod
    def _read(path: Path) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads(path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found


@contextlib.contextmanager
def throw_away() -> Iterator[State]:
    """A state folder in the temporary directory that is gone afterwards.

    Folders whose owner was killed are swept, with whatever still runs in them.
    """
    sweep()
    home = Path(tempfile.mkdtemp(prefix=_THROW_AWAY))
    home.chmod(0o711)  # PostgreSQL of a root user passes through it
    me = psutil.Process()
    (home / "owner.json").write_text(json.dumps({"pid": me.pid, "born": me.create_time()}))
    try:
        yield State(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def sweep() -> None:
    """Remove throw-away folders of ours whose owner is dead."""
    for home in Path(tempfile.gettempdir()).glob(f"{_THROW_AWAY}*"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            owner = json.loads((home / "owner.json").read_text())
            if home.stat().st_uid == os.geteuid() and not alive(owner["pid"], owner["born"]):
                stop_recorded(home / "pids.json")
                shutil.rmtree(home, ignore_errors=True)
