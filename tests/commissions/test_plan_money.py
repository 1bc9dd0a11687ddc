"""From a plan's rate to the books: a member's order, an event's with its service fee."""

from datetime import datetime, timedelta

import pytest

from affiliates import services
from affiliates.services.places import applications_approve, plan_apply
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from commissions.models import Commission
from commissions.verify import verify
from merchants.services.plans import plan_open
from tests.cast import cast_make, staff_make, user_make

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2026, 5, 10, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)


@pytest.fixture
def cast():
    with clock.at(MAY - DAY):
        return cast_make()


def test_a_members_order_is_booked_at_the_plans_rate(cast):
    with clock.at(MAY):
        plan = plan_open(
            merchant=cast.merchant, name="Friends", kind="SP", rate_bps=2_000, actor=cast.chen
        )
        before = cast.click(at=clock.now())
        place = plan_apply(actor=cast.lin, affiliate=cast.affiliate, plan=plan)
    with clock.at(MAY + timedelta(hours=1)):
        applications_approve(actor=cast.chen, places=[place])
    with clock.at(MAY + timedelta(hours=2)):
        earlier = cast.sold("T1", click_id=before)
        since = cast.click(at=clock.now() - timedelta(minutes=30))
        later = cast.sold("T2", click_id=since)

    assert (earlier.commission_minor, earlier.net_minor) == (2_388, 1_934)
    assert (later.commission_minor, later.net_minor) == (3_980, 3_224)  # 39.80; 35.82 − 3.58
    assert verify() == []


def test_an_events_order_pays_its_rate_to_the_affiliate_and_its_fee_to_the_host(cast):
    ops = staff_make(StaffRole.OPS, email="ops2@test.example")
    zhou = user_make("zhou@test.example")
    with clock.at(MAY):
        host = services.affiliate_apply(user=zhou, kind="tuanzhang", name="Zhou")
        services.affiliate_approve(actor=ops, affiliate=host)
        host.refresh_from_db()
        event = services.event_draft(
            actor=zhou,
            host=host,
            name="Summer",
            least_bps=1_000,
            service_bps=300,
            enrol_until=MAY + DAY,
            starts_at=MAY + DAY,
            ends_at=MAY + 3 * DAY,
        )
        services.event_open(actor=ops, event=event)
        plan = services.event_join(
            actor=cast.chen, merchant=cast.merchant, event=event, rates={cast.product.pk: 2_000}
        )
        services.event_publish(actor=zhou, event=plan.event)
        link = services.link_create(
            actor=cast.lin,
            affiliate=cast.affiliate,
            zone=cast.zone,
            product=cast.product,
            plan=plan,
        )
    with clock.at(MAY + 2 * DAY):
        cast.sold("T1", click_id=cast.click(link=link))
    with clock.at(MAY + 4 * DAY):  # the click was made while it ran
        cast.received("T1")
        cast.sold("T2", click_id=cast.click(link=link))

    booked = {
        (one.line.order.external_id, one.role): (one.commission_minor, one.publisher_minor)
        for one in Commission.objects.select_related("line__order")
    }
    assert booked == {
        ("T1", "affiliate"): (3_980, 3_582),
        ("T1", "intermediary"): (597, 597),
        ("T2", "affiliate"): (2_388, 2_149),
    }
    assert verify() == []
