"""Alipay: certificates, refusals by list, what a look-up proves and what it does not."""

import hashlib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from alliance.kernel import clock
from alliance.kernel.money import cny
from commissions import chart, rails, tasks
from commissions.rails import alipay, wire
from tests.commissions.rails import wire_server as far_side
from tests.commissions.rails.conftest import released_by

pytestmark = pytest.mark.django_db(transaction=True)
only_alipay = pytest.mark.parametrize("far", ["alipay"], indirect=True)


def reconcile(**later):
    with clock.at(clock.now() + timedelta(**later)):
        tasks.payouts_reconcile()


@only_alipay
def test_a_transfer_that_alipay_never_got_fails_after_a_day_and_two_look_ups(cast, far):
    payout = released_by(cast, far)
    far.set("before")
    far.send(payout)
    reconcile(minutes=11)
    reconcile(hours=23)
    payout.refresh_from_db()
    assert payout.state == "sending"

    reconcile(hours=25)
    payout.refresh_from_db()
    assert (payout.state, payout.reason) == ("failed", "The rail never received the transfer.")
    assert cast.balance(chart.payable(cast.affiliate.pk)) == cny("19.34")
    assert far.end.asked.count("alipay.fund.trans.uni.transfer") == 1


@only_alipay
def test_one_look_up_alone_proves_nothing_however_late_it_is(cast, far):
    payout = released_by(cast, far)
    far.set("before")
    far.send(payout)
    reconcile(hours=30)

    payout.refresh_from_db()
    assert payout.state == "sending"


@only_alipay
def test_what_could_not_be_sent_at_all_is_sent_later(cast, far, settings):
    payout = released_by(cast, far)
    here = settings.RAILS["alipay"]["GATEWAY"]
    settings.RAILS["alipay"]["GATEWAY"] = "http://127.0.0.1:9/gateway.do"
    far.send(payout)
    payout.refresh_from_db()
    assert payout.state == "ready"

    settings.RAILS["alipay"]["GATEWAY"] = here
    reconcile(minutes=5)
    payout.refresh_from_db()
    assert payout.state == "paid"


@only_alipay
def test_system_error_is_no_refusal(cast, far, monkeypatch):
    payout = released_by(cast, far)
    no = {"code": "40004", "msg": "Business Failed", "sub_code": "SYSTEM_ERROR"}
    monkeypatch.setattr(
        far.end, "_transfer", lambda content: (200, far.end._answer("uni.transfer", no))
    )
    far.send(payout)

    payout.refresh_from_db()
    assert payout.state == "sending"


@only_alipay
def test_a_signed_answer_about_another_transfer_is_not_ours(cast, far, monkeypatch):
    payout = released_by(cast, far)
    other = {"code": "10000", "out_biz_no": "payout_1", "order_id": "1", "status": "SUCCESS"}
    monkeypatch.setattr(
        far.end, "_transfer", lambda content: (200, far.end._answer("uni.transfer", other))
    )
    far.send(payout)

    payout.refresh_from_db()
    assert payout.state == "sending"


@only_alipay
def test_a_true_signature_beside_a_second_answer_covers_only_what_it_signed(cast, far, monkeypatch):
    """The forger appends a member of the same name: what is read is what was signed."""
    payout = released_by(cast, far)
    key = f"payout_{payout.pk}"
    true = far.end._answer(
        "uni.transfer", {"code": "10000", "out_biz_no": key, "order_id": "1", "status": "DEALING"}
    )
    forged = '"alipay_fund_trans_uni_transfer_response":{"code":"10000","status":"SUCCESS"},"sign"'
    monkeypatch.setattr(
        far.end, "_transfer", lambda content: (200, true.replace('"sign"', forged, 1))
    )
    far.send(payout)

    payout.refresh_from_db()
    assert payout.state == "sending"


@only_alipay
def test_no_redirect_is_followed(cast, far, monkeypatch):
    payout = released_by(cast, far)
    elsewhere = {"Location": f"{far.end.url}/elsewhere"}
    monkeypatch.setattr(far.end, "_transfer", lambda content: (302, "", elsewhere))
    far.send(payout)

    payout.refresh_from_db()
    assert payout.state == "sending"
    assert len(far.end.asked) == 1


@only_alipay
def test_the_gateway_is_https_or_nothing_is_sent(cast, far, settings):
    payout = released_by(cast, far)
    settings.RAILS["alipay"]["GATEWAY"] = "http://openapi.example.com/gateway.do"
    far.send(payout)

    payout.refresh_from_db()
    assert payout.state == "ready"
    assert far.end.asked == []


def test_plain_addresses_are_for_this_machine_only():
    assert wire.is_safe("https://openapi.alipay.com/gateway.do")
    assert wire.is_safe("http://127.0.0.1:8000/")
    assert not wire.is_safe("http://openapi.alipay.com/gateway.do")
    assert not wire.is_safe("https://user:password@openapi.alipay.com/")
    assert not wire.is_safe("ftp://127.0.0.1/")


def certificate(key, signer, issuer: str) -> str:
    """A certificate of `key`, signed by `signer` under the name `issuer`."""
    name = x509.Name.from_rfc4514_string(issuer)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1234567890123456789)
        .not_valid_before(clock.now())
        .not_valid_after(clock.now() + timedelta(days=1))
        .sign(signer, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@only_alipay
def test_who_signs_by_certificate_names_it_and_alipays_must_be_the_one_we_know(
    cast, far, settings, monkeypatch
):
    payout = released_by(cast, far)
    issuer = "CN=Ant Financial Certification Authority,OU=Certification Authority,O=Ant,C=CN"
    own = certificate(far_side.MERCHANT, far_side.STRANGER, issuer)
    settings.RAILS["alipay"].update(
        APP_CERT=own,
        ROOT_CERT=own + own,
        PUBLIC_KEY=certificate(far_side.WALLET, far_side.STRANGER, issuer),
    )
    number = hashlib.md5(f"{issuer}1234567890123456789".encode()).hexdigest()
    seen = []
    signed = far.end._signed

    def look(params):
        seen.append((params["app_cert_sn"], params["alipay_root_cert_sn"]))
        return signed(params)

    monkeypatch.setattr(far.end, "_signed", look)
    far.send(payout)
    payout.refresh_from_db()
    assert payout.state == "paid"
    assert seen == [(number, f"{number}_{number}")]

    wrong = far.end._answer("common.query", {"code": "10000"}).replace(
        '"sign"', '"alipay_cert_sn":"other","sign"'
    )
    monkeypatch.setattr(far.end, "_query", lambda content: (200, wrong))
    with pytest.raises(rails.Unclear, match="another certificate"):
        rails.get("alipay").lookup(key="payout-1")


def test_our_key_is_written_in_characters_that_alipay_takes():
    assert alipay.number_of(rails.key_of(12)) == "payout_12"
