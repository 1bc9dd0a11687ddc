"""What a process remembers of a coupon page: one thread looks it up anew, the others go on."""

from threading import Event, Thread

import pytest
from django.db import connection

from campaigns.door import memory

pytestmark = pytest.mark.django_db(transaction=True)


def test_while_one_thread_looks_anew_the_others_go_on_with_the_old(world, monkeypatch):
    code = world.cast.link.code
    old = memory.known_of(code)
    monkeypatch.setattr(memory, "FRESH", -1.0)  # its second is over
    asked, go_on, found = Event(), Event(), []

    def look():
        def slowly(execute, *said):
            asked.set()
            assert go_on.wait(30)
            return execute(*said)

        with connection.execute_wrapper(slowly):
            found.append(memory.known_of(code))
        connection.close()

    thread = Thread(target=look)
    thread.start()
    assert asked.wait(30)
    assert memory.known_of(code) is old
    go_on.set()
    thread.join()
    assert found[0] is not old
    assert found[0].offer.stock_id == old.offer.stock_id
    assert memory.known_of(code) is not found[0], "and the next one looks again"


def test_a_look_up_that_fails_leaves_the_way_free_for_the_next(world, monkeypatch):
    code = world.cast.link.code
    monkeypatch.setattr(memory, "FRESH", -1.0)
    old = memory.known_of(code)

    def away(*_said):
        raise ConnectionError

    with connection.execute_wrapper(away), pytest.raises(ConnectionError):
        memory.known_of(code)
    assert memory.known_of(code) is not old
