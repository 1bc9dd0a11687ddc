"""A higher rate for the first pieces: counted once, never oversold, given back, told of."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections

from affiliates.explanations import explain
from affiliates.services import link_create
from alliance.kernel import clock
from alliance.kernel.errors import Invalid, WrongState
from commissions import pipeline
from commissions.dryrun import RateChange, dry_run
from commissions.models import Commission
from commissions.verify import verify
from merchants.models import PieceStock, PieceTake, PlanKind
from merchants.services.orders import orders_record
from merchants.services.plans import first_pieces_open
from merchants.services.products import ProductData, product_save
from merchants.services.terms import terms_announce
from tests.cast import cast_make
from tests.processes import in_processes

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)


@pytest.fixture
def cast():
    with clock.at(MAY - timedelta(days=1)):
        return cast_make()


@pytest.fixture
def plan(cast):
    """30 % for the first three pieces, for two days."""
    with clock.at(MAY - timedelta(hours=2)):
        return first_pieces_open(
            product=cast.product,
            name="First three",
            rate_bps=3_000,
            pieces=3,
            ends_at=MAY + timedelta(days=2),
            actor=cast.chen,
        )


def rates():
    return list(Commission.objects.order_by("pk").values_list("rate_bps", flat=True))


def left():
    return PieceStock.objects.get().left


def bought(cast, number, pieces, **changes):
    (line,) = cast.report(number).lines
    return cast.sold(number, lines=(replace(line, quantity=pieces),), **changes)


def test_the_first_pieces_earn_more_and_then_the_next_best_plan_counts(cast, plan):
    with clock.at(MAY):
        for number in range(4):
            cast.sold(f"T{number}")
        said = explain(cast.commission("T3").line.attribution, viewer=cast.affiliate)
    assert rates() == [3_000, 3_000, 3_000, 1_200]
    assert left() == 0
    assert "“First three” pays 30% for the first pieces only, and not enough were left." in said
    assert verify() == []


def test_a_line_gets_the_rate_for_all_of_its_pieces_or_for_none(cast, plan):
    with clock.at(MAY):
        assert bought(cast, "T1", 2).rate_bps == 3_000
        assert bought(cast, "T2", 2).rate_bps == 1_200
        assert bought(cast, "T3", 1).rate_bps == 3_000
    assert left() == 0
    assert verify() == []


def test_an_order_that_comes_to_nothing_gives_its_pieces_back_once(cast, plan):
    with clock.at(MAY):
        bought(cast, "T1", 3)
        assert left() == 0
    with clock.at(MAY + timedelta(hours=1)):
        void = {"state": "void", "void_at": clock.now(), "lines": (), "void_reason": "sent back"}
        pks = cast.record(cast.report("T1", **void))
        pipeline.orders_process(pks)
        assert left() == 3
        assert bought(cast, "T2", 1).rate_bps == 3_000
    assert left() == 2
    assert PieceTake.objects.filter(given_back_at=None).count() == 1
    assert verify() == []


def test_a_void_and_a_sale_in_one_batch_share_the_pieces(cast, plan):
    with clock.at(MAY):
        bought(cast, "T1", 3)
    with clock.at(MAY + timedelta(hours=1)):
        click = cast.click()
        void = cast.report("T1", state="void", void_at=clock.now(), lines=(), void_reason="x")
        cast.record(void, cast.report("T2", click_id=click))
        assert cast.commission("T2").rate_bps == 3_000
    assert left() == 2
    assert verify() == []


def test_an_order_that_is_void_before_it_is_decided_on_keeps_no_pieces(cast, plan):
    with clock.at(MAY):
        (line,) = cast.report("T1").lines
        void = cast.report(
            "T1", state="void", void_at=clock.now(), void_reason="x", click_id=cast.click(),
            lines=(replace(line, quantity=3),),
        )  # fmt: skip
        cast.record(void, cast.report("T2", click_id=cast.click()))
        assert cast.commission("T2").rate_bps == 3_000
    assert left() == 2
    assert verify() == []


def test_a_redelivered_order_takes_its_pieces_once_and_a_refund_gives_none_back(cast, plan):
    with clock.at(MAY):
        commission = cast.sold()
        pipeline.orders_process([commission.line.order_id] * 2)
        assert left() == 2
        assert cast.refunded("199.00").state == "void"
    assert left() == 2


def test_a_click_before_the_plan_began_was_not_promised_it(cast, plan):
    with clock.at(MAY):
        click = cast.click(at=plan.starts_at - timedelta(minutes=1))
        assert cast.sold(click_id=click).rate_bps == 1_200
    assert left() == 3


def test_what_is_promised_for_the_first_pieces_cannot_be_changed(cast, plan):
    with clock.at(MAY):
        with pytest.raises(WrongState):
            terms_announce(plan=plan, product=cast.product, rate_bps=5_000, actor=cast.chen)
        for wrong in ({"pieces": 0}, {"rate_bps": 1}, {"ends_at": MAY}):
            facts = {"rate_bps": 2_000, "pieces": 1, "ends_at": MAY + timedelta(days=1), **wrong}
            with pytest.raises(Invalid):
                first_pieces_open(product=cast.product, name="Wrong", actor=cast.chen, **facts)


def test_a_dry_run_leaves_the_pieces_with_those_who_had_them(cast, plan):
    with clock.at(MAY):
        for number in range(4):
            cast.sold(f"T{number}")
        general = cast.merchant.plans.get(kind=PlanKind.COMMON)
        report = dry_run(
            RateChange(general, 2_200), MAY - timedelta(days=1), MAY + timedelta(days=1)
        )
    assert (report.lines, report.touched) == (4, 1)
    # 10 % more of 199.00 for the fourth piece only
    assert report.merchants_minor == 1_990


def test_many_at_once_never_sell_more_than_there_are(cast, plan):
    numbers = range(12)
    with clock.at(MAY):
        reports = [cast.report(f"T{n}", click_id=cast.click()) for n in numbers]
        outcomes = orders_record(shop=cast.shop, reports=reports)
    pks = [outcome.order_pk for outcome in outcomes]

    def job(mine):
        def run():
            with clock.at(MAY):
                for pk in mine:
                    pipeline.orders_process([pk])

        return run

    in_processes(*(job(pks[start::4]) for start in range(4)))

    assert sorted(rates()) == [1_200] * 9 + [3_000] * 3
    assert left() == 0
    assert verify() == []


def test_voids_and_sales_of_two_products_do_not_stand_in_each_others_way(cast, plan):
    """Batches that each give back pieces of one product and take some of the other: they would wait
    for each other, were the stocks not held in one order."""
    pot = second_product(cast)
    link = link_create(actor=cast.lin, affiliate=cast.affiliate, zone=cast.zone, product=pot)
    batches = []
    later = MAY + timedelta(hours=1)
    with clock.at(MAY):
        flask_click, pot_click = cast.click(), cast.click(link=link)
        (line,) = cast.report("x").lines

        def order(number, external_id, click, **changes):
            own = replace(line, external_id=f"{number}-1", product_external_id=external_id)
            return cast.report(number, click_id=click, lines=(own,), **changes)

        for n in range(3):
            cast.record(order(f"A{n}", "P1", flask_click), order(f"B{n}", "P2", pot_click))
        for n in range(3):
            gone = {"state": "void", "void_at": later, "void_reason": "x", "reported_at": later}
            batch = [
                [
                    replace(order(f"A{n}", "P1", flask_click), **gone),
                    order(f"C{n}", "P2", pot_click),
                ],
                [
                    replace(order(f"B{n}", "P2", pot_click), **gone),
                    order(f"D{n}", "P1", flask_click),
                ],
            ]
            for reports in batch:
                outcomes = orders_record(shop=cast.shop, reports=reports)
                batches.append([outcome.order_pk for outcome in outcomes])

    def job(mine):
        def run():
            with clock.at(later):
                for pks in mine:
                    pipeline.orders_process(pks)

        return run

    in_processes(job(batches[::2]), job(batches[1::2]), job(batches[::-1]))

    assert PieceTake.objects.exclude(given_back_at=None).count() == 6
    assert verify() == []


def test_an_order_waits_for_no_stock_but_that_of_its_own_products(cast, plan):
    """Batches of one product each hold their own stock: did they ask for the others', too, they
    would wait for each other in a circle."""
    pot = second_product(cast)
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "SELECT FROM merchants_piecestock WHERE product_id = %s FOR UPDATE", [pot.pk]
            )
            assert cursor.rowcount == 1
            with connection.cursor() as mine:
                mine.execute("SET lock_timeout = '1s'")
            with clock.at(MAY):
                assert bought(cast, "T1", 1).rate_bps == 3_000
    finally:
        other.close()
        connection.close()
    assert verify() == []


def second_product(cast):
    with clock.at(MAY - timedelta(hours=1)):
        pot = product_save(
            shop=cast.shop,
            data=ProductData(
                external_id="P2",
                title="茶壶",
                url="https://shop.chen.example/p/2",
                price_minor=100_00,
            ),
            actor=cast.chen,
        )
        first_pieces_open(
            product=pot,
            name="First three pots",
            rate_bps=3_000,
            pieces=3,
            ends_at=MAY + timedelta(days=2),
            actor=cast.chen,
        )
    return pot
