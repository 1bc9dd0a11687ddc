"""The audit trail stands in the transaction of the change, and the database keeps it."""

import pytest
from django.db import Error, connection, transaction

from alliance.kernel import audit
from alliance.kernel.models import AuditEvent, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return User.objects.create_user("someone@example.org", "secret")


@pytest.fixture
def event(person):
    return audit.record("user.named", person, actor=person, before="", after="Lin")


def test_a_record_says_who_did_what_to_which_thing(event, person):
    event.refresh_from_db()

    assert (event.verb, event.actor) == ("user.named", person)
    assert (event.object_type, event.object_id) == ("kernel.user", str(person.pk))
    assert event.data == {"before": "", "after": "Lin"}


def test_without_the_change_there_is_no_record(person):
    with transaction.atomic():
        audit.record("user.named", person)
        transaction.set_rollback(True)

    assert not AuditEvent.objects.exists()


def test_within_a_request_the_record_knows_where_it_came_from(person):
    token = audit.request_context.set(audit.RequestContext("r-1", "203.0.113.9"))
    try:
        event = audit.record("user.named", person)
    finally:
        audit.request_context.reset(token)

    assert (event.request_id, event.ip) == ("r-1", "203.0.113.9")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE kernel_auditevent SET verb = 'nothing.happened'",
        "DELETE FROM kernel_auditevent",
        "TRUNCATE kernel_auditevent CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_trail(event, statement):
    """Raw SQL: not our Python says no, PostgreSQL does."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or TRUNCATE waits for the insert's
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            cursor.execute(statement)
    assert AuditEvent.objects.get().verb == "user.named"


def test_python_refuses_earlier(event):
    event.verb = "nothing.happened"
    with pytest.raises(TypeError, match="append-only"):
        event.save()
    with pytest.raises(TypeError, match="append-only"):
        event.delete()
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        AuditEvent.objects.update(verb="nothing.happened")
