"""Who is in the demo."""

from collections import Counter
from datetime import date

from alliance.demo.merchants import DEMO_MERCHANT, merchants
from alliance.demo.people import (
    DEMO_AFFILIATE,
    PASSWORD,
    Role,
    affiliates,
    merchant_owner,
    staff,
)
from alliance.demo.shelves import categories


def test_a_hundred_affiliates_of_all_five_roles():
    roles = Counter(affiliate.role for affiliate in affiliates().values())

    assert sum(roles.values()) == len(affiliates()) == 100
    assert set(roles) == set(Role)
    assert roles[Role.SMALL] > 60


def test_affiliates_have_a_name_a_place_and_something_to_say():
    for affiliate in affiliates().values():
        assert affiliate.name
        assert affiliate.introduction
        assert 0 <= affiliate.tier <= 5
        assert set(affiliate.shelves) <= set(categories())
        assert affiliate.sites
        for site in affiliate.sites:
            assert site.kind in {"website", "app", "guide", "software"}
            assert len(site.zones) >= 2
            assert len(set(site.zones)) == len(site.zones)
            assert site.url == "" or (site.url + "|").endswith(".example/|")
    names = [affiliate.name for affiliate in affiliates().values()]
    assert len(set(names)) == 100


def test_reach_is_heavy_tailed_and_every_tier_is_there():
    reach = sorted((affiliate.reach for affiliate in affiliates().values()), reverse=True)

    assert sum(reach[:10]) > 0.4 * sum(reach)
    assert {affiliate.tier for affiliate in affiliates().values()} == set(range(6))


def test_the_named_logins_are_there():
    emails = {person.email for person in staff()}
    emails |= {affiliate.email for affiliate in affiliates().values()}
    emails |= {merchant_owner(code).email for code in merchants()}

    assert len(emails) == 100 + 40 + 8
    assert {
        "lin@demo.example", "chen@demo.example", "ops@demo.example", "finance@demo.example",
        "finance2@demo.example", "admin@demo.example", "risk@demo.example",
        "support@demo.example", "auditor@demo.example",
    } <= emails  # fmt: skip
    assert affiliates()[DEMO_AFFILIATE].email == "lin@demo.example"
    assert merchant_owner(DEMO_MERCHANT).email == "chen@demo.example"
    assert PASSWORD == "taoke-618-demo"


def test_two_people_may_release_money():
    assert [person.role for person in staff()].count("finance") == 2


def test_some_wait_for_an_answer_and_joined_only_now():
    waiting = [affiliate for affiliate in affiliates().values() if affiliate.waiting]

    assert len(waiting) == 3
    assert all(a.joined_on(date(2026, 7, 8)) >= date(2026, 7, 1) for a in waiting)
