"""CSV files as wallets make them: some encoding, remarks above and below, columns by name."""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice

from django.utils.translation import gettext_lazy as _

from alliance.kernel.money import Money
from commissions.rails import files


def text_of(content: bytes, *encodings: str) -> str:
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise files.unreadable(_("its characters are in no encoding that we know."))


def rows(
    text: str, columns: Mapping[str, tuple[str, ...]], *, needed: str
) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by our names) below the first line that has the `needed` column.

    `columns` gives the headings that each of our names goes by. Cells lose the tabs and quotes
    that keep a spreadsheet from taking a number for one.
    """
    lines = csv.reader(text.splitlines())
    header: list[str] = []
    try:
        for line, cells in enumerate(lines, 1):
            plain = [cell.strip().strip("`'\t ﻿") for cell in cells]
            if header:
                if not cells or plain[0].startswith("#"):
                    continue
                yield line, _named(dict(zip(header, plain, strict=False)), columns)
            elif set(columns[needed]) & {_heading(cell) for cell in plain}:
                header = [_heading(cell) for cell in plain]
    except csv.Error as exc:
        raise files.unreadable(str(exc)) from exc
    if not header:
        raise files.unreadable(
            _("it has no column %(name)s.") % {"name": " / ".join(columns[needed])}
        )


def _heading(cell: str) -> str:
    """As written, without the marks around it; wide brackets count as plain ones."""
    return cell.replace("（", "(").replace("）", ")").casefold()


def _named(cells: dict[str, str], columns: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {
        name: next((cells[heading] for heading in headings if cells.get(heading)), "")
        for name, headings in columns.items()
    }


def money(text: str, currency: str, line: int) -> Money:
    try:
        return Money.parse(text or "0", currency)
    except ValueError as exc:
        raise files.unreadable(
            _("row %(line)d has an amount that is none.") % {"line": line}
        ) from exc


def day_in(text: str, pattern: str, order: str = "ymd") -> date | None:
    """The first day in the text; None if there is none."""
    found = re.search(pattern, text)
    if not found:
        return None
    parts = dict(zip(order, map(int, found.groups()), strict=True))
    try:
        return date(parts["y"], parts["m"], parts["d"])
    except ValueError:
        return None


def head(text: str, lines: int = 10) -> str:
    return "\n".join(islice(text.splitlines(), lines))
