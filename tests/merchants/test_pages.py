"""The merchant's rooms through the front door: what they show, change, and refuse to whom."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from alliance.kernel import clock
from alliance.kernel.access import _digest, api_key_issue
from alliance.kernel.models import ApiKey, User
from merchants.models import (
    Coupon,
    ImportRun,
    Merchant,
    MerchantMember,
    Plan,
    Product,
    Shop,
    Terms,
)
from merchants.services.coupons import coupon_create
from merchants.services.imports import import_begin
from merchants.services.merchants import merchant_apply, merchant_freeze
from merchants.services.plans import terms_announce
from merchants.services.products import products_save
from merchants.tasks import products_import, rates_refresh
from tests.merchants.conftest import NOON, product_data

LISTS = ["products", "plans", "coupons", "imports", "settings"]


@pytest.fixture(autouse=True)
def quiet(settings, tmp_path, noon):
    settings.MEDIA_ROOT = tmp_path


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def room(owner, merchant):
    return signed_in(owner)


def url(name, *args):
    return reverse(f"merchants:{name}", args=args)


def said(response):
    return [str(message) for message in response.context["messages"]]


# --- Who may ------------------------------------------------------------------------------------


@pytest.fixture
def things(shop, product, plan, owner, merchant, viewer):
    """One of each, with the pages that open or change it."""
    coupon = coupon_create(
        shop=shop, code="A", face_minor=1, starts_at=NOON, ends_at=NOON + timedelta(1), actor=None
    )
    run = import_begin(
        shop=shop, kind="products", filename="a.csv", file=io.BytesIO(b"id"), actor=None
    )
    key, _token = api_key_issue(
        actor=owner, organisation=f"merchant:{merchant.pk}", name="x", scopes=["orders:read"]
    )
    member = merchant.members.get(user=viewer)
    return {
        "look": [
            url("product", product.pk),
            url("import_run", run.pk),
            url("import_issues", run.pk),
            url("rate_preview", plan.pk) + "?rate=5",
        ],
        "change": [
            (url("product", product.pk), {"title": "x", "url": product.url, "price": "1"}),
            (url("product_withdraw", product.pk), {}),
            (url("product_restore", product.pk), {}),
            (url("plan_rate", plan.pk), {"rate": "20"}),
            (url("plan_end", plan.pk), {}),
            (url("coupon_end", coupon.pk), {}),
            (url("shop", shop.pk), {"name": "x", "domains": "x.example"}),
            (url("member", member.pk), {"role": "owner"}),
            (url("member_out", member.pk), {}),
            (url("key_out", key.pk), {}),
        ],
        "create": [
            (url("product_new"), {}),
            (url("plan_new", "mkt"), {}),
            (url("coupons"), {}),
            (url("imports"), {}),
            (url("settings"), {"name": "x"}),
            (url("shop_new"), {}),
            (url("member_new"), {}),
            (url("key_new"), {}),
        ],
    }


def rows():
    models = (Product, Terms, Plan, Coupon, Shop, MerchantMember, ApiKey, Merchant, ImportRun)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_a_stranger_gets_404_and_moves_nothing(things, stranger):
    before, room = rows(), signed_in(stranger)
    for address in things["look"]:
        assert room.get(address).status_code == 404, address
    for address, data in things["change"]:
        assert room.post(address, data).status_code == 404, address
    assert rows() == before


def test_a_viewer_looks_and_changes_nothing(things, viewer):
    before, room = rows(), signed_in(viewer)
    for address in [*things["look"], *map(url, LISTS)]:
        assert room.get(address).status_code == 200, address
    for address, data in things["change"] + things["create"]:
        assert room.post(address, data).status_code == 403, address
    for address in (url("shop_new"), url("plan_new", "mkt")):
        assert room.get(address).status_code == 403
    assert rows() == before


def test_a_manager_leaves_team_and_keys_to_the_owner(things, viewer):
    MerchantMember.objects.filter(user=viewer).update(role="manager")
    before, room = rows(), signed_in(viewer)
    for name, args in [("member_new", []), ("key_new", [])]:
        assert room.post(url(name, *args), {}).status_code == 403
    assert rows() == before
    assert "Issue key" not in room.get(url("settings")).content.decode()


def test_nobody_without_a_team_enters(things, db):
    newcomer = User.objects.create_user("new@x.example")
    for client, target in [(Client(), "/accounts/login/"), (signed_in(newcomer), url("join"))]:
        for address in [*things["look"], *map(url, LISTS)]:
            answer = client.get(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith(target)


def test_somebody_in_two_teams_acts_in_the_first_only(things, viewer, stranger):
    """A manager there and a viewer here must not change things here."""
    theirs = MerchantMember.objects.get(user=stranger).merchant
    MerchantMember.objects.filter(user=viewer).delete()
    MerchantMember.objects.create(merchant=theirs, user=viewer, role="manager")
    MerchantMember.objects.create(
        merchant=Merchant.objects.exclude(pk=theirs.pk).get(), user=viewer, role="viewer"
    )
    before, room = rows(), signed_in(viewer)
    for address, data in things["change"]:
        assert room.post(address, data).status_code in {403, 404}, address
    assert rows() == before


# --- Lists --------------------------------------------------------------------------------------


def fill(shop, merchant, plan, count):
    saved = products_save(
        shop=shop, products=[product_data(f"P{n}") for n in range(count)], actor=None
    )
    product = Product.objects.get(pk=saved[0].product_pk)
    for n in range(count):
        with clock.at(NOON + timedelta(minutes=n)):
            terms_announce(plan=plan, rate_bps=2000 + n, product=product, actor=None)
        coupon_create(
            shop=shop, code=f"C{n}", face_minor=1, product=product, starts_at=NOON,
            ends_at=NOON + timedelta(days=1), actor=None,
        )  # fmt: skip
        import_begin(
            shop=shop, kind="products", filename=f"{n}.csv", file=io.BytesIO(b"x"), actor=None
        )
        user = User.objects.create_user(f"member{n}@x.example")
        MerchantMember.objects.create(merchant=merchant, user=user)
        api_key_issue(actor=user, organisation=f"merchant:{merchant.pk}", name="x", scopes=[])


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_with_one_row_and_thirty(
    room, shop, merchant, plan, category, name, count, django_assert_max_num_queries
):
    fill(shop, merchant, plan, count)
    room.get(url(name))
    with django_assert_max_num_queries(13):
        assert room.get(url(name)).status_code == 200


def test_products_are_found_by_words_category_and_state(room, shop, category, product):
    products_save(
        shop=shop,
        products=[
            product_data("OO-1", title="乌龙茶", title_en="Oolong", category=""),
            product_data("PU-1", title="普洱茶", title_en="Pu'er", on_sale=False),
        ],
        actor=None,
    )

    def found(**asked):
        return sorted(row.external_id for row in room.get(url("products"), asked).context["page"])

    assert found() == ["LJ-1", "OO-1", "PU-1"]
    assert found(words="oolong") == ["OO-1"]
    assert found(words="龙 茶") == ["OO-1"]
    assert found(words="lj-1") == ["LJ-1"]
    assert found(category="tea") == ["LJ-1", "PU-1"]
    assert found(state="withdrawn") == ["PU-1"]
    assert found(category="nonsense", state="x", sort="y", page="z") == ["LJ-1", "OO-1", "PU-1"]
    part = room.get(url("products"), {"words": "oolong"}, headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<div id="rows">')
    assert "<html" not in part.content.decode()


# --- Products and rates -------------------------------------------------------------------------


def test_a_product_is_written_down_and_changed(room, shop, category):
    form = {
        "shop": shop.pk,
        "external_id": "N-1",
        "title": "碧螺春",
        "url": "https://tea.example/n1",
        "price": "12.5",
        "category": "tea",
    }
    answer = room.post(url("product_new"), form)
    made = Product.objects.get()
    assert answer["Location"] == url("product", made.pk)
    assert (made.price_minor, made.currency) == (1250, "CNY")

    room.post(url("product", made.pk), {**form, "external_id": "other", "price": "13"})
    made.refresh_from_db()
    assert (made.external_id, made.price_minor) == ("N-1", 1300)


def test_a_refused_product_keeps_what_was_typed(room, product):
    form = {"title": "typed", "url": "https://evil.example/", "price": "1"}
    answer = room.post(url("product", product.pk), form)

    assert answer.context["form"].errors["url"] == [
        "The address lies outside the shop's domains (tea.example)."
    ]
    assert "typed" in answer.content.decode()
    product.refresh_from_db()
    assert product.title != "typed"


def test_the_product_page_says_why_it_pays_what_it_pays(room, product, plan):
    with clock.at(NOON + timedelta(minutes=1)):
        terms_announce(plan=plan, rate_bps=1500, product=product, actor=None)
        terms_announce(plan=plan, rate_bps=500, product=product, actor=None)
        text = room.get(url("product", product.pk)).content.decode()
    assert "“General” counts: 15% for this product" in text
    assert "<strong>5%</strong> from Jun 2, 2026 00:00" in text


def test_a_rate_is_announced_for_a_product_a_category_and_the_shop(room, product, category, plan):
    with clock.at(NOON + timedelta(minutes=1)):
        address = url("plan_rate", plan.pk)
        answer = room.post(f"{address}?product={product.pk}", {"rate": "15.5"}, follow=True)
        assert said(answer) == ["The new rate counts at once."]
        room.post(address, {"rate": "12", "category": "tea"})
        answer = room.post(address, {"rate": "5"}, follow=True)
        assert said(answer)[-1:] == ["The new rate counts from the next business day, 00:00."]
    announced = Terms.objects.order_by("pk").values_list("rate_bps", "product", "category")
    assert list(announced)[1:] == [
        (1550, product.pk, None),
        (1200, None, category.pk),
        (500, None, None),
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rate": "20"}, "Counts at once.</strong> On an order of CN¥100.00 you pay CN¥20.00"),
        ({"rate": "5"}, "Counts from Jun 2, 2026 00:00."),
        ({"rate": "1"}, "A commission rate lies between 1.5% and 90%."),
        ({"rate": "no"}, "Enter a number."),
    ],
)
def test_a_rate_shows_what_it_means_before_it_is_announced(room, plan, asked, words):
    answer = room.get(url("rate_preview", plan.pk), asked, headers={"HX-Request": "true"})
    assert words in answer.content.decode()
    assert Terms.objects.count() == 1


def test_plans_are_opened_and_ended(room, merchant):
    room.post(url("plan_new", "common"), {"name": "General", "rate": "8"})
    answer = room.post(
        url("plan_new", "mkt"),
        {"name": "618", "rate": "20", "starts_on": "2026-06-16", "ends_on": "2026-06-18"},
    )
    assert answer["Location"] == url("plans")
    made = Plan.objects.get(kind="MKT")
    assert (made.starts_at, made.ends_at) == (
        clock.day_start(made.starts_at.astimezone(clock.ZONE).date()),
        clock.day_start((NOON + timedelta(days=18)).date()),
    )
    room.post(url("plan_end", made.pk))
    made.refresh_from_db()
    assert made.state == "ended"
    text = room.get(url("plans")).content.decode()
    assert "Every announcement" in text


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("mkt", {"starts_on": "2026-05-31"}, "starts_on"),
        ("mkt", {"ends_on": "2026-06-15"}, "ends_on"),
        ("mkt", {"rate": "1"}, "rate"),
        ("mkt", {"rate": "91"}, "rate"),
        ("common", {"name": ""}, "name"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(room, kind, fields, field):
    form = {"name": "x", "rate": "9", "starts_on": "2026-06-16", "ends_on": "2026-06-18"}
    answer = room.post(url("plan_new", kind), {**form, **fields})
    assert field in answer.context["form"].errors
    assert not Plan.objects.exists()


def test_rates_of_a_new_day_come_by_themselves(room, product, plan):
    terms_announce(plan=plan, rate_bps=500, actor=None)
    with clock.at(NOON + timedelta(days=1)):
        rates_refresh()
    assert Product.objects.get().rate_bps == 500


# --- Coupons, imports ---------------------------------------------------------------------------


def test_a_coupon_is_made_for_a_product_by_its_id(room, shop, product):
    form = {
        "shop": shop.pk, "code": "TEA5", "face": "5", "threshold": "50", "product_id": "LJ-1",
        "starts_on": "2026-06-01", "ends_on": "2026-06-30",
    }  # fmt: skip
    assert room.post(url("coupons"), form).status_code == 302
    made = Coupon.objects.get()
    assert (made.product, made.face_minor, made.threshold_minor) == (product, 500, 5000)
    assert (made.starts_at, made.ends_at) == (NOON, clock.day_start(NOON.date()) + timedelta(30))

    answer = room.post(url("coupons"), form)
    assert answer.context["form"].errors["code"]
    answer = room.post(url("coupons"), {**form, "code": "B", "product_id": "nope"})
    assert answer.context["form"].errors["product_id"]
    assert Coupon.objects.count() == 1


def upload(text, name="products.csv"):
    return SimpleUploadedFile(name, text.encode(), "text/csv")


def test_a_file_is_brought_read_and_its_refused_rows_downloaded(room, shop):
    content = (
        "id,title,link,price\n"
        "P1,龙井,https://tea.example/1,1.00 CNY\n"
        '=1+1,"=HYPERLINK(""x"")",https://evil.example/2,2.00 CNY\n'
    )
    answer = room.post(url("imports"), {"shop": shop.pk, "file": upload(content)})
    run = ImportRun.objects.get()
    assert answer["Location"] == url("import_run", run.pk)
    waiting = room.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 2s"' in waiting

    products_import(run.pk)
    products_import(run.pk)  # the broker delivers it again

    text = room.get(answer["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" not in text
    assert "outside the shop" in text
    download = room.get(url("import_issues", run.pk))
    lines = b"".join(download.streaming_content).decode("utf-8-sig").splitlines()
    assert list(csv.reader(lines)) == [
        ["Row", "Reason", "id", "title", "link", "price"],
        ["3", "The address lies outside the shop's domains (tea.example).", "'=1+1",
         '\'=HYPERLINK("x")', "https://evil.example/2", "2.00 CNY"],
    ]  # fmt: skip


def test_the_sample_file_can_be_brought_as_it_is(room, shop, plan):
    sample = room.get(url("import_sample")).content.decode()
    room.post(url("imports"), {"shop": shop.pk, "file": upload(sample)})
    products_import(ImportRun.objects.get().pk)
    assert ImportRun.objects.get().counts == {"rows": 1, "created": 1, "rates": 1}


def test_nobody_brings_a_file_for_another_shop(room, stranger):
    theirs = Shop.objects.get(domains=["silk.example"])
    answer = room.post(url("imports"), {"shop": theirs.pk, "file": upload("id")})
    assert answer.context["form"].errors["shop"]
    assert not ImportRun.objects.exists()


# --- Joining, settings --------------------------------------------------------------------------


def test_one_applies_waits_and_gets_ready(db, django_user_model):
    user = django_user_model.objects.create_user("new@x.example")
    room = signed_in(user)
    form = {"name": "New", "shop_name": "New", "domain": "https://New.Example/"}
    assert "Apply" in room.get(url("join")).content.decode()
    assert room.post(url("join"), form)["Location"] == url("join")
    assert "We are looking at New" in room.get(url("join")).content.decode()
    assert "being looked at" in room.get(url("products")).content.decode()
    room.post(url("join"), form)
    assert Merchant.objects.count() == 1


def test_a_bad_application_keeps_what_was_typed(db, merchant):
    user = User.objects.create_user("new@x.example")
    form = {"name": "New", "shop_name": "New", "domain": "www.tea.example"}
    answer = signed_in(user).post(url("join"), form)
    assert "belongs to another merchant" in answer.content.decode()
    assert Merchant.objects.count() == 1


def test_a_frozen_merchant_is_told_why(room, merchant):
    merchant_freeze(merchant=merchant, reason="papers are missing", actor=None)
    assert "The reason: papers are missing" in room.get(url("products")).content.decode()


def test_a_closed_merchant_may_apply_again(owner, merchant):
    Merchant.objects.filter(pk=merchant.pk).update(state="closed")
    merchant_apply(user=owner, name="Again", shop_name="A", domains=["tea.example"])
    assert "We are looking at Again" in signed_in(owner).get(url("join")).content.decode()


def test_details_shops_and_team_are_changed(room, merchant, shop, viewer):
    room.post(url("settings"), {"name": "Lake Tea", "contact_email": "a@tea.example"})
    room.post(url("shop_new"), {"name": "Second", "domains": "two.example\nthree.example"})
    room.post(url("shop", shop.pk), {"name": "First", "domains": "tea.example, green.example"})
    room.post(url("member_new"), {"email": "m@tea.example", "role": "manager"})
    room.post(url("member", merchant.members.get(user=viewer).pk), {"role": "manager"})

    merchant.refresh_from_db()
    assert merchant.name == "Lake Tea"
    assert sorted(Shop.objects.values_list("name", "domains")) == [
        ("First", ["green.example", "tea.example"]),
        ("Second", ["three.example", "two.example"]),
    ]
    roles = merchant.members.order_by("pk").values_list("role", flat=True)
    assert list(roles) == ["owner", "manager", "manager"]
    room.post(url("member_out", merchant.members.get(user=viewer).pk))
    assert merchant.members.count() == 2


@pytest.mark.parametrize(
    ("name", "form", "context", "field"),
    [
        ("settings", {"name": ""}, "details", "name"),
        ("shop_new", {"name": "x", "domains": "localhost:8000"}, "form", "domains"),
        ("member_new", {"email": "nobody", "role": "viewer"}, "member_form", "email"),
        ("key_new", {"name": "x", "scopes": ["everything"]}, "key_form", "scopes"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(room, name, form, context, field):
    answer = room.post(url(name), form)
    assert answer.status_code == 200
    assert field in answer.context[context].errors


def test_a_key_is_shown_once_and_revoked(room, owner, merchant):
    answer = room.post(url("key_new"), {"name": "Shop", "scopes": ["orders:write"]})
    token, key = answer.context["token"], ApiKey.objects.get()
    assert "no-store" in answer["Cache-Control"]
    assert token in answer.content.decode()
    assert (key.digest, key.organisation) == (_digest(token), f"merchant:{merchant.pk}")
    assert token not in room.get(url("settings")).content.decode()

    room.post(url("key_out", key.pk))
    key.refresh_from_db()
    assert key.revoked_at == NOON


def test_a_plan_of_a_merchant_without_one_is_offered(room, product):
    assert "Open a general plan" in room.get(url("plans")).content.decode()
    assert "There is no plan yet" in room.get(url("product", product.pk)).content.decode()
