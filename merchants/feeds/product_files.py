"""Product files, whatever they are written in: entries one by one, recognised by their content.

Tables (CSV, TSV), RSS 2.0 and Atom, JSON (a list, a list within an object, or an object a line),
each plain or compressed with gzip. Everything is read as text under the names of Google's product
specification; what a text means is for `product_rows` to say. Memory holds an entry at a time, or a
piece of a table.
"""

import gzip
import json
import re
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import TextIOWrapper
from typing import Any, BinaryIO, cast
from xml.etree.ElementTree import Element

from django.utils.translation import gettext as _

from alliance.kernel import safe_xml
from merchants.feeds.runs import RowFault
from merchants.feeds.table import EXTRA, Table, Unreadable, encoding_of

LARGEST = 1 << 30  # bytes of a file when it is no longer compressed
LARGEST_ENTRY = 1 << 20  # characters of JSON
_PIECE = 1 << 20
_ROWS = 1000
_PROLOGUE = re.compile(r"\A\ufeff?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAKS = re.compile(r"[\s\-_]+")
_LINK_RELATIONS = {"", "alternate"}
# Names that stand beside Google's: RSS and Atom's own, and those of Google's JSON interface.
_ALSO = {
    "offer_id": "id",
    "summary": "description",
    "content": "description",
    "product_types": "product_type",
}
# JSON can write what no database keeps: NUL, and one half of a pair.
_UNKEPT = re.compile("[\x00\ud800-\udfff]")
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_SPACE = re.compile(r"[ \t\r\n]*")
_LIST = re.compile(r"\ufeff?\s*\[")
_LIST_WITHIN = re.compile(r'"[^"\\]{1,60}"\s*:\s*\[(?=\s*[{\]])')
_FIRST, _OWN, _OTHER = 0, 1, 2  # g:title before title before media:title


@dataclass(slots=True)
class Entry:
    """One product as the file has it. `values` by Google's names; a name that the file does not
    have is not there. `number`: the row of the table, or the how-manieth entry it is."""

    number: int
    values: dict[str, str]
    raw: Mapping[str, str]
    fault: RowFault | None = None


@dataclass(slots=True)
class ProductFile:
    """A file that was recognised. `names`: the columns of a table, under Google's names; `body`:
    what is read, unpacked."""

    layout: str
    entries: Iterator[Entry]
    body: BinaryIO
    names: set[str] | None = field(default=None)


def plain(name: str) -> str:
    """ "g:Image Link", "image-link" and "imageLink" are all image_link."""
    name = name.strip().rpartition(":")[2]
    name = _BREAKS.sub("_", _HUMP.sub("_", name)).casefold().strip("_")
    return _ALSO.get(name, name)


@contextmanager
def product_file(file: BinaryIO) -> Iterator[ProductFile]:
    """Recognise the file and give its entries. Raises Unreadable, also while they are read: then
    everything before the place where the file breaks was given."""
    with _unpacked(file) as body:
        head = _head(body)
        if head.startswith("<"):
            yield ProductFile(_xml_layout(head), _xml(body), body)
        elif head[:1] in {"{", "["}:
            yield ProductFile("json", _json(body), body)
        else:
            table = Table(body)
            yield ProductFile(
                "tsv" if table.delimiter == "\t" else "csv",
                _rows(table),
                body,
                {plain(name) for name in table.header},
            )


def _head(file: BinaryIO) -> str:
    """How the file begins, without its marks, declarations and comments."""
    file.seek(0)
    start = file.read(8192)
    file.seek(0)
    wide = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = start.decode("utf-16" if wide else "utf-8", "replace")
    return text[_PROLOGUE.match(text).end() :]  # type: ignore[union-attr]


@contextmanager
def _unpacked(file: BinaryIO) -> Iterator[BinaryIO]:
    """The file, or on the disk what was packed in it, up to LARGEST: a few bytes of gzip can grow
    to many gigabytes."""
    file.seek(0)
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if not packed:
        yield file
        return
    with tempfile.TemporaryFile() as body:
        size = 0
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                while piece := unpacked.read(_PIECE):
                    size += len(piece)
                    if size > LARGEST:
                        raise Unreadable(_("Unpacked, the file is larger than is taken."))
                    body.write(piece)
        except (OSError, EOFError, zlib.error) as exc:
            raise Unreadable(_("The file is packed, but what is packed breaks off.")) from exc
        yield body


# --- Tables ---------------------------------------------------------------------------------------


def _rows(table: Table) -> Iterator[Entry]:
    names = [(plain(name), name) for name in reversed(table.header)]  # the first of two counts
    for frame in table.chunks(_ROWS):
        records = cast(list[dict[str, str]], frame.to_dict("records"))
        for number, raw in zip(frame.index, records, strict=True):
            extra = raw.pop(EXTRA)
            entry = Entry(number, {name: raw[column] for name, column in names}, raw)
            if extra:
                entry.fault = RowFault(
                    "too_many_cells", _("The row has more cells than the header.")
                )
            yield entry


# --- XML ------------------------------------------------------------------------------------------


def _xml_layout(head: str) -> str:
    root = re.match(r"<([\w.-]+:)?([\w.-]+)", head)
    name = root[2].casefold() if root else ""
    if name == "html" or (head[:9].casefold() == "<!doctype" and "html" in head[:40].casefold()):
        raise Unreadable(_("This is a web page, not a file of products."))
    return "atom" if name == "feed" else "rss"


def _xml(file: BinaryIO) -> Iterator[Entry]:
    number = 0
    try:
        for number, element in enumerate(safe_xml.elements(file, {"item", "entry"}), 1):
            values = _children(element)
            yield Entry(number, values, values)
    except safe_xml.UnsafeXml as exc:
        raise Unreadable(_broken(number, str(exc))) from exc
    if not number:
        raise Unreadable(_("The XML has no entries: RSS 2.0 or Atom is expected."))


def _children(element: Element) -> dict[str, str]:
    found: dict[str, tuple[int, str]] = {}
    for child in element:
        prefix, _colon, local = child.tag.rpartition(":")
        name = plain(local)
        if name == "category" and not prefix:
            name = "product_type"  # RSS's own: somebody's words, not one of our categories
        text = "".join(child.itertext()).strip()
        if not text and "href" in child.attrib:
            if child.get("rel", "") not in _LINK_RELATIONS:
                continue
            text = child.get("href", "").strip()
        rank = {"g": _FIRST, "": _OWN}.get(prefix, _OTHER)
        if name not in found or rank < found[name][0]:
            found[name] = rank, text
    return {name: text for name, (_rank, text) in found.items()}


def _broken(number: int, why: str) -> str:
    return _("The file cannot be read after entry %(number)s: %(why)s") % {
        "number": number,
        "why": why,
    }


# --- JSON -----------------------------------------------------------------------------------------


def _json(file: BinaryIO) -> Iterator[Entry]:
    encoding = encoding_of(file)
    file.seek(0)
    text = TextIOWrapper(file, encoding=encoding, newline="")
    try:
        if _is_product(text.readline(LARGEST_ENTRY)):
            text.seek(0)
            yield from _lines(text)
        else:
            text.seek(0)
            yield from _list(text)
    except UnicodeDecodeError as exc:
        raise Unreadable from exc
    finally:
        text.detach()


def _is_product(line: str) -> bool:
    """Whether an object a line is what the file has."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and "id" in {plain(name) for name in said}


def _lines(text: TextIOWrapper) -> Iterator[Entry]:
    number = 0
    while line := text.readline(LARGEST_ENTRY):
        number += 1
        if not line.strip():
            continue
        try:
            yield _entry(number, _DECODER.decode(line.strip()))
        except (ValueError, RecursionError):
            fault = RowFault("bad_json", _("This line is not an object of JSON."))
            yield Entry(number, {}, {"": _text(line)}, fault)


def _list(text: TextIOWrapper) -> Iterator[Entry]:
    """The file's list, or the first list of objects within its object."""
    number, stream = 0, _Stream(text)
    try:
        more = stream.enter()
        while more:
            said = stream.value()
            number += 1
            yield _entry(number, said)
            more = stream.step()
    except (ValueError, RecursionError) as exc:
        raise Unreadable(_broken(number, _("this is no JSON, or it breaks off."))) from exc


class _Stream:
    """JSON text of any length, of which a piece is held. ValueError where it stops being JSON."""

    def __init__(self, text: TextIOWrapper) -> None:
        self.text, self.at = text, 0
        self.buffer = text.read(_PIECE)

    def enter(self) -> bool:
        """Go in front of the list's first object, if it has one."""
        opened = _LIST.match(self.buffer) or _LIST_WITHIN.search(self.buffer)
        if not opened:
            raise ValueError
        self.at = opened.end()
        return self.peek() != "]"

    def step(self) -> bool:
        """Go in front of the next object, if there is one."""
        mark = self.peek()
        if mark not in {",", "]"}:
            raise ValueError
        self.at += 1
        return mark == "," and bool(self.peek())

    def peek(self) -> str:
        """The next character that is no space; `at` is there."""
        while True:
            self.at = _SPACE.match(self.buffer, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self._more():
                raise ValueError

    def value(self) -> Any:
        while True:
            try:
                said, self.at = _DECODER.raw_decode(self.buffer, self.at)
            except ValueError:  # it may go on in the next piece
                if len(self.buffer) - self.at > LARGEST_ENTRY or not self._more():
                    raise
            else:
                return said

    def _more(self) -> bool:
        piece = self.text.read(_PIECE)
        self.buffer, self.at = self.buffer[self.at :] + piece, 0
        return bool(piece)


def _entry(number: int, said: Any) -> Entry:
    if not isinstance(said, dict):
        fault = RowFault("bad_json", _("This is not an object of JSON."))
        return Entry(number, {}, {"": _text(str(said))}, fault)
    if isinstance(said.get("product"), dict):  # an entry of Google's batches
        said = said["product"]
    values = {plain(_text(name)): _text(value) for name, value in said.items() if value is not None}
    return Entry(number, values, values)


def _text(value: Any) -> str:
    """What a table would have in the cell: an amount with its currency, the first of a list."""
    if isinstance(value, dict):
        return " ".join(_text(value[name]) for name in ("value", "currency") if name in value)
    if isinstance(value, list):
        return _text(value[0]) if value else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _UNKEPT.sub("", str(value)).strip()
