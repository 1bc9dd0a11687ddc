"""The box for links: what is pasted comes back ready to share, or with the reason why not."""

import re
from datetime import timedelta
from html import unescape

import pytest

from affiliates.models import AffiliateMember, AffiliateState, Link
from affiliates.services import affiliate_freeze
from alliance.kernel import clock
from alliance.kernel.models import MemberRole, StaffRole
from campaigns.models import Campaign, CouponStock
from merchants.models import Category, Coupon, Product
from tests.campaigns.claims.world import campaign_make, stock_of
from tests.cast import staff_make, user_make

BOX = "/affiliate/convert/"


@pytest.fixture
def paste(lin, cast):
    """POST to the box; the page's text."""

    def post(text: str, **fields) -> str:
        answer = lin.post(BOX, {"text": text, "zone": cast.zone.pk, **fields})
        assert answer.status_code == 200, answer
        return answer.content.decode()

    return post


def copies(html: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'data-copy="([^"]*)"', html)]


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def test_opening_the_box_makes_nothing(lin, cast):
    Link.objects.all().delete()
    html = lin.get(BOX, {"text": cast.product.url}).content.decode()
    assert cast.product.url in html
    assert not Link.objects.exists()


def test_a_product_comes_back_ready_to_share(paste, cast):
    coupon_of(cast, 20_00)
    html = paste(f"看看 {cast.product.url}，不错")
    link, home = cast.link, "localhost:8000"
    how = f"Copy this message and open {home}/code/"
    says = "CN¥179.00 with coupon TEA20 (instead of CN¥199.00)"
    assert copies(html) == [
        f"http://{home}/r/{link.code}",
        f"{home}/r/{link.code}",
        f"￥{link.code}￥",
        f"[Ad] {cast.product.name}\n{says}\nhttp://{home}/r/{link.code}",
        f"[Ad] {cast.product.name}\n{says}\n￥{link.code}￥\n{how}",
    ]
    # 179.00 at 12 %, of which 90 % (docs/domain.md §4.2).
    assert "You earn about CN¥19.33 (12%)" in plain(html)
    assert Link.objects.count() == 1


@pytest.mark.parametrize(
    "way",
    ["￥{0}￥", "¥ {0} ¥", "￥\u200b{0}￥", "http://localhost:8000/r/{0}", "localhost:8000/s/{0}",
     "\nhttps://evil.example/r/{0}\n", "ＨＴＴＰＳ：／／evil.example/{0}"],
)  # fmt: skip
def test_a_title_leads_nobody_elsewhere(paste, cast, client, way):
    other = Link.objects.create(
        affiliate=cast.affiliate, zone=cast.zone, shop=cast.shop, url=cast.product.url,
        code="aaaaaaaaaa", sub1="theirs",
    )  # fmt: skip
    Product.objects.update(title=f"Dr.Martens {way.format(other.code)} 2.5kg", title_en="")
    for text in copies(paste(cast.product.url))[3:5]:
        assert text.startswith("[Ad] Dr.Martens 2.5kg\n")
        assert client.post("/code/", {"text": text})["Location"] == f"/s/{cast.link.code}"


def test_a_campaigns_coupon_is_shared_with_its_page_and_live_stock(paste, cast):
    campaign = campaign_make(cast.product)
    stock = stock_of(campaign, product=cast.product)
    html = paste(cast.product.url)
    page = f"http://localhost:8000/s/{cast.link.code}"
    assert copies(html)[0] == page
    assert "100 of 100 coupons left" in plain(html)
    says = "CN¥169.00 with the coupon behind the link (instead of CN¥199.00)"
    assert copies(html)[3] == f"[Ad] {cast.product.name}\n{says}\n{page}"

    Campaign.objects.filter(pk=campaign.pk).update(state="paused")
    html = paste(cast.product.url)
    assert copies(html)[0] == f"http://localhost:8000/r/{cast.link.code}"
    assert f"{campaign.name}: paused" in plain(html)

    Campaign.objects.filter(pk=campaign.pk).update(state="live")
    opens = clock.now() + timedelta(hours=2)
    CouponStock.objects.filter(pk=stock.pk).update(opens_at=opens)
    html = paste(cast.product.url)
    assert copies(html)[0] == page
    assert "100 coupons from" in plain(html)
    assert "\nCN¥199.00, with a coupon soon\n" in copies(html)[3]


