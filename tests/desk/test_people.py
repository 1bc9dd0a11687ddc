"""Who belongs to the staff, and what they see first."""

import pytest

from alliance.kernel.models import ApiKey, AuditEvent

USERS = "/admin/kernel/user/"


def change(as_, person, user, **fields):
    form = {"name": user.name, "is_active": "on", "is_staff": "on", **fields}
    form = {name: value for name, value in form.items() if value is not None}
    return as_(person).post(f"{USERS}{user.pk}/change/", form)


def test_an_administrator_gives_a_role_and_it_is_written_down(world, as_):
    user = world.people["norole"]
    assert change(as_, "administrator", user, staff_roles=["finance", "risk"]).status_code == 302

    user.refresh_from_db()
    assert user.staff_roles == ["finance", "risk"]
    event = AuditEvent.objects.get(verb="user.changed")
    assert event.actor == world.people["administrator"]
    assert event.data["changes"] == {"staff_roles": [[], ["finance", "risk"]]}


@pytest.mark.parametrize("person", ["ops", "finance", "risk", "support", "auditor"])
def test_nobody_else_gives_roles(world, as_, person):
    user = world.people["norole"]
    assert change(as_, person, user, staff_roles=["finance"]).status_code == 403

    user.refresh_from_db()
    assert user.staff_roles == []


def test_an_administrator_cannot_change_their_own_access(world, as_):
    user = world.people["administrator"]
    answer = change(as_, "administrator", user, is_active=None, is_superuser="on")

    assert answer.status_code == 200
    user.refresh_from_db()
    assert user.is_active


def test_roles_are_for_staff_only(world, as_):
    answer = change(as_, "administrator", world.cast.lin, is_staff=None, staff_roles=["finance"])

    assert "is_staff" in answer.context["adminform"].form.errors


def test_a_key_is_revoked_by_risk(world, as_):
    key = world.things["kernel.apikey"]
    as_("risk").post(f"/admin/kernel/apikey/{key.pk}/revoke/")

    assert ApiKey.objects.get(pk=key.pk).revoked_at


def test_secrets_are_on_no_page(world, as_):
    key = world.things["kernel.apikey"]
    for url in (f"/admin/kernel/apikey/{key.pk}/change/", f"{USERS}{world.cast.lin.pk}/change/"):
        page = as_("administrator").get(url).content.decode()
        assert key.digest not in page
        assert world.cast.lin.password not in page


def test_whose_a_key_or_webhook_is_leads_to_them(world, as_):
    for label in ("kernel.apikey", "kernel.endpoint"):
        thing, home = world.things[label], f"/admin/{label.replace('.', '/')}/"
        side, _colon, pk = thing.organisation.partition(":")
        for url in (home, f"{home}{thing.pk}/change/"):
            page = as_("administrator").get(url).content.decode()
            assert f'href="/admin/{side}s/{side}/{pk}/change/"' in page, url
            assert "merchant:" not in page  # how it is written down is nobody's to read


def queues(as_, person):
    return {str(queue["label"]) for queue in as_(person).get("/admin/").context["queues"]}


def test_the_first_page_shows_each_role_its_own_queues(world, as_):
    assert "Payouts to release" in queues(as_, "finance")
    assert "Payouts to release" not in queues(as_, "ops")
    assert "Sites to review" in queues(as_, "ops")
    assert "Top-ups to confirm" not in queues(as_, "support")


def test_what_waits_is_counted_and_a_decision_is_counted_at_once(world, as_):
    def waiting():
        found = as_("ops").get("/admin/").context["queues"]
        return {str(queue["label"]): queue["count"] for queue in found}

    assert waiting()["Affiliates to approve"] == 1
    as_("ops").post(f"/admin/affiliates/affiliate/{world.applicant.pk}/approve/")
    assert waiting()["Affiliates to approve"] == 0


def test_staff_without_a_role_see_nothing(world, as_):
    page = as_("norole").get("/admin/")

    assert "You have no role" in page.content.decode()
    assert "queues" not in page.context


def test_the_menu_leads_only_where_the_role_may_go(world, as_):
    client = as_("support")
    page = client.get("/admin/")
    links = [
        item["link"] for group in page.context["sidebar_navigation"] for item in group["items"]
    ]

    assert "/admin/merchants/order/" in links
    assert "/admin/commissions/payout/" not in links
    assert {client.get(link).status_code for link in links} == {200}
