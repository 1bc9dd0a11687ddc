"""The change feed: whoever follows it has everything, however many write at once."""

import random
import time
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.test import Client

from alliance.kernel import clock, feed
from alliance.kernel.access import api_key_issue
from alliance.kernel.models import FeedBase
from alliance.kernel.rest.pages import cursor_read, cursor_say
from commissions.services import settlements
from merchants.models import Order, Product
from tests.cast import cast_make
from tests.processes import in_processes
from tests.rows import decided

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
WRITERS, EACH = 4, 12


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        made = cast_make()
    with clock.at(MAY):
        yield made


def key(user, organisation, *scopes):
    _key, token = api_key_issue(actor=user, organisation=organisation, name="x", scopes=scopes)
    return Client(headers={"Authorization": f"Bearer {token}"})


def read(client, cursor="", **params):
    """All that there is behind the cursor, and where the feed stands then."""
    decided()
    return follow(client, cursor, **params)


def follow(client, cursor="", **params):
    """The same, of what is decided by now."""
    items, more = [], True
    while more:
        answer = client.get("/api/v1/changes", {"cursor": cursor, **params})
        assert answer.status_code == 200, answer.content
        page = answer.json()
        items += page["items"]
        cursor, more = page["next"], page["more"]
    return items, cursor


def test_each_side_hears_of_its_own_until_the_month_is_settled(cast):
    lin = key(cast.lin, f"affiliate:{cast.affiliate.pk}", "commissions:read", "products:read")
    chen = key(cast.chen, f"merchant:{cast.merchant.pk}", "orders:read")
    first, mine = read(lin)
    assert [(one["type"], one["id"]) for one in first] == [("product", cast.product.pk)]
    seen, theirs = read(chen)
    assert seen == []

    commission = cast.sold("A1")
    (told,), mine = read(lin, mine)
    assert (told["type"], told["id"]) == ("commission", commission.pk)
    assert (told["data"]["state"], told["data"]["net_minor"]) == ("estimated", 1934)
    (told,), theirs = read(chen, theirs)
    assert told["type"] == "order"
    assert told["data"]["processed"]
    assert told["data"]["lines"][0]["commission"]["commission_minor"] == 2388

    cast.received("A1")
    cast.product.price_minor = 5000
    cast.product.save()
    Product.objects.update(sales_count=7)  # of the night, and no news
    told, mine = read(lin, mine)
    assert [(one["type"], one["data"].get("state")) for one in told] == [
        ("commission", "confirmed"), ("product", None),
    ]  # fmt: skip
    with clock.at(MAY.replace(month=6, day=20)):
        settlements.settlement_run(month=MAY.date(), currency="CNY")
    told, mine = read(lin, mine)
    assert [one["data"]["month"] for one in told if one["type"] == "settlement"] == ["2026-05-01"]
    decided()
    present = feed.now().position
    told, mine = read(lin, mine)
    assert told == []
    # Whoever has all stands at the present, and does not read over others' rows each time.
    assert {place[1] >= present for place in cursor_read(mine, of="changes")} == {True}
    assert read(chen, theirs, types="order")[0][0]["data"]["state"] == "received"
    assert read(lin, since="now")[0] == []

    for client, asked in ((chen, "types=product"), (lin, "types=order"), (lin, "cursor=x"),
                          (lin, "types=commission,nothing")):  # fmt: skip
        assert client.get(f"/api/v1/changes?{asked}").status_code in (400, 403)
    other = key(cast.chen, f"merchant:{cast.merchant.pk}", "wallet:read")
    assert other.get("/api/v1/changes").json()["error"]["code"] == "scope_missing"


def test_a_full_page_leaves_what_is_behind_it_for_the_next(cast):
    chen = key(cast.chen, f"merchant:{cast.merchant.pk}", "orders:read", "products:read")
    for number in ("A1", "A2", "A3"):
        cast.record(cast.report(number))
    told, _cursor = read(chen, limit=1)
    assert sorted(one["type"] for one in told) == ["order", "order", "order", "product"]


def test_writers_that_overlap_hide_nothing_from_who_follows(cast, tmp_path):
    """Transactions end in another order than they began in. Whoever follows meanwhile ends up with
    every order, and with the last word about each."""
    chen = key(cast.chen, f"merchant:{cast.merchant.pk}", "orders:read")
    now = clock.now()

    def write(writer: int) -> None:
        chance = random.Random(writer)
        for number in range(EACH):
            with transaction.atomic():
                Order.objects.create(
                    merchant=cast.merchant, shop=cast.shop, external_id=f"{writer}-{number}",
                    state="placed", currency="CNY", placed_at=now, reported_at=now,
                )  # fmt: skip
                time.sleep(chance.random() / 20)
            one = Order.objects.filter(external_id=f"{writer}-{chance.randrange(number + 1)}")
            with transaction.atomic():
                one.update(void_reason=f"{number}")
                time.sleep(chance.random() / 20)
        (tmp_path / f"done-{writer}").touch()

    def listen() -> None:
        latest: dict[str, str] = {}
        cursor, rounds, done = "", 0, False
        while not done:
            done = len(list(tmp_path.glob("done-*"))) == WRITERS  # then one round more
            if done:
                decided()
            items, cursor = follow(chen, cursor, limit=7)
            latest |= {one["data"]["external_id"]: one["data"]["void_reason"] for one in items}
            rounds += 1
            (tmp_path / "reading").touch()
        assert latest == dict(Order.objects.values_list("external_id", "void_reason"))
        assert len(latest) == WRITERS * EACH
        assert rounds > 1

    in_processes(*(partial(write, writer) for writer in range(WRITERS)), listen)


def test_a_restore_into_another_server_begins_beyond_all_that_was_told(cast):
    lin = key(cast.lin, f"affiliate:{cast.affiliate.pk}", "products:read")
    with connection.cursor() as cursor:  # as a server left it that had run for long
        cursor.execute("ALTER TABLE merchants_product DISABLE TRIGGER merchants_product_feed")
        cursor.execute("UPDATE merchants_product SET feed_position = 7000000000000")
        cursor.execute("ALTER TABLE merchants_product ENABLE TRIGGER merchants_product_feed")
    FeedBase.objects.update_or_create(id=1, defaults={"base": 0, "server": 1})
    assert read(lin)[0] == []  # its positions are to come here

    feed.begin()
    (told,), cursor = read(lin)
    assert told["id"] == cast.product.pk
    cast.product.title = "New"
    cast.product.save()
    (told,), cursor = read(lin, cursor)
    assert told["data"]["title"] == "New"
    base = FeedBase.objects.get().base
    feed.begin()
    assert FeedBase.objects.get().base == base

    def asked(position):  # with a cursor of the server before
        before = cursor_say([["product", position, 0]], of="changes")
        return lin.get("/api/v1/changes", {"cursor": before}).status_code

    last = base - feed.MARGIN  # of what was in the dump; what came after it is lost
    assert [asked(last), asked(last + 1), asked(base - 1)] == [200, 410, 410]

    FeedBase.objects.update(base=0)  # a dump that is older than the cursor
    answer = lin.get("/api/v1/changes", {"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "cursor_expired")
