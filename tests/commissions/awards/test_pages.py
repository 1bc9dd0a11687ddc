"""What affiliates see of campaigns: what runs, what they can join, how far they are, the board."""

from datetime import timedelta

import pytest
from django.test import Client

from affiliates.models import Affiliate, AffiliateMember
from alliance.kernel import clock
from campaigns.models import Enrolment, Grant, Standing
from commissions import tasks as jobs
from commissions.models import Award
from commissions.services.awards import award_refuse
from merchants.models import OrderLine
from tests.cast import user_make
from tests.commissions.awards.conftest import EVALUATED, JUNE_10, at, day, sell, task
from tests.commissions.awards.test_boards import BOARD

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lin(cast):
    client = Client()
    client.force_login(cast.lin)
    return client


def page(client, address, moment=JUNE_10, **headers):
    with clock.at(moment):
        answer = client.get(address, headers=headers)
    assert answer.status_code == 200, answer
    return " ".join(answer.content.decode().split())


def test_nothing_runs(lin):
    assert "No campaign for you now" in page(lin, "/affiliate/campaigns/")


def test_a_task_is_offered_with_its_steps_and_places_and_accepted_in_one_click(cast, lin):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaign = task(cast)
    shown = page(lin, "/affiliate/campaigns/")
    assert "You can join" in shown
    assert "5 orders: CN¥12.00" in shown
    assert "10 places left" in shown

    address = f"/affiliate/campaigns/{campaign.pk}/"
    assert "Accept the task" in page(lin, address)
    with clock.at(JUNE_10):
        answer = lin.post(f"{address}join/", follow=True)
    assert "Accepted. Orders that come by clicks from now on count." in answer.content.decode()
    assert Enrolment.objects.get().state == "accepted"


def test_a_limit_per_affiliate_makes_more_places(cast, lin):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        task(cast, budget_minor=60_00, per_affiliate_minor=20_00)
    assert "3 places left" in page(lin, "/affiliate/campaigns/")


def test_progress_says_how_many_orders_are_missing_for_the_next_step(cast, accepted, lin):
    sell(cast, range(3))
    at(JUNE_10 + timedelta(days=3), jobs.standings_count)
    for address in ("/affiliate/campaigns/", f"/affiliate/campaigns/{accepted.pk}/"):
        shown = page(lin, address, JUNE_10 + timedelta(days=3))
        assert "2 more orders to CN¥12.00" in shown
        assert '<strong class="task-reward">CN¥2.00</strong>' in shown
        assert 'aria-valuenow="15"' in shown
    part = page(
        lin, f"/affiliate/campaigns/{accepted.pk}/", JUNE_10 + timedelta(days=3), HX_Request="true"
    )
    assert part.startswith('<div id="live"')


def test_a_refused_reward_says_why_and_where_to_object(cast, accepted, lin):
    for n in range(3):
        sell(cast, [f"{n}"], at=JUNE_10 + timedelta(days=n), visitor_key="a" * 32)
    at(EVALUATED)
    address = f"/affiliate/campaigns/{accepted.pk}/"
    assert "A person looks at it before it is paid. Few different buyers." in page(
        lin, address, day(7, 3)
    )
    with clock.at(day(7, 4)):
        award_refuse(actor=cast.finance, award=Award.objects.get(), reason="One buyer only.")
    shown = page(lin, address, day(7, 5))
    assert "One buyer only." in shown
    assert (
        f"write to alliance@localhost within 15 days and name AW{Award.objects.get().pk}" in shown
    )


def test_the_board_shows_real_places_only_and_others_by_their_first_letter(cast, lin):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        board = task(cast, kind="leaderboard", rules=BOARD, budget_minor=150_00)
        zhou = Affiliate.objects.create(name="Zhou", state="active")
    assert "Nobody is on the board yet" in page(lin, f"/affiliate/campaigns/{board.pk}/")
    sell(cast, [1])
    at(JUNE_10 + timedelta(days=1), jobs.standings_count)
    Standing.objects.create(
        campaign=board, affiliate=zhou, orders=3, buyers=3, shop_orders=3, reached_at=JUNE_10
    )
    shown = page(lin, f"/affiliate/campaigns/{board.pk}/", JUNE_10 + timedelta(days=1))
    assert "Z***" in shown
    assert "Zhou" not in shown
    assert "3 orders more to the place above" in shown


