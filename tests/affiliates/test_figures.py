"""Figures of clicks by day: people, visitors, bots and previews, counted once however often."""

import csv
import io
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affiliates import queries, tasks
from affiliates.drain import drain
from affiliates.models import ClickDay, ClickNews, Touch
from affiliates.queries import Clicks
from affiliates.services import Click, months, touches_record
from affiliates.services.figures import clicks_count
from affiliates.spool import spool
from alliance.kernel import clock
from commissions.verify import verify
from tests.processes import in_processes

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 6, 10, 4, tzinfo=UTC)
DAY = date(2026, 6, 10)


@pytest.fixture
def links(make_link, affiliate, make_product):
    """Two of one affiliate to two products."""
    return [make_link(affiliate, make_product()) for _link in range(2)]


@pytest.fixture
def stranger_link(make_link, make_affiliate, make_product):
    """Another affiliate's, into the same shop."""
    return make_link(make_affiliate(), make_product())


def clicked(link, **facts) -> Click:
    return Click.through(link, **{"touched_at": NOON, **facts})


def of_day(affiliate, day: date = DAY) -> Clicks:
    return queries.clicks_by_day(affiliate, day, day)[day]


def test_a_visitor_is_counted_once_a_day_wherever_the_clicks_went(links, affiliate, shop):
    one, other = links
    touches_record(
        [
            clicked(one, visitor_key="a"),
            clicked(one, visitor_key="a"),
            clicked(other, visitor_key="a", touched_at=NOON + timedelta(hours=2)),
            clicked(other, visitor_key="b"),
            clicked(other, visitor="bot", ip_key="x"),
            clicked(other, visitor="preview", ip_key="y"),
        ]
    )
    assert of_day(affiliate) == Clicks(), "not counted yet"
    assert clicks_count() == 1

    whole = Clicks(clicks=4, visitors=2, bots=1, previews=1)
    assert of_day(affiliate) == whole
    assert queries.clicks_of_merchant(shop.merchant, DAY, DAY) == {DAY: whole}
    assert queries.clicks_of_all(DAY, DAY) == {DAY: whole}
    assert queries.clicks_by_affiliate(shop.merchant, None, DAY) == {affiliate.pk: whole}
    assert queries.clicks_by_affiliate(shop.merchant, DAY + timedelta(days=1), None) == {}
    assert queries.clicks_by_zone(affiliate, DAY, DAY) == {one.zone_id: whole}
    for row in ClickDay.objects.all():
        assert (row.hours is None) == (row.link_id is not None)
        assert row.hours is None or sum(row.hours) == row.clicks
    assert ClickDay.objects.get(zone=one.zone_id, link=None).hours[12] == 3  # noon in Shanghai
    of_links = queries.links_for(affiliate.members.get().user)
    assert {row.pk: (row.clicks, row.visitors, row.bots, row.previews) for row in of_links} == {
        one.pk: (2, 1, 0, 0),
        other.pk: (2, 2, 1, 1),
    }


def test_without_a_key_a_visitor_is_an_address_or_else_the_click_itself(links, affiliate):
    touches_record(
        [
            clicked(links[0], ip_key="x"),
            clicked(links[0], ip_key="x"),
            clicked(links[0], ip_key="x", visitor_key="a"),
            clicked(links[0]),
            clicked(links[0]),
        ]
    )
    clicks_count()
    assert of_day(affiliate) == Clicks(clicks=5, visitors=4)


def test_days_are_business_days_and_each_counts_its_visitors(links, affiliate):
    midnight = clock.day_start(DAY)
    touches_record(
        [
            clicked(links[0], visitor_key="a", touched_at=midnight - timedelta(seconds=1)),
            clicked(links[0], visitor_key="a", touched_at=midnight),
        ]
    )
    assert clicks_count() == 2
    yesterday = DAY - timedelta(days=1)
    assert queries.clicks_by_day(affiliate, yesterday, DAY) == {
        yesterday: Clicks(1, 1), DAY: Clicks(1, 1),
    }  # fmt: skip


def test_only_days_with_news_are_counted_and_once_more_changes_nothing(links, affiliate):
    touches_record([clicked(links[0], visitor_key="a")])
    assert [clicks_count(), clicks_count()] == [1, 0]
    before = list(ClickDay.objects.order_by("pk").values())
    assert clicks_count() == 0
    assert list(ClickDay.objects.order_by("pk").values()) == before

    touches_record([clicked(links[0], visitor_key="a", touched_at=NOON - timedelta(days=1))])
    assert clicks_count() == 1
    assert of_day(affiliate) == Clicks(1, 1)
    assert verify() == []


def test_a_line_that_is_delivered_again_is_no_news(links, affiliate):
    click = clicked(links[0], visitor_key="a")
    for news in (1, 0):
        spool.write(click)
        drain()
        assert ClickNews.objects.count() == news
        clicks_count()
    assert of_day(affiliate) == Clicks(1, 1)


def test_claims_are_no_clicks(links, affiliate):
    fields = {name: getattr(clicked(links[0]), name) for name in Click.__dataclass_fields__}
    Touch.objects.create(kind="claim", **fields)
    touches_record([clicked(links[0])])
    clicks_count()
    assert of_day(affiliate) == Clicks(1, 1)


