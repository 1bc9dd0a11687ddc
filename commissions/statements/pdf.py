"""A statement on paper: what it says in short, how to check it, then every row.

The first pages are set by the frame of all documents; the rows are drawn line by line, a page in
memory at a time, so that a hundred thousand of them are no heavier than ten.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFName, PDFStream, PDFZCompress
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.textobject import PDFTextObject
from reportlab.platypus import Flowable, Frame

from commissions import documents, receipts
from commissions.documents import (
    BOTTOM,
    INK,
    LATIN,
    MARGIN,
    QUIET,
    RULE,
    TOP,
    WIDTH,
    Column,
)
from commissions.models import Statement
from commissions.statements import kinds
from commissions.statements.canonical import FORMS, Row, read
from commissions.statements.telling import Figures, tell

SIZE, LEADING = 7, 4.6 * mm
HEADER = 9 * mm
ROWS_A_PAGE = int((A4[1] - TOP - BOTTOM - HEADER) // LEADING)
VERIFY = "python verify_statement.py {file} --key {key}"


@dataclass(frozen=True, slots=True)
class _Cell:
    """A column of the rows: its heading and its part of the page's width."""

    label: Any
    width: int
    right: bool = False


CELLS = {
    "affiliate": (
        _Cell(_("Day"), 17), _Cell(_("What"), 27), _Cell(_("Order"), 26), _Cell(_("Product"), 34),
        _Cell(_("Base"), 18, True), _Cell(_("Rate"), 11, True), _Cell(_("Share"), 16, True),
        _Cell(_("Fee"), 14, True), _Cell(_("Amount"), 19, True),
    ),
    "merchant": (
        _Cell(_("Day"), 17), _Cell(_("What"), 33), _Cell(_("Order"), 29), _Cell(_("Product"), 37),
        _Cell(_("Base"), 19, True), _Cell(_("Rate"), 11, True), _Cell(_("Wallet"), 19, True),
        _Cell(_("Reserved"), 17, True),
    ),
}  # fmt: skip


