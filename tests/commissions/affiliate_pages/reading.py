"""How the tests of the affiliate's pages read them, and what had happened before."""

import csv
import io
from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from alliance.kernel import clock
from commissions.services import payouts, settlements

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


JUNE_20 = datetime(2026, 6, 20, 3, tzinfo=clock.ZONE)


JUNE_22 = datetime(2026, 6, 22, 12, tzinfo=clock.ZONE)


def read(client, name, *args, **query):
    response = client.get(reverse(f"commissions:{name}", args=args), query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def rows_of(client, name, **query):
    response = client.get(reverse(f"commissions:{name}"), query)
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")  # by this Excel knows that it is UTF-8
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def settled(cast, number="T1"):
    """An order of May, received, settled on June 20."""
    commission = cast.sold(number)
    with clock.at(MAY + timedelta(days=3)):
        cast.received(number, placed_at=commission.placed_at, paid_at=commission.placed_at)
    with clock.at(JUNE_20):
        settlements.settlement_run(month=MAY.date(), currency="CNY")


def payee(cast):
    return payouts.payee_set(
        actor=cast.lin,
        affiliate=cast.affiliate,
        holder="Lin Xiaomei",
        institution="ICBC",
        number="6222 0231 0004 5678 912",
    )


def questions(client, name):
    url = reverse(f"commissions:{name}")
    client.get(url)  # caches of content types, sites
    with CaptureQueriesContext(
        connection,
    ) as asked:
        response = client.get(url)
        if response.streaming:
            b"".join(response.streaming_content)
    return len(asked)
