"""A bank on paper: reads pain.001 by its official schema, pays, answers in pain.002 and camt.053.

It keeps a book of what it really paid, and takes a file of one number once.
"""

from collections import defaultdict
from functools import cache
from importlib.resources import files
from io import BytesIO

import xmlschema

from alliance.kernel.money import Money

NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


@cache
def schema() -> xmlschema.XMLSchema:
    """The official schema of pain.001.001.09, out of a package that carries it."""
    return xmlschema.XMLSchema(str(files("sepaxml") / "schemas" / "pain.001.001.09.xsd"))


def transfers_in(content: bytes) -> list[dict]:
    """The transfers of a valid file; raises XMLSchemaValidationError for any other."""
    schema().validate(BytesIO(content))
    root = xmlschema.XMLResource(BytesIO(content)).root
    found = []
    for part in root.iterfind(".//p:CdtTrfTxInf", NS):
        amount = part.find("p:Amt/p:InstdAmt", NS)
        account = part.find("p:CdtrAcct/p:Id", NS)
        found.append({
            "key": part.findtext("p:PmtId/p:EndToEndId", namespaces=NS),
            "amount": Money.parse(amount.text, amount.get("Ccy")),
            "name": part.findtext("p:Cdtr/p:Nm", namespaces=NS),
            "iban": account.findtext("p:IBAN", namespaces=NS),
            "other": account.findtext("p:Othr/p:Id", namespaces=NS),
        })  # fmt: skip
    return found


def number_of(content: bytes) -> str:
    root = xmlschema.XMLResource(BytesIO(content)).root
    return root.findtext(".//p:GrpHdr/p:MsgId", namespaces=NS)


class Bank:
    def __init__(self) -> None:
        self.plan = "ok"
        self.taken: dict[str, list[dict]] = {}
        self.paid: dict[str, list[int]] = defaultdict(list)
        self.booked: list[dict] = []

    def take(self, content: bytes) -> bytes:
        """Somebody uploads a file. Answers with a status report."""
        number = number_of(content)
        if number in self.taken:
            return pain_002(number, group="RJCT", reason="AM05")  # a duplicate
        self.taken[number] = transfers_in(content)
        if self.plan == "refuse":
            rows = [(one, "RJCT", "AC01") for one in self.taken[number]]
            return pain_002(number, rows=rows)
        if self.plan != "pending":
            self.finish()
        return pain_002(number, rows=[(one, "ACSP", "") for one in self.taken[number]])

    def finish(self) -> None:
        for transfers in self.taken.values():
            for one in transfers:
                if one not in self.booked:
                    self.booked.append(one)
                    self.paid[one["key"]].append(one["amount"].minor)

    def statement(self, day: str = "2026-06-22") -> bytes:
        return camt_053(day, [(one["key"], one["amount"], "DBIT", "") for one in self.booked])


def pain_002(number: str, *, rows=(), group: str = "", reason: str = "") -> bytes:
    parts = "".join(
        f"""<TxInfAndSts><OrgnlEndToEndId>{one["key"]}</OrgnlEndToEndId><TxSts>{status}</TxSts>
        <StsRsnInf><Rsn><Cd>{why or "NARR"}</Cd></Rsn></StsRsnInf>
        <OrgnlTxRef><Amt><InstdAmt Ccy="{one["amount"].currency}">{one["amount"].decimal}</InstdAmt>
        </Amt></OrgnlTxRef></TxInfAndSts>"""
        for one, status, why in rows
    )
    status = f"<GrpSts>{group}</GrpSts>" if group else ""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>
  <GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-06-22T15:00:00+08:00</CreDtTm></GrpHdr>
  <OrgnlGrpInfAndSts><OrgnlMsgId>{number}</OrgnlMsgId>
  <OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{status}{why}</OrgnlGrpInfAndSts>
  <OrgnlPmtInfAndSts><OrgnlPmtInfId>{number}-1</OrgnlPmtInfId>{parts}</OrgnlPmtInfAndSts>
</CstmrPmtStsRpt></Document>""".encode()


def camt_053(day: str, bookings) -> bytes:
    """`bookings`: (key, amount, DBIT or CRDT, reason of a return)."""
    parts = "".join(
        f"""<Ntry><Amt Ccy="{amount.currency}">{amount.decimal}</Amt><CdtDbtInd>{way}</CdtDbtInd>
        <Sts><Cd>BOOK</Cd></Sts><AcctSvcrRef>B{number}</AcctSvcrRef><NtryDtls><TxDtls>
        <Refs><EndToEndId>{key or "NOTPROVIDED"}</EndToEndId></Refs>
        <Amt Ccy="{amount.currency}">{amount.decimal}</Amt><CdtDbtInd>{way}</CdtDbtInd>
        {f"<RtrInf><Rsn><Cd>{why}</Cd></Rsn></RtrInf>" if why else ""}
        </TxDtls></NtryDtls></Ntry>"""
        for number, (key, amount, way, why) in enumerate(bookings, 1)
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>
  <GrpHdr><MsgId>S1</MsgId><CreDtTm>{day}T23:00:00</CreDtTm></GrpHdr>
  <Stmt><Id>S1</Id><FrToDt><FrDtTm>{day}T00:00:00</FrDtTm><ToDtTm>{day}T23:59:59</ToDtTm></FrToDt>
  {parts}</Stmt></BkToCstmrStmt></Document>""".encode()
