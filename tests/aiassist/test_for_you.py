"""Products matched to affiliates: what those alike promote, what is not shown, who dismisses."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.urls import reverse

from affiliates.models import AdZone, Affiliate, Basket, Widget
from affiliates.services import affiliate_apply, link_create
from affiliates.services.figures import clicks_count
from affiliates.services.widgets import widget_items
from aiassist.matching import by_worth
from aiassist.models import Audience, Dismissal, Matches
from aiassist.services.audiences import audience_save
from aiassist.services.matching import matches_make, places
from aiassist.tasks import matches_make as task
from alliance.kernel import clock
from alliance.kernel.models import User
from campaigns.models import Board
from merchants.models import Category, Merchant, Product
from merchants.services.products import ProductData, product_withdraw, products_save
from tests.campaigns.claims.world import campaign_make
from tests.cast import Cast, cast_make, user_make

NOON = datetime(2026, 6, 10, 12, tzinfo=clock.ZONE)
DAY = timedelta(days=1)


@pytest.fixture
def cast(db) -> Cast:
    with clock.at(NOON - 30 * DAY):
        made = cast_make(wallet="900000.00")
    with clock.at(NOON):
        yield made


@pytest.fixture
def goods(cast) -> dict[str, Product]:
    """Eight products of the shop, A to H, all at the same price."""
    rows = [
        ProductData(name, f"Tea {name}", f"https://shop.chen.example/t/{name}", 50_00)
        for name in "ABCDEFGH"
    ]
    products_save(shop=cast.shop, products=rows, actor=cast.chen)
    return {product.external_id: product for product in cast.shop.products.all()}


@pytest.fixture
def promotes(cast, goods) -> Callable[..., Affiliate]:
    """An affiliate of whose links these products were clicked; the cast's own if none is named."""

    def make(names: str, affiliate: Affiliate | None = None) -> Affiliate:
        affiliate = affiliate or newcomer()
        zone = AdZone.objects.get(site__affiliate=affiliate)
        for name in names:
            link = link_create(
                actor=owner(affiliate), affiliate=affiliate, zone=zone, product=goods[name]
            )
            cast.click(link=link, at=NOON - 2 * DAY)
        clicks_count()
        return affiliate

    return make


def newcomer() -> Affiliate:
    return affiliate_apply(user=user_make(), kind="small", name="Somebody")


def shelves(count: int) -> list[Category]:
    return [
        Category.objects.create(
            slug=f"c{n}", name_zh=f"类{n}", name_en=f"Shelf {n}", name_de=f"Regal {n}"
        )
        for n in range(count)
    ]


def owner(affiliate: Affiliate) -> User:
    return affiliate.members.get().user


def matched(affiliate: Affiliate) -> list[str]:
    places = Matches.objects.get(affiliate=affiliate).places
    names = dict(Product.objects.values_list("pk", "external_id"))
    return [names[place["product"]] for place in places]


def test_those_alike_say_what_suits(cast, goods, promotes):
    lin = promotes("AB", cast.affiliate)
    for names in ("ABC", "ABC", "FGH"):
        promotes(names)
    matches_make()
    assert matched(lin)[0] == "C"
    first = Matches.objects.get(affiliate=lin).places[0]
    assert first["because"] in {goods["A"].pk, goods["B"].pk}
    assert not {"A", "B"} & set(matched(lin))


def test_who_has_promoted_nothing_is_shown_what_its_kind_promotes(cast, goods, promotes, client):
    promotes("AB")
    promotes("A")
    new = newcomer()
    matches_make()
    assert matched(new)[:2] == ["A", "B"]
    client.force_login(owner(new))
    page = client.get(reverse("aiassist:for_you")).content.decode()
    assert "Others of your kind promote it." in page
    assert "Tea A" in page


@pytest.mark.parametrize("bar", ["withdrawn", "frozen", "no rate", "out of money"])
def test_what_cannot_be_promoted_is_neither_matched_nor_shown(cast, goods, promotes, client, bar):
    new = newcomer()
    promotes("A")
    matches_make()
    client.force_login(owner(new))
    assert "Tea A" in client.get(reverse("aiassist:for_you")).content.decode()
    match bar:
        case "withdrawn":
            product_withdraw(product=goods["A"], actor=cast.chen)
        case "frozen":
            Merchant.objects.update(state="frozen")
        case "no rate":
            Product.objects.filter(pk=goods["A"].pk).update(rate_bps=0)
        case "out of money":
            Merchant.objects.update(funding_paused_at=NOON)
    assert "Tea A" not in client.get(reverse("aiassist:for_you")).content.decode()
    matches_make()
    assert "A" not in matched(new)


