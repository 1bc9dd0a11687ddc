"""Ten small affiliates who sell the same, and one of them mostly to itself."""

from datetime import datetime, timedelta

from affiliates.models import AdZone
from affiliates.services import affiliate_apply, link_create
from alliance.kernel import clock
from tests.cast import Cast, user_make

START = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)
NIGHT = datetime(2026, 7, 4, 0, 40, tzinfo=clock.ZONE)


def among_peers(cast: Cast, *, at: datetime = START, orders: int = 16) -> datetime:
    """Each peer has orders of as many buyers; the cast's affiliate has them from four buyers of one
    address. Returns the night in which that is looked at."""
    with clock.at(at - timedelta(days=1)):
        links = [peer_link(cast, number) for number in range(9)]
    with clock.at(at):
        reports = [
            report(cast, f"P{peer}-{n}", link, f"buyer {peer}-{n}", f"home {peer}-{n}")
            for peer, link in enumerate(links)
            for n in range(orders)
        ]
        reports += [
            report(cast, f"T{n}", cast.link, f"hand {n % 4}", "one address") for n in range(orders)
        ]
        cast.record(*reports)
    return NIGHT


def peer_link(cast: Cast, number: int):
    user = user_make()
    affiliate = affiliate_apply(user=user, kind="small", name=f"Peer {number}")
    affiliate.refresh_from_db()
    zone = AdZone.objects.get(site__affiliate=affiliate)
    return link_create(actor=user, affiliate=affiliate, zone=zone, product=cast.product)


def report(cast: Cast, number: str, link, buyer: str, address: str):
    click = cast.click(
        link=link, at=clock.now() - timedelta(minutes=7), visitor_key=buyer, ip_key=address
    )
    return cast.report(number, click_id=click)
