"""Documents as PDF: an A4 frame with issuer, recipient, facts, tables, "page n of m".

`document(body=[table(…), heading(…), paragraph(…)], …)` returns the file.

Latin letters are set in Helvetica, everything else in STSong-Light, which every reader of PDF
brings along for Chinese; neither is embedded, so a page weighs a few kilobytes. The same content
makes the same bytes, whenever and wherever it is drawn.
"""

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    LongTable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

LATIN, LATIN_BOLD, CHINESE = "Helvetica", "Helvetica-Bold", "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(CHINESE))

MARGIN, TOP, BOTTOM = 20 * mm, 18 * mm, 22 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, QUIET, RULE = HexColor("#1f2937"), HexColor("#6b7280"), HexColor("#d1d5db")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]")
_RUN = re.compile(r"[^\x20-\x7e\u00a0-\u00ff€–—‘’“”„…•\n]+")  # what Helvetica has no letter for


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `width` is its part of the page's width among the others."""

    label: str
    width: int = 1
    right: bool = False


def issuer() -> list[str]:
    """The alliance's own name, address and tax number, as the head of a document wants them."""
    own = settings.ALLIANCE
    tax = _("Tax number: %(number)s") % {"number": own["TAX_ID"]} if own["TAX_ID"] else ""
    return [line for line in (own["LEGAL_NAME"], *own["ADDRESS"].splitlines(), tax) if line]


def document(
    *,
    title: str,
    issuer: Sequence[str],
    recipient: Sequence[str],
    facts: Sequence[tuple[str, str]],
    body: Iterable[Flowable],
    footer: str,
) -> bytes:
    """The whole PDF. Lines of `issuer` and `recipient` are addresses; `facts` label and value."""
    target = io.BytesIO()
    frame = Frame(MARGIN, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0)
    paper = BaseDocTemplate(
        target,
        pagesize=A4,
        title=_seen(title),
        author=_seen(issuer[0]) if issuer else "",
        lang=get_language() or "en",
        invariant=1,
    )
    paper.addPageTemplates(PageTemplate(frames=[frame]))
    story = [*head(title, issuer, recipient, facts), *body]
    paper.build(story, canvasmaker=lambda *a, **k: _Numbered(*a, footer=footer, **k))
    return target.getvalue()


def table(columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, totals: int = 0) -> Flowable:
    """A table that goes on over pages under the same header; the last `totals` rows stand out."""
    parts = sum(column.width for column in columns)
    cells = [[words(c.label, small=True, quiet=True, right=c.right) for c in columns]]
    rows = list(rows)
    for place, row in enumerate(rows):
        bold = place >= len(rows) - totals
        cells.append(
            [
                _figure(value, bold=bold)
                if column.right
                else words(str(value), small=True, bold=bold)
                for column, value in zip(columns, row, strict=True)
            ]
        )
    made = LongTable(
        cells,
        colWidths=[WIDTH * column.width / parts for column in columns],
        repeatRows=1,
        hAlign="LEFT",
    )
    made.setStyle(_ruled(columns, totals))
    return made


def paragraph(text: str, *, quiet: bool = False) -> Flowable:
    """Running text, with some room above."""
    return words(text, quiet=quiet, above=6)


def heading(text: str) -> Flowable:
    return words(text, bold=True, above=12, below=4)


def gap(millimetres: float = 4) -> Flowable:
    return Spacer(1, millimetres * mm)


def runs(text: str) -> list[tuple[str, str]]:
    """The text in pieces, each with the font that has its letters: for drawing without words."""
    text, pieces, end = _seen(text), [], 0
    for run in _RUN.finditer(text):
        pieces += [(LATIN, text[end : run.start()]), (CHINESE, run[0])]
        end = run.end()
    return [piece for piece in (*pieces, (LATIN, text[end:])) if piece[1]]