def test_figures_stay_when_the_clicks_are_gone(links, affiliate):
    last_of_january = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)  # 1 February in Shanghai
    february = last_of_january + timedelta(hours=1)
    touches_record(
        [
            clicked(links[0], visitor_key="a", touched_at=last_of_january),
            clicked(links[0], visitor_key="b", touched_at=february),
        ]
    )
    day = clock.business_day(february)
    assert clock.business_day(last_of_january) == day
    with clock.at(last_of_january + timedelta(days=402)):
        assert months.months_drop() == [], "not before they are counted"
        tasks.touches_turn()
        assert Touch.objects.count() == 1
        assert of_day(affiliate, day) == Clicks(2, 2)
        assert verify() == []

        late = clicked(links[0], visitor_key="c", touched_at=february)
        touches_record([late])
        clicks_count()
        assert of_day(affiliate, day) == Clicks(2, 2), "half of that day could not be counted again"
        assert verify() == []


_spans = count()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(
            st.tuples(
                st.integers(0, 2),  # link
                st.sampled_from(["", "a", "b"]),  # visitor key
                st.sampled_from(["", "x", "y"]),  # ip key
                st.sampled_from(["human", "human", "human", "bot", "preview"]),
                st.integers(0, 40),  # hours
            ),
            max_size=8,
        ),
        max_size=3,
    )
)
def test_counted_bit_by_bit_as_if_counted_at_once(links, stranger_link, batches):
    everyone = [*links, stranger_link]
    start = NOON + timedelta(days=5 * next(_spans))  # nothing of the example before
    rows: dict[tuple[Any, ...], list[Click]] = defaultdict(list)
    for batch in batches:
        clicks = [
            clicked(everyone[n], visitor_key=key, ip_key=ip, visitor=kind,
                    touched_at=start + timedelta(hours=hours))
            for n, key, ip, kind, hours in batch
        ]  # fmt: skip
        touches_record(clicks)
        clicks_count()
        for click in clicks:
            day, merchant = clock.business_day(click.touched_at), stranger_link.shop.merchant_id
            who, zone, link = click.affiliate_id, click.zone_id, click.link_id
            for row in ((), (who,), (who, None, zone), (who, None, zone, link),
                        (None, merchant), (who, merchant)):  # fmt: skip
                rows[day, *row, *[None] * (4 - len(row))].append(click)
    counted = ClickDay.objects.filter(day__gte=start.date())
    keys = ("day", "affiliate", "merchant", "zone", "link")
    assert {row[:5]: row[5:] for row in counted.values_list(*keys, *queries.FIGURES)} == {
        row: figures_of(clicks) for row, clicks in rows.items()
    }


def figures_of(clicks: list[Click]) -> tuple[int, int, int, int]:
    people = [click for click in clicks if click.visitor == "human"]
    return (
        len(people),
        len({click.visitor_key or click.ip_key or click.click_id for click in people}),
        sum(click.visitor == "bot" for click in clicks),
        sum(click.visitor == "preview" for click in clicks),
    )


@pytest.mark.django_db(transaction=True)
def test_counted_while_clicks_come_none_is_missed(links, affiliate):
    def come():
        for n in range(40):
            touches_record([clicked(links[n % 2], visitor_key=str(n))])

    def count_on():
        for _time in range(15):
            clicks_count()

    in_processes(come, count_on, come, count_on)
    clicks_count()
    assert of_day(affiliate) == Clicks(clicks=80, visitors=40)
    assert not ClickNews.objects.exists()


# --- Where they are shown ---


def rows_of(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode().removeprefix("\ufeff")
    return list(csv.reader(io.StringIO(text)))


def test_the_links_and_their_file_show_the_same(links, affiliate, client):
    one, other = links
    touches_record(
        [clicked(one, visitor_key="a"), clicked(one, visitor_key="a"), clicked(one, visitor="bot")]
    )
    clicks_count()
    client.force_login(affiliate.owner)
    page = client.get(reverse("affiliates:links"))
    header, *rows = rows_of(client.get(reverse("affiliates:links_csv")))

    assert header[-4:] == ["Clicks", "Visitors", "Bots", "Link previews"]
    assert [row[-4:] for row in rows] == [["0", "0", "0", "0"], ["2", "1", "1", "0"]]
    assert [row[0].rpartition("/")[2] for row in rows] == [other.code, one.code]
    assert [(row.clicks, row.visitors) for row in page.context["page"]] == [(0, 0), (2, 1)]
    assert "+ 1 bot<" in page.content.decode()


def test_ad_zones_show_the_last_thirty_days(links, affiliate, client, now):
    old = clicked(links[0], visitor_key="a", touched_at=NOON - timedelta(days=30))
    touches_record([old, clicked(links[0], visitor_key="b"), clicked(links[0], visitor_key="b")])
    clicks_count()
    client.force_login(affiliate.owner)
    with clock.at(NOON):
        page = client.get(reverse("affiliates:sites"))
    ((_site, ((_zone, came),)),) = page.context["sites"]
    assert came == Clicks(clicks=2, visitors=1)