def test_what_is_dismissed_is_not_shown_again_until_it_is_taken_back(promotes, goods, client):
    new, other = newcomer(), newcomer()
    promotes("AB")
    matches_make()
    client.force_login(owner(new))
    page, dismiss = reverse("aiassist:for_you"), reverse("aiassist:dismiss", args=[goods["A"].pk])
    said = client.post(dismiss, follow=True).content.decode()
    assert "“Tea A” is not shown to you again." in said
    client.post(dismiss)  # twice is once
    assert Dismissal.objects.count() == 1
    matches_make()
    assert (matched(new)[0], matched(other)[:2]) == ("B", ["A", "B"])
    assert "A" not in matched(new)
    client.post(dismiss, {"undo": "yes"})
    matches_make()
    assert "Tea A" in client.get(page).content.decode()


def test_a_viewer_may_look_but_not_dismiss(cast, goods, promotes, client):
    new = newcomer()
    promotes("A")
    matches_make()
    viewer = user_make()
    new.members.create(user=viewer, role="viewer")
    client.force_login(viewer)
    assert "Not for me" not in client.get(reverse("aiassist:for_you")).content.decode()
    assert client.post(reverse("aiassist:dismiss", args=[goods["A"].pk])).status_code == 403
    assert not Dismissal.objects.exists()


def test_nobody_has_promoted_anything(cast, client):
    task()
    client.force_login(cast.lin)
    assert "Nothing matched yet" in client.get(reverse("aiassist:for_you")).content.decode()


def test_twice_is_as_good_as_once(cast, promotes):
    promotes("ABC")
    promotes("AB")
    matches_make()
    first = list(Matches.objects.order_by("pk").values_list("affiliate", "places"))
    matches_make()
    assert list(Matches.objects.order_by("pk").values_list("affiliate", "places")) == first


def test_no_merchant_has_the_list_for_itself(cast, goods, promotes, monkeypatch):
    monkeypatch.setattr(places, "PER_MERCHANT", 2)
    promotes("ABCDE")
    new = newcomer()
    matches_make()
    assert len(matched(new)) == 2


def test_commission_moves_what_suits_as_well_and_nothing_far(monkeypatch):
    """Of two that suit the same, the dearer comes first; one that suits far less stays behind."""
    relevance, worth = np.array([1.0, 1.0, 0.1]), np.array([100, 200, 90_000])
    assert list(by_worth(relevance, worth, 40)) == [1, 0, 2]


@pytest.mark.parametrize("seed", range(5))
def test_commission_costs_two_per_cent_at_most(seed):
    chance = np.random.default_rng(seed)
    relevance = np.sort(chance.random(200))[::-1] ** 2
    order = by_worth(relevance, chance.integers(1, 10**9, 200), places.PLACES)
    discounts = 1 / np.log2(np.arange(2, places.PLACES + 2))
    gained = (relevance[order][: places.PLACES] * discounts).sum()
    best = (relevance[: places.PLACES] * discounts).sum()
    assert 0.98 * best <= gained < best  # something was moved


def test_what_commission_did_is_said(cast, goods, promotes, client):
    Product.objects.filter(external_id="D").update(price_minor=90_00)
    Product.objects.filter(external_id="P1").update(rate_bps=0)
    lin = promotes("AB", cast.affiliate)
    promotes("ABC")
    promotes("ABD")
    matches_make()
    assert matched(lin)[:2] == ["D", "C"]
    client.force_login(cast.lin)
    assert (
        "Its commission raised it by 1 place."
        in client.get(reverse("aiassist:for_you")).content.decode()
    )


