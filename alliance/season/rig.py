"""The running system of the night: servers of its own, each process a real one."""

import os
import time
from urllib.parse import urlsplit

import redis

from alliance.embedded import programs, servers, valkey
from alliance.embedded.demo import environment
from alliance.embedded.ports import free_port
from alliance.embedded.processes import Child, Family
from alliance.embedded.state import State

PATIENCE = 120.0
STEADY = 5.0  # seconds without a sign of work
HOST = "127.0.0.1"


class Rig:
    """PostgreSQL and Valkey (yours where the environment names them), web, worker and beat."""

    def __init__(self, family: Family, state: State) -> None:
        self.family, self.state = family, state
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        named = {"PUBLIC_URL": self.url, **dict(servers.start(family, state))}
        ours = {
            "ALLIANCE_ENV": "test",  # passwords are cheap to check, so that many can sign in
            "STATEMENTS_WITHIN_DAYS": "3",
            "SHARE_BPS": "5500",  # of the commission; the super coupon raises it up to 90 %
            "PROXY_HOPS": "1",  # each visitor has an address of its own
            "API_RATE": "1000000/min",
            "LOG_LEVEL": "WARNING",
            "PAYEE_HOLD_HOURS": "0",
        }
        self.environment = {**environment(state, named), **ours}
        os.environ.update(self.environment)

    @property
    def restartable(self) -> bool:
        """Whether Valkey is ours to kill."""
        return any(child.name == "valkey" for child in self.family.children)

    def manage(self, *command: str) -> None:
        """A management command that has to succeed."""
        child = self._start(command[0], [programs.PYTHON, "manage.py", *command])
        if child.process.wait():
            child.check()
        self.family.children.remove(child)

    def open(self) -> None:
        """Web, worker and beat, until they are ready."""
        self._start("web", programs.web(HOST, self.port))
        worker = self._start("worker", programs.worker())
        beat = self._start("beat", programs.beat())
        ends = time.monotonic() + PATIENCE
        while not (programs.answers(HOST, self.port) and " ready." in worker.tail(50)):
            self.family.check()
            if time.monotonic() > ends:
                raise TimeoutError("the servers do not get ready")
            time.sleep(0.1)
        worker.supervised = beat.supervised = True

    def keep_up(self) -> None:
        """Start again what has ended.

        A Celery worker whose broker goes away while it acknowledges a message gives up. What it
        held would come back in an hour; for tonight it is lost, and the sweeps find it.
        """
        for child in self.family.check():
            if child.name == "worker":
                self._messages.delete("unacked", "unacked_index")

    def close(self) -> None:
        """The doors close in the order in which they opened: nobody asks any more."""
        for name in ("web", "beat", "worker"):
            child = self._child(name)
            child.stop()
            self.family.children.remove(child)

    def rest(self) -> None:
        """Until no message waits and none is being worked on.

        One whose acknowledgement was lost with Valkey would come back in an hour; nobody works on
        it now, which shows in that their number stays the same.
        """
        ends, steady, held = time.monotonic() + PATIENCE, time.monotonic(), -1
        while True:
            now, waiting = self._messages.hlen("unacked"), self._messages.llen("celery")
            if waiting or now != held:
                steady, held = time.monotonic(), now
            if time.monotonic() - steady > (STEADY if held else 0):
                return
            self.keep_up()
            if time.monotonic() > ends:
                raise TimeoutError(f"the worker does not get on:\n{self._child('worker').tail()}")
            time.sleep(0.1)

    def valkey_kill(self) -> None:
        """Without a chance to say goodbye."""
        child = self._child("valkey")
        child.process.kill()
        child.process.wait()
        self.family.children.remove(child)

    def valkey_start(self) -> None:
        """At the same address, with what it had written down."""
        port = urlsplit(self.environment["REDIS_URL"]).port or 0
        valkey.start(
            self.family,
            self.state.home / "valkey",
            password=self.state.secret("valkey"),
            log=self.state.logs / "valkey-again.log",
            keep=True,
            port=port,
        )

    @property
    def _messages(self) -> redis.Redis:
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def _child(self, name: str) -> Child:
        return next(child for child in self.family.children if child.name == name)

    def _start(self, name: str, argv: list[str]) -> Child:
        return self.family.start(name, argv, log=self.state.log(name), env=self.environment)
