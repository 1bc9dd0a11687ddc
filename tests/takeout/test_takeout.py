"""What is kept of somebody leaves in one archive: all of it, nothing of others, and verifiable."""

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from collections import defaultdict
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from affiliates.models import Affiliate, Attribution, Touch, TouchKind
from alliance.kernel import clock
from alliance.kernel.models import Notification
from alliance.takeout.archive import archive_write
from alliance.takeout.models import Takeout, TakeoutState
from alliance.takeout.services import path_of, takeout_ask, takeout_write, takeouts_sweep
from alliance.takeout.sheets import HIDDEN, NOT_THEIRS, SHEETS
from commissions.models import Account, Balance
from commissions.statements import keys
from commissions.verify import verify
from tests.cast import PASSWORD, user_make
from tests.desk.world import JUNE_22, at, world_make

OURS = ("kernel", "merchants", "affiliates", "campaigns", "commissions", "aiassist", "takeout")
VERIFIER = settings.BASE_DIR / "docs" / "verify_takeout.py"
SECRET = re.compile(r"secret|digest|password|token|hash|visitor|ip_key|buyer|network_key|seed")
# Named like a secret, and none: what is signed or compared in public, or counts.
OPEN = {
    "commissions.SettlementShare.digest",
    "commissions.Evidence.digest",
    "campaigns.CouponStock.per_buyer",
    "campaigns.Standing.buyers",
    "affiliates.ClickDay.visitors",
    "campaigns.Standing.visitors",
    "aiassist.PromptRun.tokens_in",
    "aiassist.PromptRun.tokens_out",
    "aiassist.PromptRun.digest",
}


def test_every_table_is_somebodys_or_says_why_not():
    ours = {model._meta.label for model in apps.get_models() if model._meta.app_label in OURS}
    theirs = {sheet.model for sheets in SHEETS.values() for sheet in sheets}
    assert ours - theirs - set(NOT_THEIRS) == set(), (
        "say whose these are: alliance/takeout/sheets.py"
    )
    assert theirs & set(NOT_THEIRS) == set()
    assert (theirs | set(NOT_THEIRS)) - ours == set()


def test_nothing_named_like_a_secret_leaves():
    told = {
        f"{sheet.model}.{field.name}"
        for sheets in SHEETS.values()
        for sheet in sheets
        for field in sheet.fields
    }
    assert {name for name in told if SECRET.search(name.rpartition(".")[2])} == OPEN & told
    assert "kernel.DeliveryCall.answer" not in told  # another's server may have said anything
    for model, names in HIDDEN.items():
        assert names <= {field.name for field in apps.get_model(model)._meta.get_fields()}


def files(takeout: Takeout) -> dict[str, bytes]:
    with zipfile.ZipFile(path_of(takeout.name)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(found: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(found[f"{name}.csv"].decode())))


def verdict(path) -> tuple[int, str]:
    command = [sys.executable, VERIFIER, path, "--key", keys.public()]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def balances(found: dict[str, bytes]) -> dict[str, int]:
    """By the account's number what its ledger lines come to."""
    summed = defaultdict[str, int](int)
    theirs = {row["id"] for row in rows(found, "commissions/account")}
    for line in rows(found, "commissions/line"):
        summed[line["debit_id"]] -= int(line["amount_minor"])
        summed[line["credit_id"]] += int(line["amount_minor"])
    return {account: minor for account, minor in summed.items() if account in theirs}


