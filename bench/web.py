"""The web server of production, and many browsers at once that ask it.

One process drives the browsers, each on a connection of its own that stays open.
"""

import os
import re
import select
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
_COOKIE = re.compile(rb"\r\nset-cookie: ([^;\r]+)", re.IGNORECASE)
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_FIELD = re.compile(rb'<input [^>]*name="([^"]+)" value="([^"]+)"')


def surroundings() -> dict[str, str]:
    """The environment of a process that works on this database."""
    to = connection.settings_dict
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DATABASE_URL": f"postgres://{to['USER']}:{to['PASSWORD']}@{to['HOST']}:{to['PORT']}/{to['NAME']}",
        "CACHE_URL": settings.CACHE_URL,
        "LOG_LEVEL": "WARNING",
    }


@contextmanager
def celery(processes: int = 2) -> Iterator[subprocess.Popen[bytes]]:
    """Workers as in production, without beat."""
    workers = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "alliance", "worker", "--concurrency",
         str(processes), "--loglevel", "ERROR", "--without-mingle", "--without-gossip"],
        env=surroundings(),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield workers
    finally:
        workers.terminate()
        workers.wait(60)


@contextmanager
def granian(workers: int = 2) -> Iterator[int]:
    """The web server with the workers and threads of the Dockerfile, on this database; its port.

    It takes the address of whoever asks from one proxy in front, so that each browser has its own
    and the usual limits hold.
    """
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore::UserWarning", "-m", "granian", "--interface", "wsgi",
         "alliance.wsgi:application", "--host", "127.0.0.1", "--port", str(port), "--no-ws",
         "--workers", str(workers), "--blocking-threads", "4"],
        env=surroundings() | {"PROXY_HOPS": "1"},
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def nginx(folder: Path, server: str) -> Iterator[int]:
    """nginx with one worker and what its `server` block says; its port, 0 where there is
    no nginx (Debian: apt-get install nginx)."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        yield 0
        return
    port = free_port()
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
        events {{ worker_connections 256; }}
        http {{ access_log off; keepalive_requests 1000000; default_type text/html;
            client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
            fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
            server {{ listen 127.0.0.1:{port}; {server} }} }}
        """
    )
    serving = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        wait_for(port)
        yield port
    finally:
        serving.terminate()
        serving.wait(30)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody answers there, whatever it says."""
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes


# What a browser asks, request by request.
Visit = Generator[bytes, Answer, None]


@dataclass(slots=True)
class Buyer:
    """Somebody with a device and an address of their own, and what the page gave them to claim."""

    address: str
    cookies: dict[bytes, bytes] = field(default_factory=dict)
    form: bytes = b""

    def open(self, path: str) -> Visit:
        """Look at the page; keep its cookies and the token in its form."""
        answer = yield self.get(path)
        if answer.status != 200:
            raise AssertionError(answer)
        for said in _COOKIE.findall(answer.head):
            name, _equals, value = said.partition(b"=")
            self.cookies[name] = value
        if token := _FIELD.search(answer.body):
            self.form = token[1] + b"=" + token[2]

    def get(self, path: str) -> bytes:
        return self._request("GET", path)

    def claim(self, path: str) -> bytes:
        """Press the button of the page."""
        said = b"Content-Type: application/x-www-form-urlencoded\r\n"
        return self._request("POST", path, said, self.form)

    def _request(self, method: str, path: str, said: bytes = b"", body: bytes = b"") -> bytes:
        if self.cookies:
            said += b"Cookie: " + b"; ".join(b"=".join(one) for one in self.cookies.items())
            said += b"\r\n"
        if body:
            said += b"Content-Length: %d\r\n" % len(body)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {AGENT}\r\n"
            f"Accept-Language: zh-CN\r\nX-Forwarded-For: {self.address}\r\n"
        )
        return head.encode() + said + b"\r\n" + body


class Browser:
    """A connection that asks one thing after the other."""

    def __init__(self, port: int, visit: Visit) -> None:
        self.visit = visit
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got = b""

    def start(self) -> None:
        self.socket.sendall(next(self.visit))

    def go_on(self) -> bool:
        """Take what has come; ask the next thing if it was a whole answer. False: nothing left."""
        more = self.socket.recv(65536)
        if not more:
            raise AssertionError("the server hung up")
        self.got += more
        head, end, body = self.got.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return True
        self.got = b""
        try:
            self.socket.sendall(self.visit.send(Answer(int(head[9:12]), head, body)))
        except StopIteration:
            self.socket.close()
            return False
        return True


def _length(head: bytes) -> int:
    said = _LENGTH.search(head)
    return int(said[1]) if said else 0


def browse_together(port: int, visits: Iterable[Visit]) -> float:
    """All of these visits at once; the seconds from the first request to the last answer."""
    browsers = [Browser(port, visit) for visit in visits]
    by_fd = {browser.socket.fileno(): browser for browser in browsers}
    poll = select.epoll()
    started = time.perf_counter()
    for fd, browser in by_fd.items():
        browser.start()
        poll.register(fd, select.EPOLLIN)
    while by_fd:
        for fd, _event in poll.poll():
            if not by_fd[fd].go_on():  # a closed socket leaves the poll by itself
                del by_fd[fd]
    return time.perf_counter() - started