def words(text: str, **style: Any) -> Paragraph:
    """Text in the fonts that have its letters. `style`: see `_style`."""
    text = _seen(text)
    chinese = bool(_RUN.search(text))
    marked = _RUN.sub(lambda run: f'<font name="{CHINESE}">{run[0]}</font>', escape(text))
    return Paragraph(marked.replace("\n", "<br/>"), _style(chinese=chinese, **style))


def _seen(text: str) -> str:
    """Without what no font shows. What lies beyond the basic plane becomes an empty box."""
    return "".join(c if ord(c) < 0x10000 else "□" for c in _UNSEEN.sub("", text))


def _figure(value: Any, *, bold: bool) -> Any:
    """An amount: plain where Helvetica can write it, many times faster than a paragraph."""
    text = _seen(str(value)).replace("\u2212", "-").replace("\u202f", "\u00a0")
    if bold or _RUN.search(text):
        return words(text, small=True, bold=bold, right=True)
    return text


@cache
def _style(
    *,
    chinese: bool = False,
    small: bool = False,
    bold: bool = False,
    quiet: bool = False,
    right: bool = False,
    size: float = 0,
    above: float = 0,
    below: float = 0,
) -> ParagraphStyle:
    size = size or (8.5 if small else 9.5)
    return ParagraphStyle(
        "words",
        fontName=LATIN_BOLD if bold else LATIN,
        fontSize=size,
        leading=size * 1.35,
        textColor=QUIET if quiet else INK,
        alignment=TA_RIGHT if right else 0,
        spaceBefore=above,
        spaceAfter=below,
        wordWrap="CJK" if chinese else None,
    )


def head(
    title: str,
    issuer: Sequence[str],
    recipient: Sequence[str],
    facts: Sequence[tuple[str, str]],
) -> list[Flowable]:
    """From whom, to whom, what it is, and the facts that name it."""
    known = [[words(label, quiet=True), words(value)] for label, value in facts]
    about: Any = Table(known, colWidths=[WIDTH * 0.18, WIDTH * 0.26]) if known else ""
    if known:
        about.setStyle(_BARE)
    address = [words(line, bold=not place) for place, line in enumerate(recipient)]
    top = Table([[address, about]], colWidths=[WIDTH * 0.56, WIDTH * 0.44])
    top.setStyle(_BARE)
    return [
        *(words(line, quiet=True, small=True, bold=not i) for i, line in enumerate(issuer)),
        Spacer(1, 10 * mm),
        top,
        Spacer(1, 8 * mm),
        words(title, bold=True, size=16, below=8),
    ]


_BARE = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)


def _ruled(columns: Sequence[Column], totals: int) -> TableStyle:
    commands: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("FONTSIZE", (0, 0), (-1, -1), 8.5),
        ("LEADING", (0, 0), (-1, -1), 8.5 * 1.35),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.3, RULE),
    ]
    commands += [("ALIGN", (i, 0), (i, -1), "RIGHT") for i, c in enumerate(columns) if c.right]
    if totals:
        commands.append(("LINEABOVE", (0, -totals), (-1, -totals), 0.8, INK))
    return TableStyle(commands)


class _Numbered(Canvas):
    """Keeps each page until the last one is known, then writes "page n of m" below all of them."""

    def __init__(self, *args: Any, footer: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._footer = footer
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's own name
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            foot(self, self._footer, number, len(self._pages))
            super().showPage()
        super().save()


def foot(canvas: Canvas, footer: str, number: int, pages: int) -> None:
    """The footer of a page."""
    below = [
        (footer, 0.78, False),
        (_("Page %(number)d of %(pages)d") % {"number": number, "pages": pages}, 0.22, True),
    ]
    left = MARGIN
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, BOTTOM - 5 * mm, A4[0] - MARGIN, BOTTOM - 5 * mm)
    for text, part, right in below:
        said = words(text, small=True, quiet=True, right=right)
        _width, height = said.wrap(WIDTH * part, BOTTOM)
        said.drawOn(canvas, left, BOTTOM - 7 * mm - height)
        left += WIDTH * part
