"""Statements of the alliance's bank: what came in, whatever the file's format.

`read(content)` knows camt.053 and CSV. Debits are left out; a line that cannot be understood
refuses the file as a whole, so that no money is passed over in silence.
"""

from commissions.bank.arrivals import MOST, TOO_LARGE, Arrival, Statement
from commissions.bank.camt import read_camt
from commissions.bank.table import read_table

__all__ = ["MOST", "TOO_LARGE", "Arrival", "Statement", "read"]


def read(content: bytes) -> Statement:
    """Raises Invalid (UnsafeXml, Unreadable) with a sentence that says what is wrong."""
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return read_camt(content)
    return read_table(content)
