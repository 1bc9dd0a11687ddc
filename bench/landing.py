"""The coupon page under load, beside nginx serving the same bytes.

Both over real sockets, to 32 connections that stay open, in turns. Ours answers each visitor with a
cookie and a signed token of their own; nginx reads a file. Where there is no nginx, that is said.
"""

import tempfile
from pathlib import Path
from statistics import median

from bench.night import Night
from bench.web import Answer, Buyer, Visit, browse_together, granian, nginx

CONNECTIONS = 32


def run(small: bool = False) -> None:
    rounds, each = (1, 4) if small else (3, 60)
    night = Night()
    night.stock(5_000)
    path = f"/s/{night.link.code}"
    with tempfile.TemporaryDirectory() as folder, granian(workers=1) as port:
        page = _page(port, path)
        (Path(folder) / "page.html").write_bytes(page.body)
        with nginx(Path(folder), f"root {folder};") as other:
            ours = [load(port, path, each) for _round in range(rounds)]
            theirs = [load(other, "/page.html", each) for _round in range(rounds)] if other else []
    print(
        f"  page      : {len(page.head) + 4 + len(page.body):,} bytes over the wire, uncompressed"
    )
    print(f"  ours      : {median(ours):8,.0f} pages per second, each with a token of its own")
    if theirs:
        print(f"  nginx     : {median(theirs):8,.0f} pages per second, a file")
        print(f"  ratio     : {median(ours) / median(theirs):.2f} of nginx with the same bytes")
    else:
        print("  ratio     : none, no nginx is installed here (Debian: apt-get install nginx)")


def load(port: int, path: str, each: int) -> float:
    """Answers per second to 32 connections that ask `each` times, one after the other."""

    def visit() -> Visit:
        for _page in range(each):
            answer = yield Buyer("10.0.0.1").get(path)
            if answer.status != 200:
                raise AssertionError(answer)

    seconds = browse_together(port, [visit() for _number in range(CONNECTIONS)])
    return CONNECTIONS * each / seconds


def _page(port: int, path: str) -> Answer:
    """One whole answer."""
    kept: list[Answer] = []

    def visit() -> Visit:
        kept.append((yield Buyer("10.0.0.1").get(path)))

    browse_together(port, [visit()])
    return kept[0]
