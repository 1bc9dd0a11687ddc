"""Rules are read, written, described to forms, and refused in sentences."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from alliance.kernel.errors import Invalid
from alliance.kernel.money import cny
from campaigns.mechanics import MECHANICS, RuleField
from campaigns.mechanics.words import Input

# Rules that have no default must be given.
NEEDED = {
    "super_brand_day": {"brand": "Lumen"},
    "super_category_day": {"category": "phones"},
    "gift_voucher": {"title": "Thank you", "face_minor": 500, "count": 100},
}
NAMES = sorted({field.name for mechanic in MECHANICS.values() for field in mechanic.fields})
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=8,
)


def refusal(function, *given) -> Invalid | None:
    try:
        function(*given)
    except Invalid as said:
        return said
    return None


@pytest.mark.parametrize("kind", MECHANICS)
def test_rules_are_kept_as_json_and_read_again(kind):
    mechanic = MECHANICS[kind]
    rules = mechanic.parse(NEEDED.get(kind, {}))

    assert mechanic.parse(mechanic.dump(rules)) == rules


@pytest.mark.parametrize("kind", MECHANICS)
def test_the_defaults_of_the_form_are_the_defaults_of_the_rules(kind):
    mechanic = MECHANICS[kind]
    form = {field.name: field.default for field in mechanic.fields if not field.required}

    assert mechanic.parse(form | NEEDED.get(kind, {})) == mechanic.parse(NEEDED.get(kind, {}))


def plausible(field: RuleField) -> st.SearchStrategy:
    """Values that the form would let pass for that rule."""
    least, most = field.least or 0, field.most
    match field.input:
        case Input.ROWS:
            row = st.fixed_dictionaries({each.name: plausible(each) for each in field.rows})
            return st.lists(row, min_size=least, max_size=max(2, least))
        case Input.CHOICE:
            return st.sampled_from([value for value, _label in field.choices])
        case Input.FLAG:
            return st.booleans()
        case Input.TEXT:
            return st.text(min_size=least, max_size=most, alphabet="茶Lumen 1")
        case Input.TIME:
            return st.times().map(lambda at: at.isoformat("minutes"))
    return st.integers(least, most) | st.integers(least, min(most, least + 20))


@given(data=st.data(), kind=st.sampled_from(sorted(MECHANICS)))
def test_whatever_a_form_sends_is_kept_as_it_was_said_or_refused(data, kind):
    mechanic = MECHANICS[kind]
    names = data.draw(st.sets(st.sampled_from([field.name for field in mechanic.fields])))
    given_rules = NEEDED.get(kind, {}) | {
        field.name: data.draw(plausible(field)) for field in mechanic.fields if field.name in names
    }
    said = refusal(mechanic.parse, given_rules)
    if said is not None:
        assert said.field.split(".")[0] in {field.name for field in mechanic.fields}
        return
    rules = mechanic.parse(given_rules)

    assert mechanic.parse(mechanic.dump(rules)) == rules
    assert mechanic.promises(rules, "CNY") or kind == "supermarket_benefits"
    assert all(promised(rules) >= 0 for promised in (mechanic.most, mechanic.owes) if promised)


@given(kind=st.sampled_from(sorted(MECHANICS)), rules=JSON)
def test_whatever_comes_is_read_or_refused_in_a_sentence(kind, rules):
    said = refusal(MECHANICS[kind].parse, rules)

    assert said is None or (str(said).endswith(".") and "Input should" not in str(said))


@given(data=st.data(), kind=st.sampled_from(sorted(MECHANICS)))
def test_one_wrong_rule_is_named_by_its_label(data, kind):
    mechanic = MECHANICS[kind]
    field = data.draw(st.sampled_from(mechanic.fields))
    wrong = data.draw(st.sampled_from([None, [0], {"a": 1}, 1.5]))

    with pytest.raises(Invalid) as said:
        mechanic.parse(NEEDED.get(kind, {}) | {field.name: wrong})

    assert f"“{field.label}" in str(said.value)
    assert said.value.field.split(".")[0] == field.name


@pytest.mark.parametrize(
    ("kind", "rules", "field", "sentence"),
    [
        ("double_commission", {"multipel": 2}, "multipel", "There is no rule “multipel”."),
        (
            "double_commission",
            {"multiple_bps": 10_000},
            "multiple_bps",
            "“Multiple of the commission” must be above 100%.",
        ),
        (
            "double_commission",
            {"cap_minor": 10**16},
            "cap_minor",
            "“At most per order line” must be at most CN¥10,000,000,000,000.00.",
        ),
        (
            "double_commission",
            {"cap_minor": "20.00"},
            "cap_minor",
            "“At most per order line” must be an amount.",
        ),
        ("gift_voucher", {}, "title", "“Name on the voucher” is missing."),
        (
            "gift_voucher",
            {"title": "Much too long", "face_minor": 100, "count": 1},
            "title",
            "“Name on the voucher” may have at most 10 characters.",
        ),
        (
            "gift_voucher",
            {"title": "Thanks", "face_minor": 99, "count": 1},
            "face_minor",
            "“Amount of the voucher” must be at least CN¥1.00.",
        ),
        (
            "guaranteed_task",
            {"tiers": [{"orders": 1, "reward_minor": 200}, {"orders": 5.5}]},
            "tiers.1.orders",
            "“Steps, row 2, From orders” must be a whole number.",
        ),
        (
            "guaranteed_task",
            {"metric": "clicks"},
            "metric",
            "“The ladder counts” must be one of: Orders, Sales.",
        ),
        ("leaderboard", {"prizes": []}, "prizes", "“Prizes” needs at least 1 row."),
        ("leaderboard", {"prizes": 5}, "prizes", "“Prizes” must be a list of rows."),
        (
            "freebie",
            {"slots": [{"opens": "ten", "minutes": 30}]},
            "slots.0.opens",
            "“Time slots, row 1, Opens at” must be a time of the day such as 10:00.",
        ),
        (
            "super_coupon",
            {"until_end": "yes"},
            "until_end",
            "“Not longer than the campaign” must be yes or no.",
        ),
        ("super_u", [], "", "“Rules” must be rules by their names."),
        ("super_u", {"bonus_minor": {1, 2}}, "", "Rules are plain names with plain values."),
        ("guaranteed_task", {"tiers": []}, "tiers", "A ladder has at least one step."),
    ],
)
def test_what_is_wrong_is_said_as_the_form_names_it(kind, rules, field, sentence):
    with pytest.raises(Invalid) as said:
        MECHANICS[kind].parse(rules)

    assert (str(said.value), said.value.field) == (sentence, field)


def test_limits_are_written_in_the_campaigns_currency_and_the_readers_language():
    with override("de"), pytest.raises(Invalid) as said:
        MECHANICS["gift_voucher"].parse(
            {"title": "Danke", "face_minor": 99, "count": 1}, currency="EUR"
        )
    assert str(said.value) == "„Betrag des Gutscheins“ muss mindestens 1,00\xa0€ betragen."


def test_a_form_learns_unit_bounds_choices_and_rows():
    task = {field.name: field for field in MECHANICS["guaranteed_task"].fields}

    assert (task["mode"].input, task["mode"].default) == (Input.CHOICE, "ladder")
    assert [value for value, _label in task["stack"].choices] == ["max", "sum"]
    assert task["guaranteed_minor"].when == ("mode", "floor")
    assert (task["one_shop_bps"].input, task["one_shop_bps"].most) == (Input.RATE, 10_000)
    assert [row.name for row in task["tiers"].rows] == [
        "orders", "gmv_minor", "reward_minor", "reward_bps"
    ]  # fmt: skip
    slots = {field.name: field for field in MECHANICS["freebie"].fields}["slots"]
    assert (slots.least, slots.most, slots.rows[0].input) == (1, 24, Input.TIME)
    assert slots.default[0] == {"opens": "10:00:00", "minutes": 30}
    multiple = MECHANICS["double_commission"].fields[0]
    assert (multiple.least, multiple.most) == (10_001, 50_000)
    title = MECHANICS["gift_voucher"].fields[0]
    assert (title.input, title.required, title.most) == (Input.TEXT, True, 10)


@pytest.mark.parametrize(
    ("kind", "hours", "sentence"),
    [
        ("crazy_four_hours", 4, None),
        ("crazy_four_hours", 5, "“Crazy four hours” lasts exactly 4 hours."),
        ("super_brand_day", 23, "“Super brand day” lasts exactly 24 hours."),
        ("super_category_day", 24, None),
        ("gift_voucher", 30 * 24, None),
        ("gift_voucher", 30 * 24 + 1, "“Gift voucher” lasts at most 30 days."),
        ("leaderboard", 24 * 365, None),
    ],
)
def test_how_long_a_kind_may_run(kind, hours, sentence):
    begins = datetime(2026, 6, 18, tzinfo=UTC)
    said = refusal(MECHANICS[kind].check_time, begins, begins + timedelta(hours=hours))

    assert (said and (str(said), said.field)) == (sentence and (sentence, "ends_at"))


@pytest.mark.parametrize(
    ("kind", "budget", "sentence"),
    [
        ("leaderboard", "9000.00", None),
        (
            "leaderboard",
            "8999.99",
            "The rules promise CN¥9,000.00: the budget must hold it.",
        ),
        (
            "million_subsidy",
            "999999.99",
            "The rules promise CN¥1,000,000.00: the budget must hold it.",
        ),
        ("guaranteed_task", "60.00", None),
        ("guaranteed_task", "59.99", "One affiliate can earn CN¥60.00: the budget must hold it."),
        ("gift_voucher", "499.99", "The rules promise CN¥500.00: the budget must hold it."),
        ("double_commission", "0.00", None),
    ],
)
def test_a_budget_holds_what_the_rules_promise(kind, budget, sentence):
    mechanic = MECHANICS[kind]
    said = refusal(mechanic.check_budget, mechanic.parse(NEEDED.get(kind, {})), cny(budget))

    assert (said and (str(said), said.field)) == (sentence and (sentence, "budget_minor"))


@pytest.mark.parametrize(
    ("kind", "rules", "promises"),
    [
        (
            "super_coupon",
            {"tiers": [{"tier": 2, "share_bps": 6_500}], "uses": [{"uses": 1, "share_bps": 7_000}]},
            [
                "55% of the commission of each order with a coupon of yours.",
                "From T2 on: 65%.",
                "Key-account media: 90%.",
                "From 1 coupon used in seven days on: 70%.",
            ],
        ),
        (
            "guaranteed_task",
            {},
            ["1 order: CN¥2.00", "5 orders: CN¥12.00", "20 orders: CN¥60.00"],
        ),
        (
            "guaranteed_task",
            {"cap_minor": 9, "metric": "gmv", "tiers": [{"gmv_minor": 100_000, "reward_bps": 100}]},
            ["CN¥1,000.00 of sales: 1% of the sales"],
        ),
        (
            "guaranteed_task",
            {"mode": "floor"},
            ["At least CN¥30.00 in commission for your effort."],
        ),
        (
            "guaranteed_task",
            {"mode": "per_order"},
            ["CN¥1.00 on top for each of your first 50 orders."],
        ),
        (
            "double_commission",
            {},
            ["200% of the usual commission, at most CN¥20.00 more an order."],
        ),
        (
            "million_subsidy",
            {},
            ["5% of what you sell above your usual sales, from a pot of CN¥1,000,000.00."],
        ),
        ("leaderboard", {"prizes": [{"prize_minor": 500}]}, ["Place 1: CN¥5.00"]),
        (
            "freebie",
            {"slots": [{"opens": "10:00", "minutes": 1}]},
            [
                "Free orders in each slot: 20, worth up to CN¥100.00 each.",
                "At 10:00 for 1 minute.",
            ],
        ),
        (
            "supermarket_benefits",
            {"by_amount": [{"amount_minor": 9_900, "off_minor": 2_000}]},
            [
                "CN¥5.00 on top for each new buyer.",
                "Buyers: from CN¥99.00 on CN¥20.00 off.",
                "Buyers: a return card of CN¥10.00 from CN¥100.00 on.",
            ],
        ),
        (
            "supermarket_benefits",
            {
                "combination": "pieces",
                "by_pieces": [{"pieces": 3, "off_bps": 2_500}],
                "card_minor": 0,
                "new_buyer_minor": 0,
            },
            ["Buyers: from 3 pieces on 25% off."],
        ),
        (
            "crazy_four_hours",
            {},
            [
                (
                    "The first 500 pieces of each product earn at least 150% of the usual "
                    "commission rate."
                )
            ],
        ),
        (
            "super_brand_day",
            {"brand": "Lumen", "pot": [{"gmv_minor": 10_000_000, "pot_minor": 100_000}]},
            [
                "“Lumen”: at least 130% of the usual commission rate.",
                "From CN¥100,000.00 that all sell together on: CN¥1,000.00 to share by your sales.",
            ],
        ),
        (
            "super_category_day",
            {"category": "tea", "pot": []},
            ["“tea”: at least 130% of the usual commission rate."],
        ),
        ("super_u", {}, ["CN¥1.00 on top for each valid order of at least CN¥5.00."]),
        (
            "bargain_channel",
            {},
            [
                "At least 5% commission on each product.",
                "CN¥0.50 on top for each valid order of at least CN¥5.00.",
            ],
        ),
        ("tuanzhang_event", {}, ["At least 10% commission on each product."]),
        (
            "gift_voucher",
            {"title": "Thanks", "face_minor": 500, "count": 200},
            ["Vouchers of CN¥5.00: 200, for each buyer at most 1."],
        ),
    ],
)
def test_what_a_campaign_promises_to_affiliates(kind, rules, promises):
    mechanic = MECHANICS[kind]

    assert mechanic.promises(mechanic.parse(rules), "CNY") == promises


@pytest.mark.parametrize("kind", MECHANICS)
def test_what_a_kind_says_of_itself_fits_together(kind):
    mechanic = MECHANICS[kind]

    assert mechanic.kind == kind
    assert mechanic.on_order or mechanic.on_close or mechanic.coupon
    assert mechanic.coupons == (mechanic.coupon is not None)
    assert mechanic.reviewed <= mechanic.enrols
    # What closing promises is funded: for each enrolment, or for all together.
    assert (mechanic.on_close is None) or mechanic.most or mechanic.owes
