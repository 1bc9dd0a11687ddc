"""Tables in files, as people's spreadsheets write them: read as text, row by row, in chunks.

Rows are numbered as a spreadsheet numbers them: the header is 1. Nothing is guessed inside a cell;
what a cell means is for the feed to say.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid

if TYPE_CHECKING:  # loaded where a table is read: every process would wait for it
    import pandas as pd

CHUNK = 10_000
MOST_COLUMNS = 500
LONGEST_LINE = 4 << 20  # characters
LARGEST_CHUNK = 16 << 20  # characters: a chunk of long rows ends sooner
EXTRA = "\x00extra"  # cells beyond the header's; no file can name a column so
_DELIMITERS = ",;\t|"
_MARKS = ("=", "'")
_EXCEL_TEXT = re.compile(r'^="(.*)"$', re.DOTALL)  # how exports keep Excel from rounding long ids


class Unreadable(Invalid):
    """The file as a whole cannot be read as a table."""

    code = "unreadable_file"
    message = _("This file cannot be read as a table.")


class Table:
    """A CSV file. `header` has the names of its columns, `chunks()` the rows as text."""

    def __init__(self, file: BinaryIO, encoding: str = "") -> None:
        self._file = file
        self.encoding = encoding or encoding_of(file)
        try:
            first = self._first_line()
            self.delimiter = max(
                _DELIMITERS, key=lambda mark: len(next(csv.reader([first], delimiter=mark)))
            )
        except (csv.Error, UnicodeDecodeError) as exc:
            raise Unreadable from exc
        self.header = _names(next(self._rows())[1])

    def chunks(self, size: int = CHUNK) -> "Iterator[pd.DataFrame]":
        """Frames of text, one column per name plus EXTRA, indexed by row number; blank rows left
        out. Raises Unreadable where the file stops being a table."""
        width = len(self.header)
        numbers: list[int] = []
        rows: list[list[str]] = []
        held = 0
        body = self._rows()
        next(body)
        for number, cells in body:
            if not any(cells):
                continue
            extra = "".join(cells[width:])
            numbers.append(number)
            row = [*cells[:width], *[""] * (width - len(cells)), extra]
            rows.append([clean(cell) for cell in row])
            held += sum(map(len, row))
            if len(rows) == size or held > LARGEST_CHUNK:
                yield self._frame(numbers, rows)
                numbers, rows, held = [], [], 0
        if rows:
            yield self._frame(numbers, rows)

    def _frame(self, numbers: list[int], rows: list[list[str]]) -> "pd.DataFrame":
        import pandas as pd

        return pd.DataFrame(rows, index=numbers, columns=[*self.header, EXTRA], dtype=object)

    def _first_line(self) -> str:
        text = self._text()
        for line in text:
            if line.strip(" \r\n,;|\t"):
                return line
        raise Unreadable(_("This file is empty."))

    def _text(self) -> Iterator[str]:
        self._file.seek(0)
        return iter(_Text(self._file, self.encoding))

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._text(), delimiter=self.delimiter)
        number = 0
        try:
            for number, cells in enumerate(reader, 1):
                if number > 1 or any(cells):
                    yield number, cells
        except (csv.Error, UnicodeDecodeError) as exc:
            raise Unreadable(
                _("The file cannot be read after row %(row)s.") % {"row": number}
            ) from exc


class _Text:
    """Lines of a binary file that stays open afterwards; NUL characters would end a cell early."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._wrapper = io.TextIOWrapper(file, encoding=encoding, newline="")

    def __iter__(self) -> Iterator[str]:
        try:
            while line := self._wrapper.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE:  # a file without breaks would fill the memory
                    raise Unreadable(_("A line of the file is too long."))
                yield line.replace("\x00", "")
        finally:
            self._wrapper.detach()


def encoding_of(file: BinaryIO) -> str:
    """UTF-8 or UTF-16 if it is that, otherwise the national standard of China (GBK and wider)."""
    file.seek(0)
    head = file.read(2)
    if head in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    file.seek(0)
    wrapper = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        while wrapper.read(1 << 20):
            pass
    except UnicodeDecodeError:
        return "gb18030"
    else:
        return "utf-8-sig"
    finally:
        wrapper.detach()


def _names(cells: Sequence[str]) -> list[str]:
    """Column names; a name that comes again gets a number, an empty one its place."""
    if len(cells) > MOST_COLUMNS:
        raise Unreadable(_("A file may have at most %(most)d columns.") % {"most": MOST_COLUMNS})
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = clean(cell) or f"column {place}"
        again = sum(1 for other in names if other.split(" (")[0] == name)
        names.append(f"{name} ({again + 1})" if again else name)
    return names


def clean(cell: str) -> str:
    """Without spaces around it and the marks by which exports keep Excel from reading numbers."""
    cell = cell.strip()
    if cell[:1] not in _MARKS:
        return cell
    if cell.startswith('="') and (wrapped := _EXCEL_TEXT.match(cell)):
        return wrapped[1].strip()
    return cell[1:] if cell.startswith("'") and cell[1:].isdigit() else cell
