"""A call that comes twice with one key is carried out once, also when both come at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections

from alliance.kernel import clock, idempotency
from alliance.kernel.errors import Invalid, KeyReused, WrongState
from alliance.kernel.models import IdempotentCall
from alliance.kernel.tasks import idempotent_calls_forget

SCOPE = "api:1:orders"


class Call:
    """Counts how often it was carried out."""

    def __init__(self, answer=None):
        self.answer = answer or (201, {"id": 7})
        self.times = 0

    def __call__(self):
        self.times += 1
        return self.answer


def once(call, key="k-1", content=None, scope=SCOPE):
    return idempotency.once(scope=scope, key=key, content=content or {"a": 1}, call=call)


@pytest.mark.django_db
def test_the_second_call_gets_the_first_answer():
    call = Call()

    assert once(call) == ((201, {"id": 7}), False)
    assert once(call) == ((201, {"id": 7}), True)
    assert call.times == 1


@pytest.mark.django_db
def test_the_order_of_the_content_does_not_matter_but_the_content_does():
    call = Call()
    once(call, content={"a": 1, "b": 2})

    assert once(call, content={"b": 2, "a": 1})[1] is True
    with pytest.raises(KeyReused):
        once(call, content={"a": 1, "b": 3})
    assert call.times == 1


@pytest.mark.django_db
def test_a_key_belongs_to_its_scope():
    call = Call()
    once(call)

    assert once(call, scope="api:2:orders")[1] is False
    assert call.times == 2


@pytest.mark.django_db
def test_without_a_key_each_call_is_carried_out():
    call = Call()
    once(call, key="")
    once(call, key="")

    assert call.times == 2
    assert not IdempotentCall.objects.exists()


@pytest.mark.django_db
def test_a_key_that_is_too_long_is_refused():
    with pytest.raises(Invalid):
        once(Call(), key="x" * 256)


@pytest.mark.django_db
def test_a_call_that_failed_may_be_tried_again():
    def refuse():
        raise WrongState

    with pytest.raises(WrongState):
        once(refuse)
    call = Call()

    assert once(call) == ((201, {"id": 7}), False)
    assert call.times == 1


@pytest.mark.django_db(transaction=True)
def test_ten_at_once_are_carried_out_once():
    start = threading.Barrier(10)
    lock, ran = threading.Lock(), []

    def call():
        with lock:
            ran.append(threading.get_ident())
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")  # the others arrive meanwhile
        return 201, {"by": "the first"}

    def one(_):
        try:
            start.wait(timeout=10)
            return once(call)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(one, range(10)))

    assert len(ran) == 1
    assert {str(answer) for answer, _ in answers} == {str((201, {"by": "the first"}))}
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * 9


@pytest.mark.django_db(transaction=True)
def test_when_the_first_of_two_fails_the_second_is_carried_out():
    inside, seen = threading.Event(), []

    def failing():
        inside.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")
        raise WrongState

    def first():
        try:
            once(failing)
        except WrongState:
            seen.append("refused")
        finally:
            connections.close_all()

    def second():
        try:
            inside.wait(timeout=10)
            seen.append(once(Call()))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert seen == ["refused", ((201, {"id": 7}), False)]


@pytest.mark.django_db
def test_a_key_is_remembered_for_thirty_days():
    idempotency.once(scope="s", key="k", content={}, call=lambda: (200, {}))
    with clock.at(clock.now() + timedelta(days=29)):
        idempotent_calls_forget()
    assert IdempotentCall.objects.exists()
    with clock.at(clock.now() + timedelta(days=31)):
        idempotent_calls_forget()
    assert not IdempotentCall.objects.exists()
