"""The coupon page under load, beside nginx serving the same bytes.

Both over real sockets, to 32 connections that stay open, in turns. Ours answers each visitor with a
cookie and a signed token of their own; nginx reads a file. Where there is no nginx, that is said.
"""

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from django.db import connection

from bench.claims import Night

CONNECTIONS = 32
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def run(small: bool = False) -> None:
    rounds, each = (1, 4) if small else (3, 60)
    night = Night()
    night.stock(5_000)
    path = f"/s/{night.link.code}"
    with tempfile.TemporaryDirectory() as folder, granian() as port:
        page = _read(port, path)
        with _nginx(Path(folder), page) as other:
            ours = [load(port, path, each) for _round in range(rounds)]
            theirs = [load(other, "/page.html", each) for _round in range(rounds)] if other else []
    print(f"  page      : {len(page):,} bytes over the wire, uncompressed")
    print(f"  ours      : {median(ours):8,.0f} pages per second, each with a token of its own")
    if theirs:
        print(f"  nginx     : {median(theirs):8,.0f} pages per second, a file")
        print(f"  ratio     : {median(ours) / median(theirs):.2f} of nginx with the same bytes")
    else:
        print("  ratio     : none, no nginx is installed here (Debian: apt-get install nginx)")


@contextmanager
def granian(application: str = "alliance.wsgi:application") -> Iterator[int]:
    """The web server of production, on this database; its port."""
    port = _free_port()
    to = connection.settings_dict
    url = f"postgres://{to['USER']}:{to['PASSWORD']}@{to['HOST']}:{to['PORT']}/{to['NAME']}"
    environment = {**os.environ, "DATABASE_URL": url, "LOG_LEVEL": "WARNING"}
    environment |= dict.fromkeys(
        ("CLAIMS_PER_DEVICE", "CLAIMS_PER_NETWORK", "CLAIMS_NETWORK_MOST"), "100000000"
    )
    server = subprocess.Popen(
        [sys.executable, "-m", "granian", "--interface", "wsgi", application, "--host",
         "127.0.0.1", "--port", str(port), "--no-ws", "--workers", "1", "--blocking-threads", "4"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def _nginx(folder: Path, page: bytes) -> Iterator[int]:
    """nginx with that page, on a port of its own; 0 where it is not installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        yield 0
        return
    port = _free_port()
    (folder / "page.html").write_bytes(page.partition(b"\r\n\r\n")[2])
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(
        f"""
        daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
        events {{ worker_connections 256; }}
        http {{ access_log off; keepalive_requests 1000000; default_type text/html;
            client_body_temp_path {folder}/1; proxy_temp_path {folder}/2;
            fastcgi_temp_path {folder}/3; uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
            server {{ listen 127.0.0.1:{port}; root {folder}; }} }}
        """
    )
    server = subprocess.Popen([program, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def load(port: int, path: str, each: int) -> float:
    """Answers per second to 32 connections that ask `each` times, one after the other."""
    asked = _request(path)
    started = time.perf_counter()
    poll = select.epoll()
    open_: dict[int, tuple[socket.socket, list[bytes], list[int]]] = {}
    for _number in range(CONNECTIONS):
        one = socket.create_connection(("127.0.0.1", port))
        one.sendall(asked)
        open_[one.fileno()] = (one, [], [each])
        poll.register(one.fileno(), select.EPOLLIN)
    while open_:
        for fd, _event in poll.poll():
            one, got, left = open_[fd]
            got.append(one.recv(65536))
            if not got[-1]:
                raise AssertionError("the server hung up")
            if not _whole(b"".join(got)):
                continue
            if not got[0].startswith(b"HTTP/1.1 200"):
                raise AssertionError(got[0][:200])
            got.clear()
            left[0] -= 1
            if left[0]:
                one.sendall(asked)
            else:
                poll.unregister(fd)
                one.close()
                del open_[fd]
    return CONNECTIONS * each / (time.perf_counter() - started)


def _request(path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {AGENT}\r\n"
        "Accept-Language: zh-CN\r\n\r\n"
    ).encode()


def _whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    ]
    return bool(end) and len(body) >= lengths[0]


def _read(port: int, path: str) -> bytes:
    """One whole answer."""
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(_request(path))
        got = b""
        while not _whole(got):
            got += one.recv(65536)
        return got


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(port: int) -> None:
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
