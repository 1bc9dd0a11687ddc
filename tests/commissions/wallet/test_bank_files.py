"""Statements of banks: what came in is read, what is dangerous or unclear is refused whole."""

from datetime import date

import pytest

from alliance.kernel.errors import Invalid
from alliance.kernel.money import Money, cny
from alliance.kernel.safe_xml import UnsafeXml
from commissions import bank
from commissions.services.bank import references_in

REFERENCE = "TK23456789AB"


def camt(*entries: str, version: str = "08", head: str = "") -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>{head}
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><Stmt>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>{"".join(entries)}
</Stmt></BkToCstmrStmt></Document>""".encode()


def entry(
    amount="500.00",
    ref="B-1",
    text=REFERENCE,
    kind="CRDT",
    status="<Cd>BOOK</Cd>",
    ccy="CNY",
    details="",
    more="",
) -> str:
    details = details or f"<TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
    ref = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    return f"""<Ntry><Amt Ccy="{ccy}">{amount}</Amt><CdtDbtInd>{kind}</CdtDbtInd>{more}
        <Sts>{status}</Sts><BookgDt><Dt>2026-05-10</Dt></BookgDt>{ref}
        <NtryDtls>{details}</NtryDtls></Ntry>"""


def part(amount, text, name="Chen", version="08"):
    who = f"<Pty><Nm>{name}</Nm></Pty>" if version == "08" else f"<Nm>{name}</Nm>"
    sums = (
        f'<Amt Ccy="CNY">{amount}</Amt>'
        if version == "08"
        else f'<AmtDtls><TxAmt><Amt Ccy="CNY">{amount}</Amt></TxAmt></AmtDtls>'
    )
    return f"""<TxDtls>{sums}<RltdPties><Dbtr>{who}</Dbtr></RltdPties>
        <RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"""


def test_a_camt_statement_gives_its_booked_credits():
    read = bank.read(
        camt(
            entry(),
            entry("9.00", "B-2", kind="DBIT"),
            entry("8.00", "B-3", status="<Cd>PDNG</Cd>"),
            entry("7.00", "B-4", more="<RvslInd>true</RvslInd>"),
        )
    )

    assert (read.format, read.account) == ("camt.053", "DE02120300000000202051")
    assert [(a.ref, a.amount, a.text, a.reversal) for a in read.arrivals] == [
        ("B-1", cny("500.00"), REFERENCE, False),
        ("B-4", cny("7.00"), REFERENCE, True),
    ]
    assert read.arrivals[0].booked_on == date(2026, 5, 10)


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_collective_entry_is_read_part_by_part(version):
    parts = part("300.00", "one", "Chen", version) + part("200.00", "two", "Li", version)
    read = bank.read(camt(entry(details=parts, status="BOOK"), version=version))

    assert [(a.ref, a.amount, a.text, a.payer) for a in read.arrivals] == [
        ("B-1/1", cny("300.00"), "one", "Chen"),
        ("B-1/2", cny("200.00"), "two", "Li"),
    ]


def test_a_collective_entry_whose_parts_do_not_add_up_stays_whole():
    parts = part("300.00", "one") + part("100.00", "two")
    (arrival,) = bank.read(camt(entry(details=parts))).arrivals

    assert (arrival.ref, arrival.amount, arrival.text) == ("B-1", cny("500.00"), "one two")


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    ],
)
def test_a_document_type_is_refused_before_it_is_read(head):
    with pytest.raises(UnsafeXml, match="document type"):
        bank.read(camt(entry(text="&a;"), head=head))


@pytest.mark.parametrize(
    "content",
    [
        b"<Document>",
        b"<html></html>",
        b"<?xml version='1.0' encoding='no-such'?><a/>",
        b"<a>" * 100 + b"</a>" * 100,
        camt(entry("5,00")),
        camt(entry("1.001")),
        camt(entry("0.00")),
        camt(entry("1e9")),
        camt(entry(ccy="")),
    ],
)
def test_what_is_no_statement_is_refused(content):
    with pytest.raises(Invalid):
        bank.read(content)


@pytest.mark.parametrize(
    "content",
    [
        "date,amount,currency,text,payer,bank reference\n2026-05-10,500.00,CNY,{},Chen,B-1\n",
        "交易日期,金额,币种,附言,对方户名,流水号\n20260510,500.00,人民币,{},Chen,B-1\n",
        (
            "Buchungstag;Betrag;Währung;Verwendungszweck;Auftraggeber;Bankreferenz\n"
            "10.05.2026;500,00;CNY;{};Chen;B-1\n"
        ),
        (
            "Date\tAmount\tCurrency\tDetails\tName\tTransaction ID\n"
            "2026/05/10 08:15:00\t¥500.00\tcny\t{}\tChen\tB-1\n"
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "utf-16"])
def test_a_csv_of_any_bank_gives_the_same(content, encoding):
    content = content.format(f"充值 {REFERENCE}").replace("¥", "￥" if encoding == "gbk" else "¥")
    encoding = "gb18030" if "ä" in content and encoding == "gbk" else encoding
    read = bank.read(content.encode(encoding))

    (arrival,) = read.arrivals
    assert (arrival.ref, arrival.amount, arrival.payer) == ("B-1", cny("500.00"), "Chen")
    assert arrival.booked_on == date(2026, 5, 10)
    assert references_in(arrival.text) == [REFERENCE]


def test_debits_and_rows_without_amount_are_left_out():
    rows = "date,amount,text\n2026-05-10,-5.00,out\n2026-05-10,,note\n2026-05-10,5.00,in\n"

    assert [a.text for a in bank.read(rows.encode()).arrivals] == ["in"]


@pytest.mark.parametrize(
    ("column", "came", "left"),
    [("借贷标志", "贷", "借"), ("Soll/Haben", "H", "S"), ("direction", "Credit", "debit")],
)
def test_a_column_says_which_amounts_without_a_sign_are_debits(column, came, left):
    rows = f"date,amount,text,{column}\n2026-05-10,7.00,out,{left}\n2026-05-10,5.00,in,{came}\n"

    assert [(a.text, a.amount) for a in bank.read(rows.encode()).arrivals] == [("in", cny("5.00"))]


def test_equal_lines_without_a_reference_are_told_apart_the_same_way_in_every_file():
    row = "2026-05-10,5.00,same\n"
    two = bank.read(f"date,amount,text\n{row}{row}".encode()).arrivals
    later = bank.read(f"date,amount,text\n2026-05-09,1.00,x\n{row}{row}{row}".encode()).arrivals

    assert len({arrival.ref for arrival in two}) == 2
    assert [a.ref for a in two] == [a.ref for a in later[1:3]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-13-01,5.00,x", "Row 2 cannot be read: the date."),
        ("2026-05-10,5.001,x", "Row 2 cannot be read: the amount."),
        ('2026-05-10,"1,23,4",x', "Row 2 cannot be read: the amount."),
        ("2026-05-10,five,x", "Row 2 cannot be read: the amount."),
        ("2026-05-10,5.00,x,sideways", "Row 2 cannot be read: whether it came in."),
    ],
)
def test_a_row_that_cannot_be_understood_refuses_the_file(row, said):
    with pytest.raises(Invalid, match=said):
        bank.read(f"date,amount,text,direction\n{row}\n".encode())


def test_a_file_without_the_needed_columns_is_refused():
    with pytest.raises(Invalid, match="no column for: amount"):
        bank.read(b"date,text\n2026-05-10,x\n")


def test_a_currency_without_minor_units_is_read():
    (arrival,) = bank.read(b'date,amount,currency,text\n2026-05-10,"5,000",JPY,x\n').arrivals

    assert arrival.amount == Money(5000, "JPY")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tk 2345 6789 ab", [REFERENCE]),
        ("ＴＫ２３４５６７８９ＡＢ 充值", [REFERENCE]),
        ("Ref:TK-23456789-AB/TOPUP", [REFERENCE]),
        (f"{REFERENCE} and {REFERENCE}", [REFERENCE]),
        ("TK2345678", []),
        ("XTK23456789ABTK98765432CD", [REFERENCE, "TK98765432CD"]),
    ],
)
def test_a_reference_is_found_however_it_is_written(text, found):
    assert references_in(text) == found
