"""The season's desk: from a card to a campaign that runs, and what is refused on the way."""

from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from alliance.kernel import clock
from alliance.kernel.models import AuditEvent, StaffRole
from alliance.kernel.money import cny
from campaigns.claims import Through, claim
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState, Grant, Refusal, Season, SlateItem
from commissions import chart, ledger
from commissions.tasks import coupons_turn
from commissions.verify import verify
from merchants.models import Category, Product
from tests.cast import cast_make, staff_make

pytestmark = pytest.mark.django_db(transaction=True)

DESK = "/admin/campaigns/campaign/"
SEASONS = "/admin/campaigns/season/"
DAY = timedelta(days=1)
NOON = datetime(2026, 6, 1, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(NOON - DAY):
        made = cast_make()
    with clock.at(NOON):
        yield made


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def ops(cast) -> Client:
    return client_of(staff_make(StaffRole.OPS))


@pytest.fixture
def second(cast) -> Client:
    return client_of(staff_make(StaffRole.OPS))


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


# --- The form -------------------------------------------------------------------------------------


def test_every_mechanic_has_its_card(ops):
    page = ops.get(f"{DESK}make/").content.decode()
    for kind, mechanic in MECHANICS.items():
        assert f"?kind={kind}" in page, kind
        assert escape(str(mechanic.label)) in page


NOBODY_CAN_SUGGEST = {
    "super_brand_day": {"rule_brand": "Longjing"},
    "super_category_day": {"rule_category": "tea"},
    "gift_voucher": {"rule_title": "For you", "rule_face_minor": "1", "rule_count": "10"},
}


@pytest.mark.parametrize("kind", sorted(MECHANICS))
def test_every_mechanic_is_made_as_suggested(cast, ops, kind):
    """What the form suggests makes a campaign at once, but for what nobody can suggest."""
    Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")
    needed = NOBODY_CAN_SUGGEST.get(kind, {})
    if MECHANICS[kind].hosted:
        needed = {**needed, "host": cast.affiliate.pk}
    made = make(ops, kind, **needed)

    assert (made.kind, made.state) == (kind, CampaignState.DRAFT)
    assert made.rules == MECHANICS[kind].dump(MECHANICS[kind].parse(made.rules))
    assert ops.get(f"{DESK}{made.pk}/change/").status_code == 200
    # And what it was made with stands in its form again.
    form = ops.get(f"{DESK}{made.pk}/edit/").context["form"]
    answer = ops.post(f"{DESK}{made.pk}/edit/", typed(form))
    assert answer.status_code == 302, answer.context["form"].errors
    assert AuditEvent.objects.latest("pk").verb == "campaign.made"  # nothing changed


def test_percent_and_yuan_become_basis_points_and_minor_units(cast, ops):
    made = make(
        ops,
        rule_multiple_bps="250.5",
        rule_cap_minor="12.34",
        budget_minor="5000",
        daily_minor="99.99",
        starts_at="2026-06-05T08:00",
        ends_at="2026-06-18T23:00",
    )

    assert made.rules == {"multiple_bps": 25_050, "cap_minor": 1_234}
    assert (made.budget_minor, made.daily_minor) == (500_000, 9_999)
    assert made.starts_at == datetime(2026, 6, 5, 8, tzinfo=clock.ZONE)


def test_stars_are_typed_and_read_as_people_write_them(cast, ops):
    made = make(ops, "super_u", rule_least_rating_centi="4.75")
    assert made.rules["least_rating_centi"] == 475
    assert "<b>Rating at least</b> 4.75" in ops.get(f"{DESK}{made.pk}/change/").content.decode()


def test_an_empty_list_says_so_and_one_that_was_searched_leads_back(ops):
    assert "Nothing is here yet" in ops.get(DESK).content.decode()
    searched = ops.get(f"{DESK}?q=nothing").content.decode()
    assert "Nothing fits what you look for" in searched
    assert 'href="?"' in searched


def test_rows_are_read_as_typed_and_an_empty_one_is_none(cast, ops):
    made = make(
        ops,
        "leaderboard",
        **{
            "rule_prizes-count": "4",
            "rule_prizes-0-prize_minor": "800",
            "rule_prizes-0-least_minor": "1000.50",
            "rule_prizes-1-prize_minor": "",
            "rule_prizes-1-least_minor": "",
            "rule_prizes-2-prize_minor": "200",
            "rule_prizes-2-least_minor": "0",
            "rule_prizes-3-prize_minor": "",
            "rule_prizes-3-least_minor": "",
        },
    )

    assert [(row["prize_minor"], row["least_minor"]) for row in made.rules["prizes"]] == [
        (80_000, 100_050),
        (20_000, 0),
    ]


@pytest.mark.parametrize(
    ("kind", "changes", "field", "words"),
    [
        ("double_commission", {"rule_cap_minor": "0"}, "rule_cap_minor", "0.01"),
        ("double_commission", {"rule_multiple_bps": "99"}, "rule_multiple_bps", "100.01"),
        ("double_commission", {"ends_at": "2026-05-01T00:00"}, "ends_at", "ends after"),
        ("double_commission", {"sponsor": "merchant"}, "merchant", "which merchant"),
        ("double_commission", {"name": " "}, "name", "required"),
        ("crazy_four_hours", {"ends_at": "2026-06-09T00:00"}, "ends_at", "4 hours"),
        ("leaderboard", {"rule_prizes-1-prize_minor": "9999"}, "rule_prizes", "lower place"),
        ("leaderboard", {"rule_prizes-1-prize_minor": "x"}, "rule_prizes", "Row 2, Prize"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(cast, ops, kind, changes, field, words):
    answer = ops.post(f"{DESK}make/?kind={kind}", asked(ops, kind, **changes))

    assert answer.status_code == 200
    errors = answer.context["form"].errors
    assert set(errors) == {field}
    assert words in " ".join(errors[field])
    assert not Campaign.objects.exists()


def test_a_published_campaign_is_not_edited(cast, ops, second):
    made = published(ops, second)
    answer = ops.post(f"{DESK}{made.pk}/edit/", {"name": "Other"}, follow=True)

    assert "published" in answer.content.decode()
    made.refresh_from_db()
    assert made.name == "Commission doubling"


def test_a_merchant_that_had_agreed_is_asked_anew_and_operations_are_told(cast, ops):
    made = make(ops, sponsor="merchant", merchant=cast.merchant.pk)
    Campaign.objects.update(agreed_at=clock.now())
    form = ops.get(f"{DESK}{made.pk}/edit/").context["form"]
    answer = ops.post(f"{DESK}{made.pk}/edit/", typed(form) | {"budget_minor": "9"}, follow=True)

    assert "asked anew" in answer.content.decode()
    made.refresh_from_db()
    assert (made.budget_minor, made.agreed_at) == (900, None)


def test_a_clone_is_named_and_dated_on_one_page(cast, ops):
    made = make(ops)
    answer = ops.post(
        f"{DESK}{made.pk}/clone/", {"name": "Once more", "starts_at": "2026-07-01T00:00"}
    )

    fresh = Campaign.objects.latest("pk")
    assert answer["Location"] == f"{DESK}{fresh.pk}/change/"
    assert (fresh.name, fresh.pk != made.pk) == ("Once more", True)
    assert fresh.starts_at == datetime(2026, 7, 1, tzinfo=clock.ZONE)


# --- The slate ------------------------------------------------------------------------------------


@pytest.fixture
def teas(cast) -> list[Product]:
    return [
        Product.objects.create(
            shop=cast.shop, external_id=f"T{i}", title=f"茶 {i}", brand="Longjing",
            price_minor=1_000 * i, currency="CNY", sales_count=i,
        )
        for i in range(1, 4)
    ]  # fmt: skip


def test_a_filter_is_shown_before_its_products_join(cast, ops, teas):
    made = make(ops)
    page = ops.get(f"{DESK}{made.pk}/slate/?preview=1&brand=Longjing&least_price_minor=20")
    assert (page.context["found"]["count"], page.context["found"]["fresh"]) == (2, 2)
    assert not made.slate.exists()

    said = {"deed": "add", "brand": "Longjing", "least_price_minor": "20"}
    ops.post(f"{DESK}{made.pk}/slate/", said)
    assert set(made.slate.values_list("product__external_id", flat=True)) == {"T2", "T3"}
    event = AuditEvent.objects.get(verb="campaign.slate_added")
    assert event.data == {"count": 2, "how": "brand=Longjing, least_price_minor=20"}


def test_a_file_adds_what_it_names_and_says_what_it_does_not(cast, ops, teas):
    made = make(ops)
    file = SimpleUploadedFile("teas.csv", b"shop product id\nT1\nT9\nT3\n")
    page = ops.post(f"{DESK}{made.pk}/slate/", {"deed": "file", "file": file})

    assert set(made.slate.values_list("product__external_id", flat=True)) == {"T1", "T3"}
    assert page.context["file"].faults == [(3, "T9", "No product has this number.")]
    assert "T9" in page.content.decode()


def test_a_file_that_is_none_is_refused_at_its_field(cast, ops):
    made = make(ops)
    file = SimpleUploadedFile("x.csv", b"a,b\n1,2\n")
    page = ops.post(f"{DESK}{made.pk}/slate/", {"deed": "file", "file": file})

    assert "product id" in page.context["file_form"].errors["file"][0]
    assert not SlateItem.objects.exists()


def test_who_may_only_look_changes_no_slate(cast, ops, teas):
    made = make(ops)
    risk = client_of(staff_make(StaffRole.RISK))
    assert risk.get(f"{DESK}{made.pk}/slate/").status_code == 200
    answer = risk.post(f"{DESK}{made.pk}/slate/", {"deed": "add"})

    assert answer.status_code == 409
    assert not SlateItem.objects.exists()


def test_the_slate_asks_as_often_for_fifty_products_as_for_one(cast, ops, teas):
    made = make(ops)
    client, url = ops, f"{DESK}{made.pk}/slate/?preview=1&brand=Longjing"
    SlateItem.objects.create(campaign=made, product=cast.product)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    client.get(url)
    few = count()
    for i in range(50):
        product = Product.objects.create(
            shop=cast.shop, external_id=f"N{i}", title="x", price_minor=1, currency="CNY"
        )
        SlateItem.objects.create(campaign=made, product=product)
    assert count() <= few < 20


def test_the_score_picks_the_best_proposals_and_says_what_became_of_the_others(cast, ops, teas):
    made = Campaign.objects.get(pk=make(ops, "super_u").pk)
    made.rules = {"per_category": 2}
    made.save(update_fields=["rules"])
    for tea in teas:
        SlateItem.objects.create(
            campaign=made, product=tea, state="proposed", rate_bps=3_000, agreed_at=clock.now()
        )
    url = f"{DESK}{made.pk}/slate/"
    assert "Pick the best by score" in ops.get(url).content.decode()

    page = ops.post(url, {"deed": "pick"}, follow=True)

    assert [str(message) for message in page.context["messages"]] == [
        "2 products joined.",
        "1 proposal waits: the places of its category are taken.",
    ]
    assert made.slate.filter(state="approved").count() == 2
    plain = make(ops)
    SlateItem.objects.create(campaign=plain, product=teas[0], state="proposed")
    assert "Pick the best" not in ops.get(f"{DESK}{plain.pk}/slate/").content.decode()
    assert ops.post(f"{DESK}{plain.pk}/slate/", {"deed": "pick"}).status_code == 400


# --- Publishing -----------------------------------------------------------------------------------


def test_the_whole_way_from_a_card_to_money_set_aside(cast, ops, second, teas):
    made = make(ops, budget_minor="5000", starts_at="2026-06-02T00:00", ends_at="2026-06-18T00:00")
    page = ops.get(f"{DESK}{made.pk}/publish/")
    assert [(one.code, one.stops) for one in page.context["conflicts"]] == [("slate", True)]

    ops.post(f"{DESK}{made.pk}/slate/", {"deed": "add", "brand": "Longjing"})
    page = ops.get(f"{DESK}{made.pk}/publish/")
    assert page.context["second"]  # she made it: somebody else looks at it
    refused = publish(ops, made)
    assert refused.status_code == 403
    made.refresh_from_db()
    assert made.state == CampaignState.DRAFT
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("0.00")

    page = second.get(f"{DESK}{made.pk}/publish/")
    assert page.context["conflicts"] == []
    publish(second, made)
    made.refresh_from_db()
    assert made.state == CampaignState.SCHEDULED
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("5000.00")
    assert verify() == []


def test_a_draft_that_was_changed_since_it_was_looked_at_is_not_published(cast, ops, second, teas):
    made = make(ops, all_products="on", budget_minor="5000")
    page = second.get(f"{DESK}{made.pk}/publish/")
    seen = page.context["campaign"].updated_at.isoformat()
    assert f'name="seen" value="{seen}"' in page.content.decode()
    edited = typed(ops.get(f"{DESK}{made.pk}/edit/").context["form"]) | {"budget_minor": "900000"}
    with clock.at(clock.now() + timedelta(minutes=1)):
        assert ops.post(f"{DESK}{made.pk}/edit/", edited).status_code == 302
        for said in ({"seen": seen}, {"seen": "yesterday"}, {}):
            second.post(f"{DESK}{made.pk}/publish/", said)

    made.refresh_from_db()
    assert (made.state, made.budget_minor) == (CampaignState.DRAFT, 90_000_000)
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("0.00")


def test_one_person_is_enough_below_the_limit(cast, ops, settings):
    settings.ALLIANCE = {**settings.ALLIANCE, "CAMPAIGN_APPROVAL_MINOR": 500_000}
    made = make(ops, all_products="on", budget_minor="5000")
    assert not ops.get(f"{DESK}{made.pk}/publish/").context["second"]
    publish(ops, made)

    made.refresh_from_db()
    assert made.state == CampaignState.SCHEDULED


def test_a_wallet_that_does_not_hold_the_merchants_part_is_seen_before(cast, ops):
    made = make(
        ops, all_products="on", sponsor="joint", merchant=cast.merchant.pk, merchant_bps="50",
        budget_minor="20000.02",
    )  # fmt: skip
    Campaign.objects.update(agreed_at=clock.now())
    found = ops.get(f"{DESK}{made.pk}/publish/").context["conflicts"]
    assert [one.code for one in found] == ["wallet"]  # it holds 10,000.00

    Campaign.objects.update(budget_minor=2_000_000)
    assert ops.get(f"{DESK}{made.pk}/publish/").context["conflicts"] == []


def test_a_campaign_is_paused_goes_on_and_is_closed_with_reasons(cast, ops, second):
    made = published(ops, second)
    assert made.state == CampaignState.LIVE
    assert second.post(f"{DESK}{made.pk}/pause/", {"reason": " "}).status_code == 200
    second.post(f"{DESK}{made.pk}/pause/", {"reason": "Odd orders."})
    made.refresh_from_db()
    assert made.state == CampaignState.PAUSED
    assert "Odd orders." in second.get(f"{DESK}{made.pk}/change/").content.decode()

    second.post(f"{DESK}{made.pk}/resume/")
    second.post(f"{DESK}{made.pk}/close/", {"reason": "Wrong products."})
    made.refresh_from_db()
    assert (made.state, made.close_reason) == (CampaignState.CLOSED, "Wrong products.")
    trail = AuditEvent.objects.filter(object_type="campaigns.campaign", object_id=str(made.pk))
    assert list(trail.order_by("pk").values_list("verb", flat=True)) == [
        "campaign.made",
        "campaign.published",
        "campaign.paused",
        "campaign.resumed",
        "campaign.closed",
    ]
    page = second.get(f"{DESK}{made.pk}/history/").content.decode()
    assert "Wrong products." in page


def test_the_budget_is_raised_and_the_end_moved(cast, ops, second):
    made = published(ops, second, budget_minor="100")
    second.post(f"{DESK}{made.pk}/top_up/", {"amount": "50"})
    second.post(f"{DESK}{made.pk}/extend/", {"ends_at": "2026-07-01T00:00"})
    second.post(f"{DESK}{made.pk}/describe/", {"name": "Double it", "about": ""})

    made.refresh_from_db()
    assert (made.budget_minor, made.name) == (15_000, "Double it")
    assert made.ends_at == datetime(2026, 7, 1, tzinfo=clock.ZONE)
    assert ledger.balance(chart.budget(made.pk), "CNY") == cny("150.00")
    assert verify() == []


# --- The monitor ----------------------------------------------------------------------------------


def test_the_monitor_shows_this_minute_and_refreshes_itself(cast, ops, second):
    made = published(ops, second, kind="super_u", budget_minor="100")
    for i in range(3):
        cast.sold(f"T{i}")
    cache.clear()
    live = ops.get(f"{DESK}{made.pk}/monitor/").context["live"]

    assert (live.orders, live.spent, live.left) == (3, cny("3.00"), cny("97.00"))
    assert (live.used_percent, live.share_bps) == (3, 9_000)
    assert live.minutes[-1].orders == 3
    trail = ops.get(f"{DESK}{made.pk}/monitor/").content.decode()
    assert "<b>budget</b> CN¥100.00" in trail
    assert [(one.pk, orders, amount) for one, orders, amount in live.top] == [
        (cast.affiliate.pk, 3, cny("3.00"))
    ]
    part = ops.get(f"{DESK}{made.pk}/monitor/", headers={"hx-request": "true"})
    assert part.content.decode().lstrip().startswith('<div class="desk" id="live" hx-get=')


def test_the_monitor_asks_as_often_for_many_orders_as_for_one(cast, ops, second):
    made = published(ops, second, kind="super_u", budget_minor="100")
    first = cast.sold("T1")
    url = f"{DESK}{made.pk}/monitor/"

    def count() -> int:
        cache.clear()
        ops.get("/admin/")  # the menu's own figures
        with CaptureQueriesContext(connection) as queries:
            assert ops.get(url).status_code == 200
        return len(queries)

    count()
    few = count()
    cast.record(*(cast.report(f"N{i}", click_id=cast.click()) for i in range(30)))
    assert Grant.objects.filter(campaign=made).count() == 31
    assert count() <= few < 25
    with CaptureQueriesContext(connection) as queries:  # the next screen costs nothing more
        ops.get(url)
    assert not [one for one in queries.captured_queries if "campaigns_grant" in one["sql"]]
    assert first.line_id


# --- Seasons --------------------------------------------------------------------------------------

DATES = {
    "name": "618",
    "warm_up_from": "2026-05-25T00:00",
    "opening_from": "2026-06-01T00:00",
    "main_from": "2026-06-15T00:00",
    "closing_from": "2026-06-19T00:00",
    "ends_at": "2026-06-21T00:00",
}


def test_a_season_is_planned_and_its_calendar_shows_its_campaigns(cast, ops):
    ops.post(f"{SEASONS}make/", DATES)
    season = Season.objects.get()
    made = make(ops, season=season.pk, starts_at="2026-06-15T00:00", ends_at="2026-06-19T00:00")
    page = ops.get(f"{SEASONS}{season.pk}/change/")

    (bar,) = page.context["calendar"].rows
    assert (bar.subject, bar.key) == (made, "main")
    assert f"{DESK}{made.pk}/change/" in page.content.decode()
    ops.post(f"{SEASONS}{season.pk}/edit/", {**DATES, "name": "6·18"})
    season.refresh_from_db()
    assert season.name == "6·18"


def test_dates_out_of_order_are_refused_at_their_field(cast, ops):
    page = ops.post(f"{SEASONS}make/", {**DATES, "main_from": "2026-05-01T00:00"})

    assert set(page.context["form"].errors) == {"main_from"}
    assert not Season.objects.exists()


# --- The dry run ----------------------------------------------------------------------------------


def test_a_draft_is_played_on_past_orders_and_nothing_is_written(cast, ops):
    for i in range(3):
        cast.sold(f"T{i}")
    made = make(ops, "super_u", all_products="on", budget_minor="2")
    days = {"since": "2026-06-01", "until": "2026-06-01"}
    report = ops.get(f"{DESK}{made.pk}/dry_run/", days).context["report"]

    assert (report.orders, report.touched) == (3, 2)  # the budget reaches for two of them
    assert (report.budget_minor, report.uncut_minor) == (200, 300)
    page = ops.get(f"{DESK}{made.pk}/dry_run/", days)
    assert [one.delta_minor for one in page.context["winners"]] == [200]
    assert page.context["losers"] == []
    assert not Grant.objects.exists()
    wrong = ops.get(f"{DESK}{made.pk}/dry_run/", {**days, "until": "2026-05-01"})
    assert set(wrong.context["form"].errors) == {"until"}


def test_another_rate_of_a_plan_is_played_with_winners_and_losers(cast, ops):
    cast.sold("T1")
    plan = cast.merchant.plans.get()
    days = {"since": "2026-06-01", "until": "2026-06-01"}
    page = ops.get(f"/admin/merchants/plan/{plan.pk}/dry_run/", {**days, "rate": "6"})

    # 199.00 at 6 % instead of 12 %: the merchant pays 11.94 less.
    assert [one.delta_minor for one in page.context["merchants"]] == [-1_194]
    assert len(page.context["losers"]) == 1
    assert page.context["winners"] == []


# --- Coupons --------------------------------------------------------------------------------------

STOCKS = "/admin/campaigns/couponstock/"
STOCKS_TO_OPEN = f"{STOCKS}?state__exact=draft&campaign__state__in=scheduled,live,paused"


def test_coupons_are_planned_opened_watched_and_closed(cast, ops, second):
    made = published(ops, second, kind="super_coupon", budget_minor="1000")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "10", "mode": "first"})
    stock = made.stocks.get()
    assert (stock.state, stock.size, stock.product) == ("draft", 10, None)
    assert "not open yet" in ops.get(f"{DESK}{made.pk}/change/").content.decode()

    ops.post(f"{STOCKS}{stock.pk}/open/")
    stock.refresh_from_db()
    assert stock.state == "open"
    assert ledger.balance(chart.coupons(made.pk), "CNY") == stock.total
    link = cast.link
    taken = claim(
        stock_id=stock.pk,
        buyer_key="b",
        request_key="r",
        through=Through(
            link_id=link.pk,
            affiliate_id=cast.affiliate.pk,
            zone_id=cast.zone.pk,
            shop_id=cast.shop.pk,
            product_id=cast.product.pk,
        ),
    )
    assert taken.holds
    Refusal.objects.create(campaign=made, minute=clock.now(), reason="sold_out", count=7)
    cache.clear()
    live = ops.get(f"{DESK}{made.pk}/monitor/").context["live"]
    assert (live.coupons, live.coupons_left, live.claimed_percent) == (10, 9, 10)
    assert live.minutes[-1].claims == 1
    assert [(str(reason), count) for reason, count in live.refusals] == [("sold out", 7)]

    ops.post(f"{STOCKS}{stock.pk}/close/")
    stock.refresh_from_db()
    assert stock.state == "closed"
    with clock.at(clock.now() + timedelta(minutes=1)):
        coupons_turn()
    # The coupon in the buyer's hand stays good; the others' worth is the budget's again.
    assert ledger.balance(chart.coupons(made.pk), "CNY").minor == taken.face_minor
    assert verify() == []


def test_the_first_page_says_which_drafts_and_coupons_wait(cast, ops, second):
    def waiting(client: Client) -> tuple[int, int]:
        found = client.get("/admin/").context["queues"]
        counts = {queue["url"]: queue["count"] for queue in found}
        return counts[f"{DESK}?state__exact=draft"], counts[STOCKS_TO_OPEN]

    made = make(ops, "super_coupon", all_products="on", budget_minor="1000")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "10", "mode": "first"})
    cache.clear()
    assert waiting(second) == (1, 0)  # no coupon is opened before its campaign is published
    publish(second, made)

    assert waiting(ops) == (0, 1)
    assert list(ops.get(STOCKS_TO_OPEN).context["cl"].result_list) == [made.stocks.get()]
    ops.post(f"{STOCKS}{made.stocks.get().pk}/open/")
    assert waiting(ops) == (0, 0)


