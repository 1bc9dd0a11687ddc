"""Files of banks and wallets that were made to do harm: refused with a sentence, nothing kept."""

import pytest

from alliance.kernel.errors import Invalid
from commissions.bank import read as read_statement
from commissions.rails import files

STATEMENT = (
    "<Document><BkToCstmrStmt><Stmt><FrToDt><FrDt>2026-06-22</FrDt></FrToDt><Ntry>{amount}"
    "<Sts>BOOK</Sts><CdtDbtInd>DBIT</CdtDbtInd></Ntry></Stmt></BkToCstmrStmt></Document>"
)
REPORT = "sender item id,status,amount,currency,date,error\npayout-1,success,{0},{1},2026-06-22,{2}"


def statement(amount: str) -> bytes:
    return STATEMENT.format(amount=amount).encode()


def report(*cells: str) -> bytes:
    return REPORT.format(*cells).encode()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("bank", '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16")),
        ("bank", b"<a>" * 100_000 + b"</a>" * 100_000),
        ("bank", b"<a>\x00</a>"),
        ("bank", statement('<Amt Ccy="CNY">999999999999999999</Amt>')),
        ("bank", statement('<Amt Ccy="EURO">1.00</Amt>')),
        ("bank", statement("<Amt>1.00</Amt>")),
        ("paypal", report("999999999999999999", "EUR", "")),
        ("paypal", report("1.00", "ＥＵＲ", "")),
        ("paypal", report("1.00", "EUR", "a\x00b")),
    ],
)
def test_an_answer_of_a_rail_that_no_column_can_hold_is_refused(kind, content):
    with pytest.raises(Invalid):
        files.read(kind, content)


@pytest.mark.parametrize("amount", ["1,000,000,000,000,000,000,000", "1.000.000.000.000.000.000"])
def test_a_statement_with_more_money_than_there_is_is_refused(amount):
    with pytest.raises(Invalid, match="Row 2"):
        read_statement(f'date,amount,text\n2026-05-10,"{amount}",x\n'.encode())
