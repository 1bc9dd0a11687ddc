"""Merchants, their people, shops, products, coupons: who may, what is refused, what is traced."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from alliance.kernel.access import api_key_issue
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import ApiKey, AuditEvent, User
from alliance.kernel.tasks import mails_send
from merchants.models import Coupon, MerchantMember, Order, Product
from merchants.services.coupons import coupon_create, coupon_end
from merchants.services.merchants import (
    member_add,
    member_change,
    member_remove,
    merchant_apply,
    merchant_approve,
    merchant_close,
    merchant_freeze,
    merchant_unfreeze,
)
from merchants.services.products import (
    product_restore,
    product_save,
    product_withdraw,
    products_let_end,
    products_save,
)
from merchants.services.sales import sales_count
from merchants.services.shops import domain_normalise, shop_change, shop_create, shop_score
from tests.merchants.conftest import NOON, product_data

# --- The merchant ---------------------------------------------------------------------------------


def test_who_applies_owns_and_waits(owner):
    merchant = merchant_apply(user=owner, name=" Tea ", shop_name="Tea", domains=["tea.example"])

    assert (merchant.name, merchant.state, merchant.currency) == ("Tea", "applied", "CNY")
    assert merchant.members.get().role == "owner"
    assert merchant.shops.get().domains == ["tea.example"]
    verbs = set(AuditEvent.objects.filter(actor=owner).values_list("verb", flat=True))
    assert verbs == {"merchant.applied", "shop.created"}


@pytest.mark.parametrize("fields", [{"name": " "}, {"shop_name": ""}, {"domains": []}])
def test_an_application_needs_names_and_a_domain(owner, fields):
    usual = {"name": "Tea", "shop_name": "Tea", "domains": ["tea.example"]}
    with pytest.raises(Invalid):
        merchant_apply(user=owner, **{**usual, **fields})
    assert not MerchantMember.objects.exists()


def test_states_move_as_agreed_and_only_so(merchant, owner):
    moves = {
        "approve": lambda: merchant_approve(merchant=merchant, actor=owner),
        "freeze": lambda: merchant_freeze(merchant=merchant, reason="why", actor=owner),
        "unfreeze": lambda: merchant_unfreeze(merchant=merchant, actor=owner),
        "close": lambda: merchant_close(merchant=merchant, reason="why", actor=owner),
    }
    allowed = {
        "applied": {"approve": "active", "close": "closed"},
        "active": {"freeze": "frozen", "close": "closed"},
        "frozen": {"unfreeze": "active", "close": "closed"},
        "closed": {},
    }
    for state, ways in allowed.items():
        for name, move in moves.items():
            type(merchant).objects.filter(pk=merchant.pk).update(state=state)
            if name in ways:
                move()
                merchant.refresh_from_db()
                assert merchant.state == ways[name]
            else:
                with pytest.raises(WrongState):
                    move()


# --- The team -------------------------------------------------------------------------------------


def test_a_new_person_is_told_and_an_old_one_joins(merchant, owner, stranger):
    member_add(merchant=merchant, email="New@Tea.example", role="manager", actor=owner)
    member_add(merchant=merchant, email=stranger.email, role="viewer", actor=owner)
    mails_send()

    added = [sent.to for sent in mail.outbox if sent.subject == "You were added to West Lake Tea"]
    assert added == [["new@tea.example"], [stranger.email]]
    assert not User.objects.get(email="new@tea.example").has_usable_password()
    with pytest.raises(Invalid):
        member_add(merchant=merchant, email=stranger.email, role="owner", actor=owner)


@pytest.mark.parametrize("fields", [{"email": "nobody"}, {"role": "king"}])
def test_a_person_needs_an_address_and_a_role(merchant, owner, fields):
    with pytest.raises(Invalid):
        member_add(
            merchant=merchant, actor=owner, **{"email": "a@b.example", "role": "viewer", **fields}
        )
    assert merchant.members.count() == 1


def test_only_owners_handle_the_team(merchant, owner, viewer, stranger):
    member = merchant.members.get(user=viewer)
    for actor in (viewer, stranger):
        with pytest.raises(NotAllowed):
            member_add(merchant=merchant, email="x@y.example", role="viewer", actor=actor)
        with pytest.raises(NotAllowed):
            member_change(member=member, role="owner", actor=actor)
        with pytest.raises(NotAllowed):
            member_remove(member=member, actor=actor)


def test_the_last_owner_stays(merchant, owner, viewer):
    first, second = merchant.members.order_by("pk")
    with pytest.raises(Invalid):
        member_change(member=first, role="viewer", actor=owner)
    with pytest.raises(Invalid):
        member_remove(member=first, actor=owner)
    member_change(member=second, role="owner", actor=owner)
    member_remove(member=first, actor=owner)
    assert merchant.members.get().user == viewer


def test_who_leaves_takes_no_key_along(merchant, owner, viewer):
    api_key_issue(actor=viewer, organisation=f"merchant:{merchant.pk}", name="x", scopes=[])
    member_remove(member=merchant.members.get(user=viewer), actor=owner)
    assert ApiKey.objects.get().revoked_at is not None


# --- Shops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Shop.Example.com", "shop.example.com"),
        ("https://shop.example.com/x?y", "shop.example.com"),
        (" shop.example.com. ", "shop.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("淘客.example", "xn--ubtr73b.example"),
        ("shop.localhost", "shop.localhost"),  # not in production
    ],
)
def test_domains_are_written_one_way(text, domain):
    assert domain_normalise(text) == domain


@pytest.mark.parametrize(
    "text",
    ["", "com", "co.uk", "com.cn", "ne.jp", "github.io", "myshopify.com",
     "127.0.0.1", "[::1]", "1.2.3.4:80", "shop.example.com:8000",
     "user@shop.example.com", "-a.example", "a..example", "a b.example", "x.local", "a_b.example",
     "http://", "shop.example.123", "a" * 64 + ".example"],
)  # fmt: skip
def test_what_is_no_domain_is_refused(text):
    with pytest.raises(Invalid):
        domain_normalise(text)


def test_production_knows_no_localhost(settings):
    settings.PRODUCTION = True
    with pytest.raises(Invalid):
        domain_normalise("shop.localhost")


@pytest.mark.parametrize("domain", ["tea.example", "www.tea.example", "a.b.tea.example"])
def test_a_domain_belongs_to_one_merchant(shop, stranger, domain):
    from merchants.queries import shops_for

    theirs = shops_for(stranger).get()
    with pytest.raises(Invalid, match="belongs to another merchant"):
        shop_change(shop=theirs, name="Silk", domains=[domain], actor=stranger)
    with pytest.raises(Invalid):
        shop_create(merchant=theirs.merchant, name="New", domains=[domain], actor=stranger)
    # Neither may they take what lies above.
    shop_change(shop=shop, name="Tea", domains=["deep.tea.example"], actor=None)
    with pytest.raises(Invalid):
        shop_change(shop=theirs, name="Silk", domains=["tea.example"], actor=stranger)


def test_an_application_blocks_nobody_and_is_checked_again(merchant, stranger):
    rival = merchant_apply(user=stranger, name="Rival", shop_name="R", domains=["new.example"])
    shop_create(merchant=merchant, name="Second", domains=["new.example"], actor=None)
    with pytest.raises(Invalid):
        merchant_approve(merchant=rival, actor=None)
    rival.refresh_from_db()
    assert rival.state == "applied"
    merchant_close(merchant=merchant, reason="gone", actor=None)
    merchant_approve(merchant=rival, actor=None)


def test_a_score_lies_between_none_and_five(shop):
    shop_score(shop=shop, score_centi=480, actor=None)
    with pytest.raises(Invalid):
        shop_score(shop=shop, score_centi=501, actor=None)
    shop.refresh_from_db()
    assert shop.score_centi == 480


# --- Products -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "https://elsewhere.example/1"}, "url"),
        ({"url": "https://tea.example.evil.example/1"}, "url"),
        ({"url": "https://eviltea.example/1"}, "url"),
        ({"url": "https://tea.example@evil.example/1"}, "url"),
        ({"url": "https://tea.example\\@evil.example/1"}, "url"),
        ({"url": "https://u:p@tea.example/1"}, "url"),
        ({"url": "javascript:alert(1)//tea.example"}, "url"),
        ({"url": "ftp://tea.example/1"}, "url"),
        ({"url": "//tea.example/1"}, "url"),
        ({"url": "https://tea.example/a b"}, "url"),
        ({"url": ""}, "url"),
        ({"image_url": "javascript:alert(1)"}, "image_url"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"brand": "a\x00b"}, "brand"),
        ({"price_minor": -1}, "price_minor"),
        ({"category": "spaceships"}, "category"),
        ({"number": " "}, "external_id"),
    ],
)
def test_a_bad_product_is_refused_and_hurts_no_other(shop, category, fields, field):
    bad, good = products_save(
        shop=shop, products=[product_data(**fields), product_data("LJ-2")], actor=None
    )

    assert (bad.change, bad.error.field) == ("refused", field)
    assert good.change == "created"
    assert Product.objects.get().external_id == "LJ-2"


def test_saving_twice_changes_once(shop, category):
    def save(**fields):
        return products_save(shop=shop, products=[product_data(**fields)], actor=None)[0].change

    assert [save(), save(), save(price_minor=1), save(price_minor=1)] == [
        "created",
        "unchanged",
        "changed",
        "unchanged",
    ]
    assert Product.objects.get().price.minor == 1


def test_the_later_of_two_with_one_id_counts(shop, category):
    products_save(shop=shop, products=[product_data(), product_data(title="newer")], actor=None)
    assert Product.objects.get().title == "newer"


def test_titles_and_brands_are_one_line_wherever_they_are_shown(shop, category):
    odd = {
        "Green\r\ntea\t 100\x0bg\x1b": "Green tea 100 g",
        "\u202ecoat\u202c moc.live \u2066x\u2069\u200f": "coat moc.live x",
        "A\u2028B\u2029C\x85D\ufeff": "A B C D",
        "家庭 👨\u200d👩\u200d👧 می\u200cخواهم": "家庭 👨\u200d👩\u200d👧 می\u200cخواهم",
    }
    for said, plain in odd.items():
        names = dict.fromkeys(("title", "title_en", "title_de", "brand"), said)
        made = product_save(shop=shop, data=product_data(**names, description=said), actor=None)
        assert {getattr(made, name) for name in names} == {plain}
        assert made.description == said.strip()
        saved = products_save(shop=shop, products=[product_data(**names)], actor=None)[0]
        assert "title" not in saved.fields
    refused = products_save(shop=shop, products=[product_data(title="\u202e\n")], actor=None)[0]
    assert refused.error.field == "title"


def test_a_shop_saves_its_own_products_only(shop, stranger, product):
    from merchants.queries import shops_for

    data = product_data(url="https://silk.example/1", category="", title="Silk")
    product_save(shop=shops_for(stranger).get(), data=data, actor=stranger)
    product.refresh_from_db()
    assert product.title == "西湖龙井 LJ-1"


def test_many_products_take_a_handful_of_statements(shop, category, django_assert_max_num_queries):
    rows = [product_data(f"P{n}") for n in range(200)]
    with django_assert_max_num_queries(14):
        products_save(shop=shop, products=rows, actor=None)


def test_products_that_are_to_end_are_held_in_key_order(product):
    with CaptureQueriesContext(connection) as said:
        assert products_let_end(products=[product.pk], at=NOON) == 1
    (held,) = [query["sql"] for query in said if "FOR NO KEY UPDATE" in query["sql"]]
    assert held.endswith("ORDER BY 1 ASC FOR NO KEY UPDATE")  # its key, all that it asks for
    product.refresh_from_db()
    assert product.ends_at == NOON


def test_sales_are_the_paid_pieces_of_thirty_days(noon, shop, product):
    other = product_save(shop=shop, data=product_data("LJ-2"), actor=None)
    Product.objects.filter(pk=other.pk).update(sales_count=7)  # sold long ago
    last = NOON - timedelta(days=30) + timedelta(seconds=1)
    sold = [
        ("paid", last, 2),
        ("received", NOON, 3),
        ("paid", NOON - timedelta(days=30), 40),
        ("placed", NOON, 50),
        ("void", NOON, 60),
    ]
    for number, (state, placed_at, pieces) in enumerate(sold):
        order = Order.objects.create(
            merchant=shop.merchant, shop=shop, external_id=f"O{number}", state=state,
            currency="CNY", placed_at=placed_at, paid_at=NOON, received_at=NOON, reported_at=NOON,
        )  # fmt: skip
        order.lines.create(external_id="1", product=product, quantity=pieces, amount_minor=100)
    order.lines.create(external_id="2", quantity=5, amount_minor=100)  # of none that we know

    assert (sales_count(), sales_count()) == (2, 0)
    assert list(Product.objects.order_by("pk").values_list("sales_count", flat=True)) == [5, 0]


def test_a_product_is_withdrawn_and_comes_back(product, owner):
    product_withdraw(product=product, actor=owner)
    with pytest.raises(WrongState):
        product_withdraw(product=product, actor=owner)
    product_restore(product=product, actor=owner)
    product.refresh_from_db()
    assert product.state == "on_sale"


# --- Coupons --------------------------------------------------------------------------------------


def coupon(shop, **fields):
    usual = {
        "code": "TEA5",
        "face_minor": 500,
        "threshold_minor": 5000,
        "starts_at": NOON,
        "ends_at": NOON + timedelta(days=7),
    }
    return coupon_create(shop=shop, actor=None, **{**usual, **fields})


def test_a_coupon_is_created_and_ends(noon, shop, product):
    made = coupon(shop, product=product)
    assert (made.currency, made.face.minor) == ("CNY", 500)

    coupon_end(coupon=made, actor=None)
    with pytest.raises(WrongState):
        coupon_end(coupon=made, actor=None)
    made.refresh_from_db()
    assert made.ends_at == NOON


def test_a_coupon_that_has_not_begun_never_begins(noon, shop):
    made = coupon(shop, starts_at=NOON + timedelta(days=1))
    coupon_end(coupon=made, actor=None)
    made.refresh_from_db()
    assert made.starts_at < made.ends_at == NOON


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": ""}, "code"),
        ({"face_minor": 0}, "face_minor"),
        ({"face_minor": 5000}, "face_minor"),
        ({"threshold_minor": -1}, "face_minor"),
        ({"ends_at": NOON}, "ends_at"),
        ({"starts_at": NOON - timedelta(days=9), "ends_at": NOON - timedelta(days=1)}, "ends_at"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(noon, shop, fields, field):
    with pytest.raises(Invalid) as refusal:
        coupon(shop, **fields)
    assert refusal.value.field == field
    assert not Coupon.objects.exists()


def test_a_code_is_used_once_per_shop(noon, shop):
    coupon(shop)
    with pytest.raises(Invalid, match="already"):
        coupon(shop)


def test_one_piece_must_reach_the_threshold(noon, shop, product):
    with pytest.raises(Invalid):
        coupon(shop, product=product, threshold_minor=8801)
