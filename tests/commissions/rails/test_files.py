"""The files in which rails say what they did, as they really come; and those that are none."""

from datetime import date
from pathlib import Path

import pytest

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money, cny
from commissions.rails import files
from tests.commissions.rails.bank import camt_053, pain_002

BILL = (Path(__file__).parent / "data/alipay_bill.csv").read_text()


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig"])
def test_alipays_bill_says_what_left_and_what_came_back(encoding):
    answer = files.read("alipay", BILL.encode(encoding))

    assert (answer.first_day, answer.last_day) == (date(2026, 6, 22), date(2026, 6, 22))
    assert answer.closes_days
    assert [(row.key, row.fact, row.amount, row.ref) for row in answer.rows] == [
        ("payout-7", "paid", cny("1934.50"), "20260622110070"),
        ("", "paid", cny("0.10"), "20260622110071"),  # a fee is no second transfer
        ("payout-6", "returned", cny("5.00"), "20260622110072"),
        ("", "paid", cny("100.00"), "20260622110074"),
    ]


def test_paypals_report_says_what_became_of_each_item():
    answer = files.read(
        "paypal",
        b"Date,Name,Sender Item ID,Transaction ID,Transaction Status,Currency,Gross\n"
        b'06/22/2026,Lin,payout-1,TX1,Success,USD,"-1,934.00"\n'
        b"06/23/2026,Eva,payout-2,TX2,Unclaimed,EUR,-5.00\n"
        b"06/23/2026,Ana,payout-3,TX3,Returned,JPY,500\n",
    )

    assert (answer.first_day, answer.last_day) == (date(2026, 6, 22), date(2026, 6, 23))
    assert [(row.key, row.fact, row.amount) for row in answer.rows] == [
        ("payout-1", "paid", Money(193400, "USD")),
        ("payout-2", "pending", Money(500, "EUR")),
        ("payout-3", "returned", Money(500, "JPY")),
    ]


def test_a_banks_statement_says_what_left_and_what_came_back_under_our_keys():
    rows = [
        ("payout-1", cny("19.34"), "DBIT", ""),
        ("payout-2", cny("5.00"), "CRDT", "AC04"),
        ("INV-77", cny("100.00"), "CRDT", ""),
        ("", cny("3.00"), "DBIT", ""),
    ]
    answer = files.read("bank", camt_053("2026-06-22", rows))

    assert answer.closes_days
    assert [(row.key, row.fact, row.amount, row.words) for row in answer.rows] == [
        ("payout-1", "paid", cny("19.34"), ""),
        ("payout-2", "returned", cny("5.00"), "AC04"),
        ("", "paid", cny("3.00"), ""),
    ]


def test_a_statement_of_an_older_version_with_one_booking_for_many_is_read_too():
    answer = files.read(
        "bank",
        b"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt>
        <CreDtTm>2026-06-22T23:00:00</CreDtTm>
        <Ntry><Amt Ccy="EUR">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls>
          <TxDtls><Refs><EndToEndId>payout-1</EndToEndId></Refs>
            <AmtDtls><TxAmt><Amt Ccy="EUR">1.00</Amt></TxAmt></AmtDtls></TxDtls>
          <TxDtls><Refs><EndToEndId>payout-2</EndToEndId></Refs>
            <AmtDtls><TxAmt><Amt Ccy="EUR">2.00</Amt></TxAmt></AmtDtls></TxDtls>
        </NtryDtls></Ntry>
        <Ntry><Amt Ccy="EUR">9.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts></Ntry>
        </Stmt></BkToCstmrStmt></Document>""",
    )

    assert [(row.line, row.key, row.amount) for row in answer.rows] == [
        (1, "payout-1", Money(100, "EUR")),
        (2, "payout-2", Money(200, "EUR")),
    ]


@pytest.mark.parametrize(
    ("status", "fact"),
    [("ACSC", "paid"), ("ACCC", "paid"), ("RJCT", "failed"), ("ACSP", "pending"), ("?", "pending")],
)
def test_a_status_report_decides_only_by_final_words(status, fact):
    one = {"key": "payout-1", "amount": cny("19.34")}
    (row,) = files.read("bank", pain_002("TK-1", rows=[(one, status, "AC01")])).rows

    assert (row.key, row.fact, row.amount) == ("payout-1", fact, cny("19.34"))
    assert row.words == f"{status} AC01"


BOMB = b"""<!DOCTYPE a [<!ENTITY x "0123456789"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;&x;&x;">]>
<Document><CstmrPmtStsRpt>&y;</CstmrPmtStsRpt></Document>"""
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>'


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("bank", b"", "empty"),
        ("bank", BOMB, "document type"),
        ("bank", OUTSIDE, "document type"),
        ("bank", BOMB.decode().encode("utf-16"), "document type"),
        ("bank", b"<a>" * 65 + b"</a>" * 65, "XML"),
        ("bank", b"<Document><unclosed>", "XML"),
        ("bank", b"<Document/>", "neither"),
        ("bank", b"\x00\x01\x02", "XML"),
        ("bank", b" " * (16 * 1024 * 1024 + 1), "larger"),
        ("alipay", b"a,b,c\n1,2,3\n", "no column"),
        ("alipay", b"\xff\xfe\xff", "encoding"),
        ("alipay", BILL.replace("-1934.50", "viel").encode("gbk"), "row 6"),
        ("paypal", b"Sender Item ID,Status,Currency,Gross\npayout-1,Success,USD,1\n", "no day"),
        (
            "paypal",
            b"Date,Sender Item ID,Status,Currency,Gross\n06/22/2026,payout-1,Success,,1\n",
            "no currency",
        ),
        ("paypal", b"Sender Item ID,Status\n", "which days"),
    ],
)
def test_what_is_no_such_file_is_refused_with_a_sentence(kind, content, said):
    with pytest.raises(Invalid, match=said):
        files.read(kind, content)
