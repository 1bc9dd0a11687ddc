"""Many products in one go: what would become of each, what becomes of it, and taking it back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from affiliates.services import event_draft, event_join, event_open, event_publish
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from alliance.kernel.models import AuditEvent, Notification, StaffRole, User
from merchants.models import BulkEdit, Category, PastCategory, Plan, Product, Terms
from merchants.queries import merchant_of
from merchants.services import bulk
from merchants.services.bulk import (
    SeenOtherwise,
    StillAtWork,
    TooMany,
    Wish,
    bulk_begin,
    bulk_forget,
    bulk_give_up,
    bulk_go_on,
    bulk_look,
    bulk_stalled,
    bulk_undo,
)
from merchants.services.locks import rate_lock
from merchants.services.plans import plan_end, plan_open
from merchants.services.products import product_withdraw, products_save
from merchants.services.terms import terms_announce
from tests.cast import staff_make
from tests.merchants.conftest import NOON, product_data

pytestmark = pytest.mark.django_db

TOMORROW = clock.day_start(clock.business_day(NOON) + timedelta(days=1))


@pytest.fixture
def three(noon, shop, plan, category):
    """Products A, B and C at the general plan's rate."""
    products_save(shop=shop, products=[product_data(n) for n in "ABC"], actor=None)
    return {row.external_id: row for row in Product.objects.order_by("pk")}


@pytest.fixture
def go(django_capture_on_commit_callbacks, merchant, owner):
    """Look, begin and do."""

    def done(wish, products=None):
        rows = Product.objects.all() if products is None else products
        seen = bulk_look(merchant=merchant, products=rows, wish=wish).mark
        edit = bulk_begin(merchant=merchant, products=rows, wish=wish, seen=seen, actor=owner)
        return went_on(edit)

    return done


def went_on(edit):
    """The worker's part, each slice in a transaction of its own."""
    while bulk._some_done.__wrapped__(edit.pk):
        pass
    edit.refresh_from_db()
    return edit


def look(merchant, wish):
    return bulk_look(merchant=merchant, products=Product.objects.all(), wish=wish)


def states():
    return dict(Product.objects.values_list("external_id", "state"))


def rates():
    return dict(Product.objects.values_list("external_id", "rate_bps"))


def test_a_raise_counts_at_once_and_a_cut_from_tomorrow(three, merchant, plan, go):
    terms_announce(plan=plan, rate_bps=1500, product=three["A"], actor=None)
    seen = look(merchant, Wish("rate", plan=plan, bps=1200))
    assert [(f.product.external_id, f.before, f.after, f.starts_at) for f in seen.changing] == [
        ("A", 1500, 1200, TOMORROW),
        ("B", 1000, 1200, NOON),
        ("C", 1000, 1200, NOON),
    ]
    assert seen.moments == [(NOON, 2), (TOMORROW, 1)]

    edit = go(Wish("rate", plan=plan, bps=1200))
    assert (edit.state, edit.total, edit.done, edit.refused) == ("done", 3, 3, 0)
    assert rates() == {"A": 1500, "B": 1200, "C": 1200}
    again = look(merchant, Wish("rate", plan=plan, bps=1200))
    assert (again.changing, again.unchanged) == ([], 3)


def test_up_and_down_go_from_what_each_product_has(three, merchant, plan, go):
    terms_announce(plan=plan, rate_bps=1500, product=three["A"], actor=None)
    with clock.at(NOON + timedelta(seconds=1)):
        go(Wish("rate", plan=plan, way="raise", bps=250))
        assert rates() == {"A": 1750, "B": 1250, "C": 1250}
        lowered = look(merchant, Wish("rate", plan=plan, way="lower", bps=1200))
    assert [fate.after for fate in lowered.changing] == [550]
    assert lowered.refusals == [("A commission rate lies between 1.5% and 90%.", 2)]


def test_a_lock_puts_a_cut_off_and_the_others_are_not_held_up(three, merchant, plan):
    until = NOON + timedelta(days=10)
    rate_lock(plan=plan, product=three["B"], until=until, actor=None)
    seen = look(merchant, Wish("rate", plan=plan, bps=500))
    assert seen.moments == [(TOMORROW, 2), (until, 1)]


