"""The desk's search: what is in hand leads to its page, and nobody finds what they may not see."""

import pytest

from commissions.models import Entry

FIND = "/admin/find/"


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("merchants.order", "T1"),
        ("merchants.refund", "UM-1"),
        ("commissions.payout", "payout-{pk}"),
        ("commissions.violation", "v{pk}"),
        ("commissions.statement", "A{affiliate}-CNY-0001"),
        ("commissions.invoice", "{thing}"),
        ("commissions.account", "platform:cash"),
        ("affiliates.link", "https://alliance.example/r/{code}"),
        ("affiliates.affiliate", "mm_{pk}_1_1"),
        ("merchants.coupon", "ten"),
        ("kernel.user", "LIN@test.example"),
    ],
)
def test_what_only_one_thing_has_leads_there_at_once(world, as_, label, text):
    thing = world.things[label]
    facts = {"code": getattr(thing, "code", ""), "affiliate": world.cast.affiliate.pk}
    asked = text.format(pk=thing.pk, thing=thing, **facts)
    answer = as_("administrator").get(FIND, {"q": asked})

    assert answer.status_code == 302, asked
    page = f"/admin/{label.replace('.', '/')}/{thing.pk}/change/"
    assert answer["Location"] == page


def test_names_are_found_by_a_part(world, as_):
    page = as_("ops").get(FIND, {"q": "chen"})
    assert {hit.title for hit in page.context["hits"]} >= {"Chen Home", "Chen's shop"}
    assert page.content.decode().count("/change/") >= 2


def test_nobody_finds_what_their_role_may_not_see(world, as_):
    entry = Entry.objects.order_by("pk").first()
    for who, count in (("support", 0), ("ops", 0), ("finance", 1)):
        answer = as_(who).get(FIND, {"q": entry.key}, follow=True)
        assert (f"/entry/{entry.pk}/" in answer.request["PATH_INFO"]) == bool(count), who
    assert as_("norole").get(FIND, {"q": "T1"}).status_code == 403


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "' OR 1=1 --", "9" * 30, "mm_1", "V", "%", "🍵", "--1"]
)
def test_what_nobody_means_finds_nothing_and_breaks_nothing(world, as_, text):
    assert as_("administrator").get(FIND, {"q": text}).status_code == 200


def test_the_bell_counts_what_waits_for_who_looks(world, as_):
    page = as_("finance").get("/admin/")
    mine = sum(queue["count"] for queue in page.context["queues"] if queue["mine"])
    assert mine > 0
    assert page.context["desk_waits"]() == mine
    assert as_("norole").get("/admin/").context["at_desk"] is False


def test_the_menus_own_search_finds_the_same(world, as_):
    answer = as_("ops").get("/admin/search/", {"s": "UM-1", "extended": 1}).content.decode()
    assert f"/admin/merchants/refund/{world.refund.pk}/change/" in answer
