"""The campaigns' desk as a person uses it: forms as the pages bring them, filled in."""

from datetime import datetime, timedelta

from django.test import Client

from alliance.kernel import clock
from campaigns.models import Campaign

DESK = "/admin/campaigns/campaign/"
DAY = timedelta(days=1)
NOON = datetime(2026, 6, 1, 12, tzinfo=clock.ZONE)


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def asked(client: Client, kind: str, **changes) -> dict:
    """The form as the page brings it, filled in as a browser would send it, with some changes."""
    form = client.get(f"{DESK}make/?kind={kind}").context["form"]
    return typed(form) | changes


def typed(form) -> dict:
    data = {}
    for bound in form:
        value = bound.value()
        cells = getattr(bound.field, "cells", None)
        if cells is not None:
            data[f"{bound.html_name}-count"] = len(value)
            for place, row in enumerate(value):
                for name, cell in cells.items():
                    if row.get(name) not in (None, "") and row[name] is not False:
                        data[f"{bound.html_name}-{place}-{name}"] = cell.prepare_value(row[name])
        elif isinstance(value, datetime):
            data[bound.html_name] = value.astimezone(clock.ZONE).strftime("%Y-%m-%dT%H:%M")
        elif value is not None and value is not False:
            data[bound.html_name] = getattr(value, "pk", value)
    return data


def make(client: Client, kind: str = "double_commission", **changes) -> Campaign:
    answer = client.post(f"{DESK}make/?kind={kind}", asked(client, kind, **changes))
    assert answer.status_code == 302, answer.context["form"].errors
    return Campaign.objects.latest("pk")


def publish(client: Client, made: Campaign, **changes):
    """As the page that asks for it would send it."""
    made.refresh_from_db()
    seen = made.updated_at.isoformat()
    return client.post(f"{DESK}{made.pk}/publish/", {"seen": seen, **changes})


def published(ops: Client, second: Client, **changes) -> Campaign:
    made = make(ops, all_products="on", starts_at="2026-06-01T00:00", **changes)
    answer = publish(second, made)
    assert answer["Location"] == f"{DESK}{made.pk}/change/"
    made.refresh_from_db()
    return made