def test_an_exclusive_plan_takes_nothing_that_is_promised_to_everybody(three, merchant, plan, go):
    rate_lock(plan=plan, product=three["B"], until=NOON + timedelta(days=10), actor=None)
    private = plan_open(merchant=merchant, name="VIP", kind="SP", exclusive=True, actor=None)
    wish = Wish("rate", plan=private, bps=2000)
    ((why, count),) = look(merchant, wish).refusals
    assert (count, "is promised to everybody until 2026-06-11" in why) == (1, True)

    edit = go(wish)
    assert (edit.done, edit.refused) == (2, 1)
    assert edit.lines.get(state="refused").why == why
    assert Terms.objects.filter(plan=private).count() == 2


def test_nobody_leaves_a_published_event(three, merchant, owner):
    ops = staff_make(StaffRole.OPS)
    event = event_draft(
        actor=ops,
        name="618",
        least_bps=1_000,
        enrol_until=NOON + timedelta(hours=1),
        starts_at=NOON + timedelta(days=1),
        ends_at=NOON + timedelta(days=3),
    )
    event_open(actor=ops, event=event)
    event_join(actor=owner, merchant=merchant, event=event, rates={three["A"].pk: 2000})
    event_publish(actor=ops, event=event)
    plan = Plan.objects.get(event=event)

    seen = look(merchant, Wish("rate", plan=plan, bps=1500))
    assert seen.refusals == [("The event is published: affiliates count on it.", 1)]
    less = look(merchant, Wish("rate", plan=plan, bps=900))
    assert ("This event pays 10% or more.", 3) in less.refusals
    up = look(merchant, Wish("rate", plan=plan, way="raise", bps=100))
    assert [(fate.before, fate.after) for fate in up.changing] == [(2000, 2100)]
    assert up.refusals == [("The plan pays nothing for it that could be raised or lowered.", 2)]
    assert look(merchant, Wish("pause")).in_events == 1


def test_pausing_is_done_written_down_and_taken_back(three, merchant, owner, go):
    product_withdraw(product=three["C"], actor=None)
    edit = go(Wish("pause"))
    assert (edit.total, edit.done) == (2, 2)
    assert set(states().values()) == {"withdrawn"}
    assert all(Product.objects.values_list("held_back", flat=True))
    events = AuditEvent.objects.filter(verb="product.withdrawn", actor=owner)
    assert sorted(events.values_list("object_id", flat=True)) == sorted(
        str(three[name].pk) for name in "AB"
    )

    Product.objects.filter(external_id="B").update(state="on_sale", held_back=False)
    back = went_on(bulk_undo(edit=edit, actor=owner))
    assert (back.deed, back.done, back.refused) == ("resume", 1, 1)
    assert states() == {"A": "on_sale", "B": "on_sale", "C": "withdrawn"}
    assert back.lines.get(state="refused").why == "It was on sale already."
    with pytest.raises(WrongState):
        bulk_undo(edit=edit, actor=owner)


def test_what_a_feed_had_withdrawn_is_the_feeds_again_when_resuming_is_taken_back(three, owner, go):
    product_withdraw(product=three["A"], actor=None)
    Product.objects.filter(external_id="B").update(state="withdrawn", held_back=False)
    edit = go(Wish("resume"))
    assert (edit.done, set(states().values())) == (2, {"on_sale"})

    went_on(bulk_undo(edit=edit, actor=owner))
    assert states() == {"A": "withdrawn", "B": "withdrawn", "C": "on_sale"}
    held = dict(Product.objects.values_list("external_id", "held_back"))
    assert held == {"A": True, "B": False, "C": False}


def test_a_category_moves_the_rate_and_remembers_what_it_was(three, merchant, plan, owner, go):
    silk = Category.objects.create(slug="silk", name_zh="丝", name_en="Silk", name_de="Seide")
    terms_announce(plan=plan, rate_bps=3000, category=silk, actor=None)
    was = three["A"].category_id
    edit = go(Wish("category", category=silk))
    assert edit.done == 3
    assert rates() == {"A": 3000, "B": 3000, "C": 3000}
    assert set(PastCategory.objects.values_list("category", flat=True)) == {was}

    Product.objects.filter(external_id="A").update(category=None)
    back = went_on(bulk_undo(edit=edit, actor=owner))
    assert (back.done, back.refused) == (2, 1)
    assert back.lines.get(state="refused").why == "It was put into another category meanwhile."
    assert rates() == {"A": 3000, "B": 1000, "C": 1000}