def coupon_of(cast, face_minor: int, code: str = "TEA20") -> Coupon:
    return Coupon.objects.create(
        merchant=cast.merchant, shop=cast.shop, product=cast.product, code=code,
        face_minor=face_minor, currency="CNY", starts_at=clock.now() - timedelta(days=1),
        ends_at=clock.now() + timedelta(days=1),
    )  # fmt: skip


def test_of_two_coupons_the_one_with_which_the_buyer_pays_less_is_shared(paste, cast):
    stock_of(campaign_make(cast.product), product=cast.product)  # 30.00 off
    coupon = coupon_of(cast, 30_00)
    assert copies(paste(cast.product.url))[0] == f"http://localhost:8000/s/{cast.link.code}"

    Coupon.objects.filter(pk=coupon.pk).update(face_minor=30_01)
    texts = copies(paste(cast.product.url))
    assert texts[0] == f"http://localhost:8000/r/{cast.link.code}"
    assert texts[3] == f"http://localhost:8000/s/{cast.link.code}"
    assert "CN¥168.99 with coupon TEA20" in texts[4]


def test_what_is_only_drawn_lowers_no_price(paste, cast):
    stock = stock_of(campaign_make(cast.product), product=cast.product)
    CouponStock.objects.filter(pk=stock.pk).update(
        mode="draw", seed="s" * 64, opens_at=clock.now(), closes_at=clock.now() + timedelta(hours=1)
    )
    html = paste(cast.product.url)
    assert "\nCN¥199.00, and a coupon to be won\n" in copies(html)[3]
    assert "100 coupons to be drawn at" in plain(html)


def test_a_page_of_a_shop_has_a_link_and_no_price(paste, cast):
    address = f"https://{cast.shop.domains[0]}/sale"
    html = paste(address)
    link = Link.objects.exclude(pk=cast.link.pk).get()
    assert (link.url, link.product) == (address, None)
    assert copies(html)[3] == f"[Ad] {cast.shop.name}\nhttp://localhost:8000/r/{link.code}"
    assert "You earn" not in html


def test_a_link_that_one_has_is_shown_again_without_making_anything(lin, cast, client):
    html = lin.get(BOX, {"link": cast.link.pk}).content.decode()
    assert copies(html)[0] == f"http://localhost:8000/r/{cast.link.code}"
    assert "You earn about CN¥21.49 (12%)" in plain(html)
    assert f"{BOX}?link={cast.link.pk}" in lin.get("/affiliate/links/").content.decode()
    for nobodys in ("0", "x", "9" * 30):
        assert lin.get(BOX, {"link": nobodys}).status_code == 404
    assert Link.objects.count() == 1


def test_what_cannot_be_promoted_says_why_and_leads_on(paste, cast):
    tea = Category.objects.create(slug="tea", name_zh="茶", name_en="Tea", name_de="Tee")
    Product.objects.filter(pk=cast.product.pk).update(state="withdrawn", category=tea)
    html = paste(f"{cast.product.url} https://evil.example/<b>")
    assert "The shop has withdrawn this product." in html
    assert 'href="/affiliate/products/?category=tea"' in html
    assert "No shop of the alliance is at this address." in html
    assert "<b>" not in html
    assert copies(html) == []


def test_htmx_gets_the_results_only_and_the_page_is_told(lin, cast):
    headers = {"HX-Request": "true"}
    form = {"text": cast.product.url, "zone": cast.zone.pk}
    answer = lin.post(BOX, form, headers=headers)
    assert answer.content.decode().strip().startswith('<div id="results"')
    assert answer["HX-Trigger"] == "link-made"
    html = lin.post(BOX, {**form, "text": "good tea"}, headers=headers).content.decode()
    assert "There is nothing to promote in it" in html
    html = lin.post(BOX, {**form, "text": "x" * 10_001}, headers=headers).content.decode()
    assert "10000" in html


def test_viewers_and_the_frozen_make_no_links(client, cast):
    viewer = user_make()
    AffiliateMember.objects.create(affiliate=cast.affiliate, user=viewer, role=MemberRole.VIEWER)
    client.force_login(viewer)
    form = {"text": cast.product.url, "zone": cast.zone.pk, "sub1": "new"}
    assert client.post(BOX, form).status_code == 403
    assert "Viewers may look" in client.get(BOX).content.decode()

    affiliate_freeze(actor=staff_make(StaffRole.OPS), affiliate=cast.affiliate, reason="Spam.")
    client.force_login(cast.lin)
    assert client.post(BOX, form).status_code == 409
    assert "<textarea" not in client.get(BOX).content.decode()
    assert cast.affiliate.__class__.objects.get().state == AffiliateState.FROZEN
    assert Link.objects.count() == 1