@pytest.mark.django_db(transaction=True)
def test_an_affiliate_and_a_merchant_take_away_all_of_theirs(tmp_path):
    world = world_make()
    cast = world.cast
    stranger = user_make()
    with at(JUNE_22):
        for owner, organisation in (
            (cast.lin, f"affiliate:{cast.affiliate.pk}"),
            (cast.chen, f"merchant:{cast.merchant.pk}"),
        ):
            takeout = takeout_ask(actor=owner, organisation=organisation)
            takeout_write(takeout_pk=takeout.pk)
            takeout_write(takeout_pk=takeout.pk)  # delivered again: nothing
            takeout.refresh_from_db()
            assert takeout.state == TakeoutState.READY
            found = files(takeout)

            # The ledger lines in the archive lead to the balances that the books have.
            kept = dict(
                Balance.objects.filter(account__owner=organisation).values_list(
                    "account", "balance_minor"
                )
            )
            assert kept
            told = balances(found)
            signs = {1, -1}
            for account, minor in kept.items():
                assert told.get(str(account), 0) in {sign * minor for sign in signs}
            # So do the deltas of the commissions.
            summed = defaultdict[str, int](int)
            for line in rows(found, "commissions/commissionline"):
                summed[line["commission_id"]] += int(line["commission_minor"])
            commissions = rows(found, "commissions/commission")
            assert commissions
            assert {one["id"]: int(one["commission_minor"]) for one in commissions} == dict(summed)

            schema = json.loads(found["schema.json"])
            for name, about in schema.items():
                header = found[f"{name}.csv"].decode().partition("\n")[0].split(",")
                assert header == list(about["columns"])
            assert b"Your data" in found["README.txt"]
            assert any(name.startswith("statements/") for name in found)
            assert Notification.objects.filter(user=owner, kind="takeout.ready").count() == 1

            code, said = verdict(path_of(takeout.name))
            assert (code, "is whole and signed by" in said) == (0, True), said
            _changed(path_of(takeout.name), tmp_path / "changed.zip")
            assert verdict(tmp_path / "changed.zip")[0] == 1
        assert not Account.objects.filter(owner="affiliate:0").exists()

        # Another affiliate's rows are not in it.
        found = files(Takeout.objects.get(organisation=f"affiliate:{cast.affiliate.pk}"))
        assert {row["affiliate_id"] for row in rows(found, "affiliates/link")} == {
            str(cast.affiliate.pk)
        }

        with ExitStack() as later:  # its rows are of when it began, however long it takes
            file = io.BytesIO()
            archive_write("affiliate:1", file, lambda *_: later.enter_context(at(JUNE_22, days=1)))
        with zipfile.ZipFile(file) as archive:
            as_of = json.loads(archive.read("manifest.json"))["as_of"]
        assert as_of == clock.now().isoformat(timespec="seconds")

        _who_gets_it(cast, stranger)
    with at(JUNE_22, days=8):
        held = [path_of(one.name) for one in Takeout.objects.exclude(name="")]
        takeouts_sweep()
        assert sorted(one.state for one in Takeout.objects.all()) == [
            TakeoutState.EXPIRED,
            TakeoutState.EXPIRED,
            TakeoutState.WAITING,
        ]
        assert not any(path.exists() for path in held)
    assert verify() == []


@pytest.mark.django_db(transaction=True)
def test_what_others_have_of_an_order_stays_theirs():
    """Buyers' coupons could be spent, others' clicks reported again; sub-ids name members, and with
    whom somebody shares, and for how much, is between them and the alliance."""
    world = world_make()
    cast = world.cast
    rival = Affiliate.objects.exclude(pk=cast.affiliate.pk).first()
    own, below = Attribution.objects.filter(affiliate=cast.affiliate).order_by("pk")[:2]
    lost = {
        "affiliate_id": rival.pk,
        "touched_at": "2026-06-16T02:00:00+00:00",
        "product_id": 987_654,
        "verdict": "lost",
        "why": "later_click",
    }
    click, code = {**lost, "click_id": "RIVALS-CLICK"}, {**lost, "code": "RIVALS-CODE"}
    parts = [
        {"code": name, "affiliate_id": rival.pk, "bps": 100}
        for name in ("partner", "second_partner", "intermediary")
    ]
    seen = [*own.receipt["looked_at"], click, code]
    receipt = own.receipt | {"looked_at": seen, "parts": parts}
    coupon = cast.affiliate.touches.order_by("pk").last()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # decisions are for ever
        Attribution.objects.filter(pk=own.pk).update(receipt=receipt)
        Attribution.objects.filter(pk=below.pk).update(
            affiliate=rival, partner=cast.affiliate, partner_share_bps=500, subs=["RIVALS-MEMBER"]
        )
        Touch.objects.filter(pk=coupon.pk).update(kind=TouchKind.CLAIM)  # its id can be spent
    with at(JUNE_22):
        archives = []
        for owner, organisation in (
            (cast.lin, f"affiliate:{cast.affiliate.pk}"),
            (cast.chen, f"merchant:{cast.merchant.pk}"),
        ):
            takeout = takeout_ask(actor=owner, organisation=organisation)
            takeout_write(takeout_pk=takeout.pk)
            takeout.refresh_from_db()
            archives.append(files(takeout))
    affiliates, merchants = archives
    for found, told in (affiliates, []), (merchants, ["RIVALS-CODE"]):
        sheet = found["affiliates/attribution.csv"].decode()
        assert re.findall(r"RIVALS-[A-Z]+", sheet) == told

    theirs = {row["id"]: row for row in rows(affiliates, "affiliates/attribution")}
    assert str(below.pk) not in theirs
    receipt = json.loads(theirs[str(own.pk)]["receipt"])
    known = [{**one} for one in own.receipt["looked_at"]]
    for one in known:
        one.pop("click_id", None)
    assert receipt["looked_at"][:-2] == known
    assert [set(one) for one in receipt["looked_at"][-2:]] == [{"touched_at", "verdict", "why"}] * 2
    assert [one.get("affiliate_id") for one in receipt["parts"]] == [rival.pk, None, None]

    touches = {row["click_id"] for row in rows(affiliates, "affiliates/touch")}
    assert touches
    assert coupon.click_id not in touches
    receipt = json.loads(
        next(one for one in rows(merchants, "affiliates/attribution") if one["id"] == str(own.pk))[
            "receipt"
        ]
    )
    assert {one["affiliate_id"] for one in receipt["looked_at"][-2:]} == {rival.pk}
    assert [one.get("affiliate_id") for one in receipt["parts"]] == [None, None, rival.pk]
    told = {name for row in rows(merchants, "commissions/commission") for name in row}
    assert told
    assert not told & {"publisher_minor", "platform_minor", "net_minor", "share_bps"}
    roles = {one["role"] for one in rows(merchants, "commissions/commission")}
    assert roles <= {"affiliate", "intermediary"}