def test_no_category_makes_a_plan_pay_less_that_is_locked_as_a_whole(
    three, merchant, plan, owner, go
):
    silk = Category.objects.create(slug="silk", name_zh="丝", name_en="Silk", name_de="Seide")
    terms_announce(plan=plan, rate_bps=3000, category=silk, actor=None)
    Product.objects.filter(external_id="A").update(category=silk)
    terms_announce(plan=plan, rate_bps=3000, product=three["B"], actor=None)
    wish, rows = Wish("category"), Product.objects.all()
    edit = bulk_begin(
        merchant=merchant, products=rows, wish=wish, seen=look(merchant, wish).mark, actor=owner
    )
    rate_lock(plan=plan, until=NOON + timedelta(days=10), actor=None)

    why = "“General” would pay less for it there, and is locked until 2026-06-11."
    assert look(merchant, wish).refusals == [(why, 1)]
    went_on(edit)
    assert (edit.done, edit.refused) == (2, 1)
    line = edit.lines.get(state="refused")
    assert (line.product.external_id, line.why) == ("A", why)
    with clock.at(NOON + timedelta(days=10)):
        assert len(look(merchant, wish).changing) == 1


def test_rates_are_not_taken_back_nor_what_is_old_or_nobodys(three, plan, go, owner):
    with pytest.raises(WrongState):
        bulk_undo(edit=go(Wish("rate", plan=plan, bps=1200)), actor=owner)
    paused = go(Wish("pause"))
    with clock.at(NOON + timedelta(days=31)), pytest.raises(WrongState):
        bulk_undo(edit=paused, actor=owner)


def test_what_was_seen_is_done_or_nothing(three, merchant, plan, owner):
    rows, wish = Product.objects.all(), Wish("rate", plan=plan, bps=1200)
    seen = look(merchant, wish).mark
    terms_announce(plan=plan, rate_bps=1100, product=three["A"], actor=None)
    with pytest.raises(SeenOtherwise):
        bulk_begin(merchant=merchant, products=rows, wish=wish, seen=seen, actor=owner)
    with pytest.raises(SeenOtherwise):
        bulk_begin(merchant=merchant, products=rows, wish=wish, seen="", actor=owner)
    assert not BulkEdit.objects.exists()
    none = Wish("resume")
    with pytest.raises(Invalid):
        bulk_begin(
            merchant=merchant, products=rows, wish=none, seen=look(merchant, none).mark, actor=owner
        )


def test_what_changed_before_the_worker_came_is_refused(three, merchant, plan, owner):
    rows, wish = Product.objects.all(), Wish("rate", plan=plan, bps=1200)
    edit = bulk_begin(
        merchant=merchant, products=rows, wish=wish, seen=look(merchant, wish).mark, actor=owner
    )
    terms_announce(plan=plan, rate_bps=2000, product=three["A"], actor=None)
    went_on(edit)
    assert (edit.done, edit.refused) == (2, 1)
    assert edit.lines.get(state="refused").why == "Another rate was announced for it meanwhile."
    assert rates() == {"A": 2000, "B": 1200, "C": 1200}


def test_a_cut_that_somebody_announced_meanwhile_is_not_taken_back(three, merchant, plan, owner):
    """It counts from tomorrow only, so what the plan pays now has not changed."""
    rows, wish = Product.objects.all(), Wish("rate", plan=plan, bps=800)
    unseen = look(merchant, wish).mark
    with clock.at(NOON + timedelta(seconds=1)):
        terms_announce(plan=plan, rate_bps=500, product=three["A"], actor=None)
        with pytest.raises(SeenOtherwise):
            bulk_begin(merchant=merchant, products=rows, wish=wish, seen=unseen, actor=owner)
        seen = look(merchant, wish).mark
        edit = bulk_begin(merchant=merchant, products=rows, wish=wish, seen=seen, actor=owner)
    with clock.at(NOON + timedelta(seconds=2)):
        terms_announce(plan=plan, rate_bps=600, product=three["B"], actor=None)
    with clock.at(NOON + timedelta(seconds=3)):
        went_on(edit)
    assert (edit.done, edit.refused) == (2, 1)
    assert edit.lines.get(state="refused").product == three["B"]
    own = Terms.objects.filter(plan=plan, product__isnull=False).order_by("created_at", "pk")
    assert {one.product.external_id: one.rate_bps for one in own} == {"A": 800, "B": 600, "C": 800}


def test_a_plan_that_ended_stops_it_and_says_so(three, merchant, owner):
    plan = plan_open(
        merchant=merchant, name="May", kind="MKT", rate_bps=1500,
        ends_at=NOON + timedelta(days=1), actor=None,
    )  # fmt: skip
    rows, wish = Product.objects.all(), Wish("rate", plan=plan, bps=2000)
    edit = bulk_begin(
        merchant=merchant, products=rows, wish=wish, seen=look(merchant, wish).mark, actor=owner
    )
    plan_end(plan=plan, actor=None)
    went_on(edit)
    assert (edit.state, edit.done, edit.failure) == ("failed", 0, "This plan has ended.")
    told = Notification.objects.get(user=owner, kind="bulk.failed")
    assert told.link == f"/merchant/products/bulk/{edit.pk}/"
    went_on(edit)
    assert Notification.objects.filter(kind="bulk.failed").count() == 1