def test_a_day_says_what_all_have_sold_and_what_is_missing_for_the_next_pot(cast, lin):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        brand_day = task(
            cast,
            kind="super_brand_day",
            rules={
                "brand": "Lumen",
                "pot": [
                    {"gmv_minor": 1_000_00, "pot_minor": 10_00},
                    {"gmv_minor": 5_000_00, "pot_minor": 80_00},
                ],
            },
            budget_minor=80_00,
            ends_at=JUNE_10 + timedelta(days=1),
        )
        zhou = Affiliate.objects.create(name="Zhou", state="active")
    address = f"/affiliate/campaigns/{brand_day.pk}/"
    assert "CN¥1,000.00 more to a pot of CN¥10.00" in page(lin, address)

    for affiliate, sold in ((cast.affiliate, 900_00), (zhou, 600_00)):
        Standing.objects.create(campaign=brand_day, affiliate=affiliate, gmv_minor=sold)
    assert "All together have sold CN¥1,500.00. CN¥3,500.00 more to a pot of CN¥80.00" in page(
        lin, address
    )
    Standing.objects.filter(affiliate=zhou).update(gmv_minor=5_000_00)
    assert "more to a pot" not in page(lin, address)


def test_a_super_coupon_says_how_many_uses_are_missing_for_a_higher_share(cast, lin):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        coupons = task(
            cast,
            kind="super_coupon",
            rules={"uses": [{"uses": 2, "share_bps": 9_500}, {"uses": 4, "share_bps": 9_900}]},
        )
    address = f"/affiliate/campaigns/{coupons.pk}/"
    Affiliate.objects.filter(pk=cast.affiliate.pk).update(share_bps=9_900)
    assert "Your usual share of 99% is the higher one" in page(lin, address)
    Affiliate.objects.filter(pk=cast.affiliate.pk).update(share_bps=None)
    assert "2 more coupons used within seven days to 95% of the commission" in page(lin, address)

    sell(cast, [1, 2, 3], receive=False)
    for line in OrderLine.objects.all():
        Grant.objects.create(
            campaign=coupons, line=line, affiliate=cast.affiliate, day=JUNE_10.date()
        )
    assert "1 more coupon used within seven days to 99%" in page(lin, address)
    week = JUNE_10 + timedelta(days=7) - timedelta(hours=1)
    assert "2 more coupons used" in page(lin, address, week)


def test_reviewed_campaigns_ask_for_a_statement_first(cast, lin):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        pot = task(
            cast,
            kind="million_subsidy",
            rules={"pot_minor": 500_00},
            budget_minor=500_00,
        )
    address = f"/affiliate/campaigns/{pot.pk}/"
    with clock.at(JUNE_10):
        answer = lin.post(f"{address}join/", {"statement": ""})
        assert "This field is required." in answer.content.decode()
        assert not Enrolment.objects.exists()
        lin.post(f"{address}join/", {"statement": "Two posts a day."})
    assert Enrolment.objects.get().state == "applied"
    assert "Your application is being read." in page(lin, address)


def test_one_leaves_on_the_page_until_the_first_order(cast, accepted, lin):
    address = f"/affiliate/campaigns/{accepted.pk}/"
    assert "Leave the campaign" in page(lin, address)
    with clock.at(JUNE_10):
        lin.post(f"{address}leave/")
    assert Enrolment.objects.get().state == "quit"


def test_campaigns_for_others_and_drafts_are_not_there(cast, lin):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        draft = cast.campaign("guaranteed_task", name="Draft")
        for_ka = task(cast, kinds=["ka"], name="For KA")
        barred = task(cast, name="Barred")
        barred.barred.add(cast.affiliate)
    shown = page(lin, "/affiliate/campaigns/")
    for campaign in (draft, for_ka, barred):
        assert campaign.name not in shown
        with clock.at(JUNE_10):
            assert lin.get(f"/affiliate/campaigns/{campaign.pk}/").status_code == 404
            assert lin.post(f"/affiliate/campaigns/{campaign.pk}/join/").status_code == 404
    assert not Enrolment.objects.exists()


def test_viewers_look_and_do_not_join(cast):
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role="viewer")
    with clock.at(JUNE_10 - timedelta(hours=1)):
        campaign = task(cast)
    client = Client()
    client.force_login(viewer)
    assert "Accept the task" not in page(client, f"/affiliate/campaigns/{campaign.pk}/")
    with clock.at(JUNE_10):
        assert client.post(f"/affiliate/campaigns/{campaign.pk}/join/").status_code == 403
    assert not Enrolment.objects.exists()


def test_thirty_campaigns_take_as_many_statements_as_one(cast, lin, django_assert_num_queries):
    with clock.at(JUNE_10 - timedelta(hours=1)):
        first = task(cast, budget_minor=60_00)
    page(lin, "/affiliate/campaigns/")
    with clock.at(JUNE_10), django_assert_num_queries(13) as one:
        lin.get("/affiliate/campaigns/")
    with clock.at(JUNE_10 - timedelta(hours=1)):
        for _ in range(29):
            task(cast, budget_minor=60_00)
    with clock.at(JUNE_10), django_assert_num_queries(len(one)):
        shown = lin.get("/affiliate/campaigns/").content.decode()
    assert shown.count("campaign-head") == 30
    assert first.name in shown