def test_what_nobody_promotes_is_known_by_what_it_is_like(cast, goods, promotes, client):
    """A tea like the affiliate's own goes before a bicycle; neither was ever promoted."""
    rows = [
        ProductData("T", "Tea of spring A", "https://shop.chen.example/t/T", 50_00),
        ProductData("Z", "Bicycle with a bell", "https://shop.chen.example/t/Z", 50_00),
    ]
    products_save(shop=cast.shop, products=rows, actor=cast.chen)
    lin = promotes("AB", cast.affiliate)
    promotes("AB")
    matches_make()
    names = matched(lin)
    assert names.index("T") < names.index("Z") if "Z" in names else "T" in names
    client.force_login(cast.lin)
    said = client.get(reverse("aiassist:for_you")).content.decode()
    assert "and nobody promotes it yet." in said


def test_a_beginner_is_matched_by_its_audience(cast, goods, promotes, client):
    """What it says counts at once: its interests, its price band, who has an audience like it."""
    tea, toys = shelves(2)
    cast.shop.products.update(category=tea)
    Product.objects.filter(external_id__in="GH").update(category=toys)
    Product.objects.filter(external_id="H").update(price_minor=900_00)
    promotes("ABG")
    promotes("ABH")
    new = newcomer()
    client.force_login(owner(new))
    page = reverse("aiassist:audience")
    assert client.get(page).status_code == 200
    answer = {
        "goal": "commission", "channel": "douyin", "interests": [toys.pk], "gender": "women",
        "ages": ["18", "25"], "regions": ["first"], "price_from": "10", "price_to": "100",
    }  # fmt: skip
    assert client.post(page, answer).url == reverse("aiassist:for_you")
    matches_make()
    assert matched(new)[0] == "G"
    said = client.get(reverse("aiassist:for_you")).content.decode()
    assert f"Your audience is interested in “{toys.name}”." in said
    kept = client.get(page).content.decode()
    assert 'value="100.00"' in kept or 'value="100"' in kept


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"goal": "fame"}, "Select a valid choice"),
        ({"price_from": "100", "price_to": "10"}, "The upper price is below the lower one."),
        ({"interests": "many"}, "Please choose 8 at most"),
        ({"interests": [0]}, "Select a valid choice"),
    ],
)
def test_an_audience_that_makes_no_sense_is_refused(cast, client, wrong, words):
    if wrong.get("interests") == "many":
        wrong = {"interests": [one.pk for one in shelves(9)]}
    client.force_login(cast.lin)
    said = client.post(reverse("aiassist:audience"), {"goal": "volume", **wrong}).content.decode()
    assert words in said
    assert not Audience.objects.exists()


def test_the_goal_of_a_season_raises_what_its_campaigns_count(cast, goods, promotes, db):
    new = newcomer()
    audience_save(actor=owner(new), affiliate=new, goal="season")
    promotes("ABC")
    promotes("AB")
    campaign = campaign_make()
    Board.objects.create(
        kind="campaign", campaign=campaign, made_at=NOON, places=[{"product": goods["C"].pk}]
    )
    matches_make()
    assert matched(new)[0] == "C"
    assert Matches.objects.get(affiliate=new).places[0]["favoured"]


def test_a_widget_shows_what_suits_its_affiliate_and_the_filters_until_then(cast, goods, client):
    client.force_login(cast.lin)
    form = {
        "name": "Mine", "zone": cast.zone.pk, "language": "en", "size": 2, "shelf": "for_you",
        "category": "", "sort": "price",
    }  # fmt: skip
    page = reverse("affiliates:widgets")
    assert client.post(f"{page}new/", form).status_code == 302
    assert "What suits you (For you)" in client.get(page).content.decode()
    widget = Widget.objects.get()
    by_filters = [item.product for item in widget_items(widget=widget)]
    assert len(by_filters) == 2

    made = [goods[name] for name in "GCB"]
    Matches.objects.create(
        affiliate=cast.affiliate,
        made_at=clock.now(),
        places=[{"product": one.pk, "because": None, "raised": 0} for one in made],
    )
    assert [item.product for item in widget_items(widget=widget)] == made[:2]
    Dismissal.objects.create(affiliate=cast.affiliate, product=goods["G"])
    shown = widget_items(widget=widget)
    assert [item.product for item in shown] == made[1:]
    assert all("/r/" in item.link for item in shown)

    basket = Basket.objects.create(affiliate=cast.affiliate, name="Tea")
    both = client.post(f"{page}new/", {**form, "basket": basket.pk})
    assert "Choose either a basket or what suits you." in both.content.decode()
    assert Widget.objects.count() == 1
