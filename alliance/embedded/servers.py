"""PostgreSQL and Valkey: yours where the environment names them, ours otherwise."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alliance.embedded import postgres, valkey
from alliance.embedded.processes import ChildDied, Family
from alliance.embedded.state import State


def start(family: Family, state: State, *, fast: bool = False) -> Iterator[tuple[str, str]]:
    """Start PostgreSQL, then Valkey; yield the name of each one's variable and its URL.

    `fast` trades durability for speed, for data that is thrown away.
    """
    yield "DATABASE_URL", os.environ.get("DATABASE_URL") or _postgres(family, state, fast=fast)
    yield "REDIS_URL", os.environ.get("REDIS_URL") or _valkey(family, state, fast=fast)


def _postgres(family: Family, state: State, *, fast: bool) -> str:
    url = _with_another_port(
        lambda port: postgres.start(
            family,
            state.servers / "postgres",
            password=state.secret("postgres"),
            log=state.log("postgres"),
            options=postgres.FAST if fast else postgres.DURABLE,
            port=port,
        ),
        family,
        state.port("postgres"),
    )
    postgres.ensure_database(url)
    state.remember_port("postgres", url)
    return url


def _valkey(family: Family, state: State, *, fast: bool) -> str:
    url = _with_another_port(
        lambda port: valkey.start(
            family,
            state.home / "valkey",
            password=state.secret("valkey"),
            log=state.log("valkey"),
            keep=not fast,
            port=port,
        ),
        family,
        state.port("valkey"),
    )
    state.remember_port("valkey", url)
    return url


def _with_another_port(start: Callable[[int], str], family: Family, port: int) -> str:
    """Between finding a port free and taking it somebody may come; then try another one."""
    for attempt in range(3):
        try:
            return start(port if attempt == 0 else 0)
        except ChildDied as exc:
            if attempt == 2 or "in use" not in exc.tail:
                raise
            family.children.pop()
    raise AssertionError("unreachable")


@contextmanager
def servers(state: State, *, fast: bool = False) -> Iterator[dict[str, str]]:
    """Both servers for the length of a block; yields the environment that names them."""
    with Family(state.record) as family:
        yield dict(start(family, state, fast=fast)) | family.mark
