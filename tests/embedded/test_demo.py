"""`make demo` as a newcomer meets it: start, look, stop; and everything that can go wrong."""

import contextlib
import json
import re
import signal
import socket
import threading
import urllib.request

import psutil
import pytest

from alliance.embedded.ports import free_port
from tests.embedded.conftest import Commands, house
from tests.embedded.test_processes import gone

pytestmark = pytest.mark.worker
READY = "Taoke Alliance is running"


@pytest.fixture(scope="module", name="house")
def one_house():
    """One state folder for the module: the first start fills it, the others are second starts."""
    with house() as commands:
        yield commands


@pytest.fixture(autouse=True)
def _nothing_stays(house):
    yield
    house.stop()


class Demo:
    """A demo that is running, and what it has printed so far."""

    def __init__(self, commands: Commands, port: int) -> None:
        self.process = commands.start("demo", PORT=str(port), DEMO_ORDERS="1500")
        self.lines: list[str] = []
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        assert self.ready.wait(timeout=600), self.said()
        assert READY in self.said(), self.said()

    def read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)
            if READY in line:
                self.ready.set()
        self.ready.set()

    def said(self) -> str:
        return "".join(self.lines)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def url(self) -> str:
        return re.search(r"Pages +(\S+)", self.wait_for("Ctrl-C stops it"))[1]

    def wait_for(self, words: str) -> str:
        for _ in range(200):
            if words in self.said():
                return self.said()
            threading.Event().wait(0.1)
        raise AssertionError(f"{words!r} was never said:\n{self.said()}")

    def wait_for_ready(self) -> None:
        """Until all of it answers again, the broker too."""
        for _ in range(200):
            with contextlib.suppress(OSError):
                if status(f"{self.url()}health/ready") == 200:
                    return
            threading.Event().wait(0.1)
        raise AssertionError(self.said())

    def end(self) -> int:
        code = self.process.wait(timeout=60)
        self.reader.join()
        return code


def status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.status


def test_demo_starts_says_where_and_stops_with_one_key(house):
    demo = Demo(house, free_port())
    family = demo.family()
    url = demo.url()

    assert status(f"{url}health/ready") == 200
    assert status(url) == 200
    logins = json.loads((house.state / "demo-logins.json").read_text())
    for login in logins:
        assert login["email"] in demo.said()
        assert login["password"] in demo.said()
    assert len(logins) >= 4
    names = set()
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):  # one that migrated or loaded, say
            names.add(process.name())
    assert {"postgres", "valkey-server"} <= names
    assert len(family) > 8  # workers of the web server and of Celery among them

    code, second = house.finish("demo")
    assert code == 0
    assert f"running already: {url}" in second

    demo.process.send_signal(signal.SIGINT)
    assert demo.end() == 0
    assert demo.said().strip().endswith("The data is kept; the next start takes seconds.")
    assert psutil.wait_procs(family, timeout=1)[1] == []


def test_killed_demo_blocks_nothing_a_taken_port_is_avoided_and_a_dead_database_stops_all(house):
    first = Demo(house, free_port())
    family = first.family()
    first.process.kill()
    first.end()
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        second = Demo(house, taken)  # at once, while the old servers may still be stopping

    assert all(gone(process.pid) for process in family)
    assert f"Port {taken} is taken by another program; using " in second.said()
    assert str(taken) not in second.url()
    assert status(f"{second.url()}health/ready") == 200

    house.recorded()["valkey"].kill()
    second.wait_for("valkey had ended and was started again")
    house.recorded()["worker"].kill()
    second.wait_for("worker had ended and was started again")
    second.wait_for_ready()

    family = second.family()
    house.recorded()["postgres"].kill()

    assert second.end() == 1
    assert "postgres stopped unexpectedly (exit code -9). The end of its log:" in second.said()
    assert psutil.wait_procs(family, timeout=1)[1] == []


def test_data_can_be_forgotten(house):
    assert house.finish("forget")[0] == 0

    assert not house.state.exists()