def test_planned_coupons_follow_the_rules_and_are_discarded_alone_or_with_their_draft(cast, ops):
    made = make(ops, "super_coupon", all_products="on", budget_minor="1000")
    page = ops.get(f"{DESK}{made.pk}/coupons/").content.decode()
    assert "holds about 125: on average one is worth CN¥8.00" in page
    for size in ("100", "10"):
        answer = ops.post(f"{DESK}{made.pk}/coupons/", {"size": size, "mode": "first"})
        assert answer["Location"] == f"{DESK}{made.pk}/change/"  # nothing to open yet
    large, small = made.stocks.order_by("pk")
    assert large.total_minor == 800_00

    ops.post(f"{STOCKS}{large.pk}/discard/")
    assert list(made.stocks.all()) == [small]
    changed = typed(ops.get(f"{DESK}{made.pk}/edit/").context["form"])
    ops.post(f"{DESK}{made.pk}/edit/", changed | {"rule_valid_hours": "2"})
    small.refresh_from_db()
    assert small.valid_minutes == 120
    assert "2 hours" in ops.get(f"{STOCKS}{small.pk}/change/").content.decode()
    ops.post(f"{DESK}{made.pk}/discard/")
    assert not Campaign.objects.exists()
    assert verify() == []


def test_open_coupons_are_not_discarded(cast, ops, second):
    made = published(ops, second, kind="super_coupon", budget_minor="1000")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "10", "mode": "first"})
    stock = made.stocks.get()
    ops.post(f"{STOCKS}{stock.pk}/open/")

    ops.post(f"{STOCKS}{stock.pk}/discard/")
    assert made.stocks.get().state == "open"


def test_more_coupons_than_the_budget_holds_are_not_opened(cast, ops, second):
    made = published(ops, second, kind="super_coupon", budget_minor="10")
    ops.post(f"{DESK}{made.pk}/coupons/", {"size": "100", "mode": "first"})
    stock = made.stocks.get()
    assert ops.post(f"{STOCKS}{stock.pk}/open/").status_code >= 400

    stock.refresh_from_db()
    assert stock.state == "draft"
    assert ledger.balance(chart.coupons(made.pk), "CNY") == cny("0.00")


def test_a_campaign_without_coupons_offers_none(cast, ops):
    made = make(ops)
    paths = {one["path"] for one in ops.get(f"{DESK}{made.pk}/change/").context["actions_detail"]
             if "path" in one}  # fmt: skip
    assert f"{DESK}{made.pk}/coupons/" not in paths
    answer = ops.post(f"{DESK}{made.pk}/coupons/", {"size": "5", "mode": "first"})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not made.stocks.exists()
