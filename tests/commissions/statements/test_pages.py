"""Statements on the screen and on paper: who sees which, and that all three forms say the same."""

import itertools

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from affiliates.services import affiliate_apply
from alliance.kernel import clock
from alliance.kernel.models import StaffRole
from commissions.models import Statement
from commissions.statements import keys
from tests.cast import staff_make, user_make
from tests.commissions.pdf import pages_of
from tests.commissions.statements.conftest import JULY_20
from tests.commissions.statements.files import VERIFIER, verify_statement

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lin(told):
    client = Client()
    client.force_login(told.lin)
    return client


@pytest.fixture
def chen(told):
    client = Client()
    client.force_login(told.chen)
    return client


def one(kind):
    """The second statement of that kind."""
    return Statement.objects.filter(kind=kind).order_by("pk")[1]


def url(name, statement):
    return reverse(f"commissions:{statement.kind}_{name}", args=[statement.pk])


def body(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


@pytest.mark.parametrize("kind", ["affiliate", "merchant"])
def test_the_list_and_the_page_say_what_the_statement_says(kind, lin, chen):
    client, statement = {"affiliate": lin, "merchant": chen}[kind], one(kind)
    listed = body(client, reverse(f"commissions:{kind}_statements")).decode()
    page = body(client, url("statement", statement)).decode()

    for text in (listed, page):
        assert statement.number in text
        assert statement.closes_with.localized() in text
    for said in (statement.head, statement.signature, statement.key_id, statement.previous.number):
        assert said in page


def test_the_page_tells_each_row_with_its_figures(lin):
    page = body(lin, url("statement", one("affiliate"))).decode()

    for said in (
        "From the estimate to the settlement", "Settled · <strong>T3</strong>", "19.34", "R7: ",
        "Corrected · <strong>T1</strong>", "-4.86", ":requested", "-19.00", "BANK-77",
    ):  # fmt: skip
        assert said in page, said


def test_the_merchants_page_tells_wallet_and_reserve_apart(chen):
    page = body(chen, url("statement", one("merchant"))).decode()
    charged = page.partition("Charged for received orders")[2].partition("</tr>")[0]

    assert "<strong></strong></td>" in charged
    assert ">-23.88</td>" in charged


def test_paper_says_the_same_and_how_to_check_it(lin):
    statement = one("affiliate")
    pages = pages_of(body(lin, url("statement_pdf", statement)))
    text = "\n".join(pages)

    assert len(pages) == 2
    for said in (
        statement.number, statement.head, statement.signature[:64], statement.signature[64:],
        keys.public(), "python verify_statement.py", "/statements/keys/", "34.16", "T3", "19.34",
        "-4.86", "BANK-77", "Page 1 of 2", "Page 2 of 2", "保温杯",
    ):  # fmt: skip
        assert said in text, said


def test_paper_in_chinese(lin):
    lin.post("/language/", {"language": "zh-hans"})
    assert "保温杯" in "\n".join(pages_of(body(lin, url("statement_pdf", one("affiliate")))))


def test_the_file_is_the_same_each_time_and_so_is_the_paper(lin):
    for name in ("statement_csv", "statement_pdf"):
        address = url(name, one("affiliate"))
        assert body(lin, address) == body(lin, address)


# --- The verifier on a real one ------------------------------------------------------------------


@pytest.fixture
def real(lin):
    """The file as it was downloaded, and whether the verifier lets a changed one pass."""
    key, data = bytes.fromhex(keys.public()), body(lin, url("statement_csv", one("affiliate")))

    def passes(changed):
        if changed == data:
            return False
        try:
            verify_statement.verify(changed, [key])
        except verify_statement.Fault as fault:
            return fault.code not in (verify_statement.CHANGED, verify_statement.SIGNATURE)
        return True

    assert verify_statement.verify(data, [key])
    return data, passes


def test_every_character_of_a_real_statement_counts(real):
    data, passes = real
    text = data.decode()
    assert [
        place
        for place in range(len(text))
        if passes(
            (text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]).encode()
        )
    ] == []


def test_every_line_of_a_real_statement_counts_where_it_is(real):
    data, passes = real
    lines = data.splitlines(keepends=True)
    places = range(len(lines))
    for place in places:
        assert not passes(b"".join(lines[:place] + lines[place + 1 :])), f"removed {place}"
        assert not passes(b"".join(lines[:place])), f"cut off at {place}"
    for place, copied in itertools.product(range(1, len(lines)), places):
        assert not passes(b"".join([*lines[:place], lines[copied], *lines[place:]]))
    for a, b in itertools.combinations(places, 2):
        swapped = list(lines)
        swapped[a], swapped[b] = swapped[b], swapped[a]
        assert not passes(b"".join(swapped)), f"swapped {a} and {b}"


def test_whatever_is_done_to_a_real_statement_is_found(real):
    data, passes = real

    @given(st.integers(0, len(data)), st.integers(0, 40), st.binary(max_size=40))
    def tried(place, gone, put):
        assert not passes(data[:place] + put + data[place + gone :])

    tried()


# --- Who sees which ------------------------------------------------------------------------------


def test_another_affiliate_finds_no_statement(told):
    stranger = user_make()
    affiliate_apply(user=stranger, kind="small", name="Other")
    client = Client()
    client.force_login(stranger)
    for name in ("statement", "statement_csv", "statement_pdf"):
        assert client.get(url(name, one("affiliate"))).status_code == 404
    assert (
        one("affiliate").number
        not in body(client, reverse("commissions:affiliate_statements")).decode()
    )


def test_the_desk_hands_out_the_same_bytes_and_says_whether_they_are_whole(told, lin):
    desk, statement = Client(), one("affiliate")
    desk.force_login(staff_make(StaffRole.FINANCE))
    base = f"/admin/commissions/statement/{statement.pk}"

    assert "lead to the signed hash, and the signature" in body(desk, f"{base}/change/").decode()
    assert statement.number in body(desk, "/admin/commissions/statement/").decode()
    for form in ("csv", "pdf"):
        assert body(desk, f"{base}/{form}/") == body(lin, url(f"statement_{form}", statement))


def test_the_keys_are_there_for_everybody(told, settings):
    old = keys.public()
    settings.STATEMENT_KEY = "cd" * 32
    page = body(Client(), reverse("commissions:statement_keys")).decode()

    assert old in page
    assert keys.key_id(old) in page
    assert "earlier" in page


def test_everybody_may_take_the_verifier_along():
    assert body(Client(), reverse("commissions:statement_verifier")) == VERIFIER.read_bytes()


def test_without_statements_the_pages_say_when_they_come(cast):
    client = Client()
    client.force_login(cast.lin)
    with clock.at(JULY_20):
        assert (
            "No statements yet"
            in body(client, reverse("commissions:affiliate_statements")).decode()
        )
        assert "Nothing signed yet" in body(client, reverse("commissions:statement_keys")).decode()
