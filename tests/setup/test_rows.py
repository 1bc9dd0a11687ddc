"""What is put back into the test database is what was there."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import TransactionTestCase

from alliance.kernel import clock
from commissions.models import Settlement
from commissions.services import settlements
from commissions.verify import verify
from tests import rows
from tests.cast import cast_make

PARTED = ("affiliates_touch_", "commissions_settlementline_")
MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


def rows_now():
    """By table and its columns. Where a row stands in the change feed is when it was last written,
    and a row that is put back is written."""
    return {
        table: sorted(_without(table, "feed_position", text))
        for table, text in rows.taken().items()
    }


def _without(table, column, text):
    columns = table.partition("(")[2].rstrip(")").split(", ")
    if column not in columns:
        return text.splitlines()
    place = columns.index(column)
    cells = [line.split("\t") for line in text.splitlines()]
    return ["\t".join(row[:place] + row[place + 1 :]) for row in cells]


@pytest.mark.django_db(transaction=True)
def test_a_cast_that_was_put_back_is_the_cast_that_was_made():
    with clock.at(MAY):
        first, made = cast_make(), rows_now()
        first.merchant.name = "in this test only"
        TransactionTestCase._fixture_teardown(None)
        second = cast_make()

    assert rows_now() == made
    assert len(made) > 15
    assert (second.merchant.pk, second.merchant.name) == (first.merchant.pk, "Chen Home")
    with clock.at(MAY + timedelta(days=1)):
        assert second.sold().net_minor == 1934
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_another_moment_has_another_cast():
    def begun(moment):
        with clock.at(moment):
            cast = cast_make()
        TransactionTestCase._fixture_teardown(None)
        return cast.merchant.created_at

    assert begun(MAY + timedelta(days=1)) - begun(MAY) == timedelta(days=1)


def settled():
    with clock.at(MAY - timedelta(days=1)):
        cast = cast_make()
    with clock.at(MAY):
        cast.sold()
        cast.received()
    with clock.at(MAY.replace(month=6, day=20)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    return cast


@pytest.mark.django_db(transaction=True)
def test_partitions_come_back_and_are_guarded_as_they_were():
    TransactionTestCase._fixture_teardown(None)  # a late process of another file may have written
    rows.once(settled)
    made = rows_now()
    TransactionTestCase._fixture_teardown(None)
    rows.once(settled)

    assert rows_now() == made
    assert sum(name.startswith(PARTED) for name in made) == 2
    assert verify() == []
    with (
        pytest.raises(IntegrityError, match="append-only: TRUNCATE"),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"TRUNCATE commissions_settlementline_{Settlement.objects.get().pk}")