def _who_gets_it(cast, stranger) -> None:
    page, takeout = reverse("takeout:affiliate"), Takeout.objects.order_by("pk").first()
    file = reverse("takeout:affiliate_file", args=[takeout.pk])
    merchants = reverse("takeout:merchant_file", args=[takeout.pk])
    for client, url, status in (
        (signed_in(cast.lin), file, 200),
        (signed_in(cast.lin), page, 200),
        (signed_in(cast.chen), merchants, 404),  # the affiliate's, by a merchant's door
        (signed_in(stranger), file, 302),  # to where one joins
        (Client(), file, 302),
    ):
        assert client.get(url).status_code == status, url
    viewer = user_make()
    cast.affiliate.members.create(user=viewer, role="manager")
    assert signed_in(viewer).get(file).status_code == 403
    for client, door in (
        (signed_in(cast.lin), page),
        (signed_in(cast.chen), reverse("takeout:merchant")),
    ):
        menu = client.get("/teams/").content.decode().partition('id="account-menu"')[2]
        assert f'href="{door}"' in menu  # on every page, also where no door has asked who it is
    assert f'href="{page}"' not in signed_in(viewer).get("/affiliate/keys/").content.decode()
    answer = signed_in(cast.lin, again=False).get(file)  # its password was not asked for again
    assert (answer.status_code, "reauthenticate" in answer.url) == (302, True)
    lin = signed_in(cast.lin)
    asked = lin.post(page)
    assert asked.status_code == 302
    assert "is being written already" in lin.post(page, follow=True).content.decode()


def _changed(path, into) -> None:
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(into, "w") as other:
        for name in archive.namelist():
            raw = archive.read(name)
            if name.endswith("commissions/commissionline.csv"):
                raw = raw.replace(b"1", b"2", 1)
            other.writestr(name, raw)


def signed_in(user, *, again: bool = True) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    if again:
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    return client


@pytest.mark.django_db
def test_what_a_worker_left_is_given_up_and_can_be_asked_for_again():
    owner = user_make()
    takeout = takeout_ask(actor=owner, organisation="affiliate:1")
    Takeout.objects.filter(pk=takeout.pk).update(
        state="running", name="left.zip", updated_at=clock.now() - timedelta(hours=4)
    )
    path_of("left.zip").parent.mkdir(parents=True, exist_ok=True)
    path_of("left.zip").write_bytes(b"half")
    assert takeouts_sweep() == []
    takeout.refresh_from_db()
    assert takeout.state == TakeoutState.FAILED
    assert not path_of("left.zip").exists()
    again = takeout_ask(actor=owner, organisation="affiliate:1")
    assert takeouts_sweep() == [again.pk]
