"""The real processes, each of which may be killed and started again at the same address."""

import contextlib
import fcntl
import os
import random
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil
import redis

from alliance.embedded import postgres, servers, valkey
from alliance.embedded.ports import free_port
from alliance.embedded.processes import Child, ChildDied, Family
from alliance.embedded.state import State

PYTHON = sys.executable
PATIENCE = 60.0
PORT = free_port()
PROGRAMS = {
    "web": [PYTHON, "-m", "granian", "--interface", "wsgi", "alliance.wsgi:application", "--host",
            "127.0.0.1", "--port", str(PORT), "--no-ws", "--workers", "1",
            "--blocking-threads", "4"],
    "worker": [PYTHON, "-m", "celery", "-A", "alliance", "worker", "--concurrency", "2",
               "--loglevel", "INFO", "--without-gossip", "--without-mingle"],
    "desk": [PYTHON, "-m", "tests.kill.desk"],
}  # fmt: skip
# What may be killed, and how: the whole of it, or one process of those that it consists of.
# Neighbours die in one round.
VICTIMS = ("worker", "web", "postgres' child", "desk", "worker's child", "postgres", "valkey")


class Rig:
    """PostgreSQL and Valkey as in production: what was committed survives a killed process."""

    def __init__(self, family: Family, state: State, environment: dict[str, str]) -> None:
        self.family, self.state = family, state
        named = dict(servers.start(family, state))
        self.environment = {**os.environ, **environment, **named}
        self.url = f"http://127.0.0.1:{PORT}"
        self.desk, self.acknowledged = state.home / "desk.lock", state.home / "desk.txt"
        self.acknowledged.touch()
        self.orphaned = False
        self.environment |= {"DESK": str(self.desk), "DESK_SAYS": str(self.acknowledged)}

    def run(self, *command: str) -> None:
        """A command that has to succeed."""
        child = self._child(command[-1], [PYTHON, *command])
        if child.process.wait() != 0:
            child.check()
        self.family.children.remove(child)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/health/live", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def _child(self, name: str, argv: list[str]) -> Child:
        log = self.state.logs / f"{name}.log"
        if log.exists():  # what each life said, for whoever looks for the reason of a failure
            log.replace(log.with_name(f"{name}.{time.monotonic_ns()}.log"))
        return self.family.start(name, argv, log=log, env=self.environment)

    def _postgres(self) -> None:
        """Its old processes have to be gone first; until then it refuses to start."""
        url = self.environment["DATABASE_URL"]
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                postgres.start(
                    self.family,
                    self.state.servers / "postgres",
                    password=self.state.secret("postgres"),
                    log=self.state.logs / "postgres.log",
                    port=urlsplit(url).port or 0,
                )
            except ChildDied:
                self.family.children.pop()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def _valkey(self) -> None:
        valkey.start(
            self.family,
            self.state.home / "valkey",
            password=self.state.secret("valkey"),
            log=self.state.logs / "valkey.log",
            keep=True,
            port=urlsplit(self.environment["REDIS_URL"]).port or 0,
        )

    # --- The plug --------------------------------------------------------------------------------

    def kill(self, victim: str, dice: random.Random) -> None:
        """SIGKILL, without a chance to say goodbye."""
        name, _of, part = victim.partition("'")
        child = next(one for one in self.family.children if one.name == name)
        if child.process.poll() is not None:
            return  # the other one took it along
        parts = psutil.Process(child.process.pid).children(recursive=True)
        if part:
            parts = [dice.choice(parts)] if parts else []
        elif name == "postgres":
            parts = []  # they see by themselves that their parent is gone
        self.orphaned |= victim in ("worker's child", "valkey")
        if not part:
            child.process.kill()
        for one in parts:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        if not part:
            child.process.wait()

    @contextlib.contextmanager
    def at_rest(self) -> Iterator[None]:
        """The desk waits, and the worker has done everything that it was told of.

        Whoever died of what was killed beside it is started again, as a supervisor would: a worker
        may end when it loses the broker."""
        with self.desk.open("w") as desk:
            fcntl.flock(desk, fcntl.LOCK_EX)
            deadline = time.monotonic() + PATIENCE
            while self._has_work():
                self.revive()
                if self.orphaned and time.monotonic() > deadline - PATIENCE / 2:
                    # Celery does not know what a child was given that died before it said so, and
                    # acknowledges nothing of a broker before this one. That comes back in an hour.
                    self._messages.delete("unacked", "unacked_index")
                if time.monotonic() > deadline:
                    worker = next(one for one in self.family.children if one.name == "worker")
                    raise AssertionError(f"the worker does not get on:\n{worker.tail()}")
                time.sleep(0.1)
            self.orphaned = False
            yield

    def _has_work(self) -> bool:
        """Whether a message waits, or is not acknowledged: its work is being done."""
        return bool(self._messages.llen("celery") or self._messages.hlen("unacked"))

    @property
    def _messages(self) -> redis.Redis:
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def revive(self) -> None:
        """Start whatever is not running: servers first, the others side by side."""
        for one in [one for one in self.family.children if one.process.poll() is not None]:
            self.family.children.remove(one)
        running = {one.name for one in self.family.children}
        for name, start in (("postgres", self._postgres), ("valkey", self._valkey)):
            if name not in running:
                start()
        if "worker" not in running:
            # What the dead held comes back in an hour; for us it is lost, and the sweeps find it.
            self._messages.delete("unacked", "unacked_index")
        fresh = [self._child(name, PROGRAMS[name]) for name in PROGRAMS if name not in running]
        deadline = time.monotonic() + PATIENCE
        while waiting := [one for one in fresh if not self._is_ready(one)]:
            if time.monotonic() > deadline:
                raise ChildDied(waiting[0].name, 0, waiting[0].tail())
            time.sleep(0.05)

    def _is_ready(self, child: Child) -> bool:
        child.check()
        return self._answers() if child.name == "web" else " ready" in child.tail(200)