def test_a_form_that_is_sent_again_and_again_is_refused_and_does_nothing_twice(
    three, merchant, plan, owner
):
    rows, wish = Product.objects.all(), Wish("rate", plan=plan, way="raise", bps=100)
    seen = look(merchant, wish).mark

    def sent() -> BulkEdit:
        return bulk_begin(merchant=merchant, products=rows, wish=wish, seen=seen, actor=owner)

    edits = [sent() for _each in range(bulk.AT_ONCE)]
    with pytest.raises(StillAtWork):
        sent()
    assert [(went_on(edit).done, edit.refused) for edit in edits] == [(3, 0), (0, 3), (0, 3)]
    assert rates() == {"A": 1100, "B": 1100, "C": 1100}
    with pytest.raises(SeenOtherwise):
        sent()


def test_it_goes_on_where_a_worker_stopped(three, merchant, owner, monkeypatch):
    monkeypatch.setattr(bulk, "SLICE", 2)
    rows, wish = Product.objects.all(), Wish("pause")
    edit = bulk_begin(
        merchant=merchant, products=rows, wish=wish, seen=look(merchant, wish).mark, actor=owner
    )
    bulk._some_done.__wrapped__(edit.pk)
    edit.refresh_from_db()
    assert (edit.state, edit.settled) == ("running", 2)
    assert bulk_stalled() == []
    with clock.at(NOON + timedelta(minutes=3)):
        assert bulk_stalled() == [edit.pk]
    went_on(edit)
    assert (edit.state, edit.done) == ("done", 3)


def test_what_cannot_go_on_is_given_up_after_an_hour_and_its_team_told(three, merchant, owner):
    rows, wish = Product.objects.all(), Wish("pause")
    edit = bulk_begin(
        merchant=merchant, products=rows, wish=wish, seen=look(merchant, wish).mark, actor=owner
    )
    with clock.at(NOON + timedelta(minutes=59)):
        bulk_give_up()
        edit.refresh_from_db()
        assert edit.state == "running"
    with clock.at(NOON + timedelta(minutes=61)):
        bulk_give_up()
    edit.refresh_from_db()
    assert (edit.state, edit.failure) == ("failed", "It could not go on, by a fault of ours.")
    assert owner.notifications.filter(kind="bulk.failed").count() == 1


def test_it_is_bounded_and_forgotten_after_a_while(three, merchant, go, monkeypatch):
    edit = go(Wish("pause"))
    with clock.at(NOON + timedelta(days=91)):
        bulk_forget()
    assert not edit.lines.exists()
    monkeypatch.setattr(bulk, "MOST", 2)
    with pytest.raises(TooMany):
        look(merchant, Wish("resume"))


def test_anothers_products_are_never_touched(three, stranger, go):
    other = merchant_of(stranger)
    assert bulk_look(merchant=other, products=Product.objects.all(), wish=Wish("pause")).fates == []


def test_a_thousand_products_take_as_many_statements_as_three(three, merchant, plan, shop):
    wish = Wish("rate", plan=plan, way="raise", bps=100)
    with CaptureQueriesContext(connection) as few:
        look(merchant, wish)
    products_save(shop=shop, products=[product_data(f"N{i}") for i in range(300)], actor=None)
    with CaptureQueriesContext(connection) as many:
        assert len(look(merchant, wish).changing) == 303
    assert len(many) == len(few)


@pytest.mark.django_db(transaction=True)
def test_each_slice_is_for_good(noon, shop, plan, category, owner):
    products_save(shop=shop, products=[product_data(n) for n in "AB"], actor=None)
    rows, wish = Product.objects.all(), Wish("pause")
    seen = bulk_look(merchant=shop.merchant, products=rows, wish=wish).mark
    edit = bulk_begin(
        merchant=shop.merchant, products=rows, wish=wish, seen=seen, actor=User.objects.first()
    )
    bulk_go_on(edit_pk=edit.pk)
    bulk_go_on(edit_pk=edit.pk)
    edit.refresh_from_db()
    assert (edit.state, edit.done) == ("done", 2)
    assert set(states().values()) == {"withdrawn"}
