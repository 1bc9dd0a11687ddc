"""From a card to a draft: what is typed, suggested and refused."""

from datetime import datetime

import pytest
from django.urls import reverse
from django.utils.html import escape

from alliance.kernel import clock
from alliance.kernel.models import AuditEvent
from campaigns.mechanics import MECHANICS
from campaigns.models import Campaign, CampaignState
from merchants.models import Category
from tests.desk.campaigns.world import DESK, asked, make, published, typed

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_an_empty_list_says_what_comes_and_one_that_was_searched_leads_back(ops):
    assert "Nothing is here yet" in ops.get(DESK).content.decode()
    notes = ops.get(reverse("admin:aiassist_anomalynote_changelist")).content.decode()
    assert "Every hour, while a season or campaign is on" in notes
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
        ("double_commission", {"ends_at": "9999-12-31T23:59"}, "ends_at", "2100"),
        ("double_commission", {"starts_at": "0001-01-01T00:00"}, "starts_at", "1970"),
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


def test_a_category_is_told_by_its_name(cast, ops):
    Category.objects.create(slug="tea", name_zh="茶", name_en="Fine tea", name_de="Tee")
    made = make(ops, "super_category_day", rule_category="tea")
    assert "<b>Category</b> Fine tea" in ops.get(f"{DESK}{made.pk}/change/").content.decode()