def statement_pdf(statement: Statement, lines: Iterable[str]) -> bytes:
    """The file. `lines` are the canonical ones of the rows (queries.statement_rows)."""
    target = io.BytesIO()
    canvas = _Light(target, pagesize=A4, invariant=1, lang=get_language() or "en")
    title, issuer, recipient, facts = heading(statement)
    canvas.setTitle(title)
    story = [*documents.head(title, issuer, recipient, facts), *summary(statement)]
    front = _set(canvas, story)
    pages = len(front) + -(-statement.rows // ROWS_A_PAGE)
    for number, page in enumerate(front, 1):
        canvas.take_up(page)
        documents.foot(canvas, title, number, pages)
        canvas.showPage()
    _draw_rows(canvas, statement, iter(lines), title, len(front), pages)
    canvas.save()
    return target.getvalue()


# --- The first pages -----------------------------------------------------------------------------


def heading(statement: Statement) -> tuple[str, list[str], list[str], list[tuple[str, str]]]:
    """Title, issuer, recipient and facts, as the frame of all documents wants them."""
    facts = [
        (gettext("Month"), receipts.month_words(statement.month)),
        (gettext("Currency"), statement.currency),
        (gettext("Rows"), str(statement.rows)),
        (gettext("Follows"), statement.previous.number if statement.previous else "–"),
    ]
    title = gettext("Statement %(number)s") % {"number": statement.number}
    return title, documents.issuer(), [statement.owner.name if statement.owner else ""], facts


def summary(statement: Statement) -> Iterator[Flowable]:
    """What it says in short, and how to check it."""
    for block in kinds.waterfall(statement):
        yield documents.heading(block.title)
        rows = [(step.label, step.amount.localized()) for step in block.steps]
        yield documents.table(_TWO, rows, totals=1)
    yield documents.heading(gettext("Accounts"))
    yield documents.table(
        [
            Column(gettext("Account"), 6),
            Column(gettext("Opening"), 3, right=True),
            Column(gettext("Closing"), 3, right=True),
        ],
        [
            (name, opening.localized(), closing.localized())
            for name, opening, closing in kinds.accounts(statement)
        ],
    )
    yield documents.heading(gettext("How to check it"))
    yield from _proof(statement)


_TWO = (Column("", 9), Column("", 3, right=True))


def _proof(statement: Statement) -> Iterator[Flowable]:
    yield documents.paragraph(
        gettext(
            "Every line of the CSV file carries a hash of itself and of the line before; the last "
            "one is signed. Whoever changes, adds or removes a line breaks the chain. You need "
            "neither us nor our server to check that: the verifier is one file of Python, and our "
            "public keys are at %(url)s."
        )
        % {"url": f"{settings.PUBLIC_URL}/statements/keys/"}
    )
    file = f"{statement.number}.csv"
    for label, value in (
        (gettext("Last hash"), statement.head),
        (gettext("Signature (Ed25519)"), f"{statement.signature[:64]} {statement.signature[64:]}"),
        (gettext("Public key %(id)s") % {"id": statement.key_id}, statement.key.public),
        (gettext("Command"), VERIFY.format(file=file, key=statement.key.public)),
    ):
        yield documents.words(label, small=True, quiet=True, above=4)
        yield documents.words(value, small=True)


def _set(canvas: "_Light", story: list[Flowable]) -> list[dict[str, Any]]:
    """The story on pages that are put aside until one knows how many there will be."""
    pages = []
    while story:
        frame = Frame(MARGIN, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
        while story and frame.add(story[0], canvas):
            del story[0]
        if story and len(parts := frame.split(story[0], canvas)) > 1:
            frame.add(parts[0], canvas)
            story[:1] = parts[1:]
        pages.append(canvas.put_aside())
    return pages


# --- The rows ------------------------------------------------------------------------------------


class _Light(Canvas):
    """A canvas that compresses each page when it is done, not when the file is."""

    def put_aside(self) -> dict[str, Any]:
        page = dict(self.__dict__)
        self._startPage()
        return page

    def take_up(self, page: dict[str, Any]) -> None:
        self.__dict__.update(page)

    def showPage(self) -> None:  # noqa: N802 - reportlab's own name
        super().showPage()
        page = self._doc.Pages.pages[-1]
        stream = PDFStream(content=PDFZCompress.encode(page.stream))
        stream.dictionary["Filter"] = PDFName(PDFZCompress.pdfname)
        page.Contents, page.stream = stream, None


def _draw_rows(
    canvas: Canvas, statement: Statement, lines: Iterator[str], footer: str, before: int, pages: int
) -> None:
    form, cells = FORMS[statement.kind], CELLS[statement.kind]
    figures, number = Figures(statement.currency), before
    while some := list(islice(lines, ROWS_A_PAGE)):
        number += 1
        _draw_page(canvas, cells, [_cells(read(line, form), figures) for line in some])
        documents.foot(canvas, footer, number, pages)
        canvas.showPage()


def _cells(row: Row, figures: Figures) -> list[str]:
    told = tell(row, figures)
    first = [told.day, told.what, told.order, told.title, told.base, told.rate]
    if "payable" in row.figures:
        return [*first, told.share, told.fee, told.amount]
    return [*first, told.wallet, told.reserved]


def _draw_page(canvas: Canvas, cells: Sequence[_Cell], rows: list[list[str]]) -> None:
    top = A4[1] - TOP - HEADER
    edges = _edges(cells)
    text = _Text(canvas)
    text.setFont(LATIN, SIZE)
    text.setFillColor(QUIET)
    for cell, (left, right) in zip(cells, edges, strict=True):
        text.put(str(cell.label), left, right, top + 3 * mm, at_right=cell.right)
    text.setFillColor(INK)
    for place, row in enumerate(rows):
        y = top - (place + 0.7) * LEADING
        for said, cell, (left, right) in zip(row, cells, edges, strict=True):
            if said:
                text.put(said, left, right, y, at_right=cell.right)
    canvas.drawText(text)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.8)
    canvas.line(MARGIN, top, MARGIN + WIDTH, top)
    canvas.setStrokeColor(RULE)
    canvas.setLineWidth(0.3)
    below = [top - (place + 1) * LEADING for place in range(len(rows))]
    canvas.lines([(MARGIN, y, MARGIN + WIDTH, y) for y in below])


def _edges(cells: Sequence[_Cell]) -> list[tuple[float, float]]:
    """Left and right end of each column, with a gap between them."""
    unit, left, found = WIDTH / sum(cell.width for cell in cells), MARGIN, []
    for cell in cells:
        found.append((left, left + cell.width * unit - (0 if cell.right else 1.5 * mm)))
        left += cell.width * unit
    return found


class _Text(PDFTextObject):
    """Text put here and there, in Helvetica but for what it has no letters for."""

    def put(self, said: str, left: float, right: float, y: float, *, at_right: bool) -> None:
        """At the left end of a column, as much as there is room for; or a figure at the right."""
        plain = _PLAIN.fullmatch(said)
        if at_right:
            left = right - _width(said)
        elif not plain or len(said) * SIZE > 1.5 * (right - left):
            self._pieces(said, left, right - left, y)
            return
        if plain:  # nothing in it that a PDF would have to escape
            self._code.append(f"1 0 0 1 {left:.2f} {y:.2f} Tm ({said}) Tj")
            return
        self.setTextOrigin(left, y)
        self.textOut(said)

    def _pieces(self, said: str, left: float, room: float, y: float) -> None:
        self.setTextOrigin(left, y)
        for font, piece in documents.runs(said):
            fitting = _fitting(piece, font, room)
            if font != LATIN:
                self.setFont(font, SIZE)
            self.textOut(fitting)
            if font != LATIN:
                self.setFont(LATIN, SIZE)
            room -= stringWidth(fitting, font, SIZE)
            if fitting != piece:
                return


_PLAIN = re.compile(r"[A-Za-z0-9 .,:;%+/_#-]*")


@lru_cache(4096)
def _fitting(piece: str, font: str, room: float) -> str:
    """As much of the text as there is room for."""
    while piece and stringWidth(piece, font, SIZE) > room:
        piece = piece[: min(len(piece) - 1, int(len(piece) * room / _long(piece, font)))]
    return piece


def _long(piece: str, font: str) -> float:
    return max(stringWidth(piece, font, SIZE), 1)


_FIGURE = re.compile(r"[0-9.,%-]*")
_WIDTHS = {**dict.fromkeys("0123456789", 556), "-": 333, "%": 889, ".": 278, ",": 278}


def _width(said: str) -> float:
    """Of a figure in Helvetica, quickly; anything else is asked of the font."""
    if not _FIGURE.fullmatch(said):
        return stringWidth(said, LATIN, SIZE)
    return sum([_WIDTHS[letter] for letter in said]) * SIZE / 1000
