"""A statement as a file without a database, and the verifier as whoever downloads it has it."""

import importlib.util
import io
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from alliance.kernel.exports import BOM
from commissions.statements import keys
from commissions.statements.canonical import NO_HEAD, Body, Chain, Head, Row, chained, signed

VERIFIER = Path(__file__).resolve().parents[3] / "docs" / "verify_statement.py"
_spec = importlib.util.spec_from_file_location("verify_statement", VERIFIER)
verify_statement = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verify_statement)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
OPENING = {"payable": 1000, "frozen": 0, "debt": 0}
ROWS = (
    Row(
        "settled",
        {"day": date(2026, 5, 9), "order": "T1", "line": "T1-1", "title": "保温杯, \"500\" ml",
         "role": "affiliate", "received": date(2026, 5, 14), "rate_bps": 1200},
        {"estimated": 2149, "base": 19900, "commission": 2388, "share": 2149, "tech_fee": 215,
         "net": 1934, "payable": 1934},
    ),
    Row(
        "corrected",
        {"day": date(2026, 6, 1), "reference": "R1", "order": "T0", "line": "T0-1",
         "title": "=1+1", "role": "affiliate", "received": date(2026, 4, 14), "rate_bps": 1200},
        {"base": -5000, "commission": -600, "share": -540, "tech_fee": -54, "net": -486,
         "payable": -486},
    ),
    Row(
        "withdrawn",
        {"day": date(2026, 6, 2), "reference": "payout:1:requested"},
        {"payable": -514},
    ),
    Row("paid", {"day": date(2026, 6, 3), "reference": "BANK-77"}, {"tax": 14, "paid": 500}),
)  # fmt: skip


def public(key: Ed25519PrivateKey = KEY) -> str:
    return key.public_key().public_bytes_raw().hex()


def file(
    rows=ROWS, opening=OPENING, key=KEY, previous: tuple[str, str] = ("", NO_HEAD), number="0001"
) -> bytes:
    head = Head(
        number=f"A12-CNY-{number}",
        kind="affiliate",
        owner=12,
        owner_name="Lin's picks",
        currency="CNY",
        month=date(2026, 5, 1),
        issued_at=datetime(2026, 6, 20, 3, tzinfo=UTC),
        key_id=keys.key_id(public(key)),
        previous_number=previous[0],
        previous_head=previous[1],
    )
    chain = Chain()
    lines = list(chained(Body(head, opening, rows).lines(), chain))
    signature = key.sign(bytes.fromhex(chain.head)).hex()
    lines.append(signed(head.key_id, chain.head, signature))
    return (BOM + "".join(f"{line}\n" for line in lines)).encode()


def verdict(data: bytes, *keys_: str, previous: bytes | None = None) -> tuple[int, str]:
    """Exit code and sentence, as `python verify_statement.py` gives them."""
    known = [bytes.fromhex(key) for key in keys_ or (public(),)]
    try:
        return 0, verify_statement.verify(data, known, previous)
    except verify_statement.Fault as fault:
        return fault.code, str(fault)


def run(*arguments: str) -> tuple[int, str]:
    """The command itself."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = verify_statement.main(list(arguments))
    return code, out.getvalue() + err.getvalue()
