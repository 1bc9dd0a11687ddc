"""The CSV file of a statement: what `docs/verify_statement.py` reads."""

from collections.abc import Iterable, Iterator

from alliance.kernel.exports import BOM
from commissions.models import Statement
from commissions.statements.canonical import Chain, chained, signed


class Broken(Exception):
    """The lines kept are not those that were signed."""


def file_of(statement: Statement, lines: Iterable[str]) -> Iterator[str]:
    """The file in pieces of some hundred lines. Raises Broken instead of the signature when the
    lines do not lead to the hash that was signed."""
    chain, piece = Chain(), [BOM]
    for line in chained(lines, chain):
        piece.append(f"{line}\n")
        if len(piece) >= _PIECE:
            yield "".join(piece)
            piece = []
    if chain.head != statement.head:
        raise Broken(f"statement {statement.number} does not lead to its signed hash")
    piece.append(f"{signed(statement.key_id, statement.head, statement.signature)}\n")
    yield "".join(piece)


_PIECE = 500
