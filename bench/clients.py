"""Many clients of the database at once, driven by one process, each on a connection of its own."""

import select
import time
from collections.abc import Generator, Iterable
from typing import Any

import psycopg2
from django.db import connection
from psycopg2.extensions import POLL_OK, POLL_READ

# What a client says: statements with their parameters, one after the other; each is answered by
# the first row that came back, or None.
Statement = tuple[str, list[Any]]
Talk = Generator[Statement, tuple[Any, ...] | None, None]


class Client:
    """A connection that talks as far as it can without waiting."""

    def __init__(self, talk: Talk) -> None:
        said = connection.get_connection_params()
        names = ("dbname", "user", "password", "host", "port")
        self.connection: Any = psycopg2.connect(
            async_=1, **{name: said[name] for name in names if name in said}
        )
        self.cursor: Any = None
        self.talk = talk
        self.over = False

    def connect(self) -> int:
        """Wait for the connection; returns what to poll."""
        self._wait()
        self.cursor = self.connection.cursor()
        return int(self.connection.fileno())

    def _wait(self) -> None:
        fd = self.connection.fileno()
        while (state := self.connection.poll()) != POLL_OK:
            reads = state == POLL_READ
            select.select([fd] if reads else [], [] if reads else [fd], [])

    def warm_up(self) -> None:
        """Say the first statement and wait for its answer: what a connection learns once, it knows
        then, as those of a server that has been running do."""
        self.cursor.execute(*next(self.talk))
        self._wait()

    def go_on(self) -> int:
        """The events to wait for; 0 when there is nothing more to say."""
        while (state := self.connection.poll()) == POLL_OK:
            answer = self.cursor.fetchone() if self.cursor.description else None
            try:
                self.cursor.execute(*self.talk.send(answer))
            except StopIteration:
                self.connection.close()
                return 0
        return select.EPOLLIN if state == POLL_READ else select.EPOLLOUT


def talk_together(talks: Iterable[Talk]) -> float:
    """A client for each, all at once; the seconds from everybody's second statement to the last
    answer."""
    clients = [Client(talk) for talk in talks]
    by_fd = {client.connect(): client for client in clients}
    for client in by_fd.values():
        client.warm_up()
    poll = select.epoll()
    started = time.perf_counter()
    for fd, client in list(by_fd.items()):
        if events := client.go_on():
            poll.register(fd, events)
        else:  # it had little to say, and was answered at once
            del by_fd[fd]
    while by_fd:
        for fd, _event in poll.poll():
            if events := by_fd[fd].go_on():
                poll.modify(fd, events)
            else:
                del by_fd[fd]
    return time.perf_counter() - started
