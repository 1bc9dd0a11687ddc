"""XML from outside, read without its dangers: no DTD, no entities, no depth without end."""

import codecs
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid

DEEPEST = 64
LARGEST = 1 << 20  # of one of many elements, in characters
_PIECE = 1 << 16
_NATIVE = {"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1"}  # what expat reads by itself
# And what is read for it: Python knows codes that unpack or run, too.
_OTHER = re.compile(
    r"gb(k|2312|18030)|cp9\d\d|big5|shift_jis|euc-(jp|kr)"
    r"|(windows-|cp)12\d\d|iso-8859-\d{1,2}|koi8-[ru]"
)
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.-]{1,40})["']""")


class UnsafeXml(Invalid):
    """No XML, or XML that wants something of us. Nothing of it was looked up."""

    code = "unsafe_xml"
    message = _("This is no plain XML file.")


def parse(content: bytes) -> Element:
    """The root element; tags without their namespace. Raises UnsafeXml.

    A document type is refused before anything in it is read, so no entity can be declared: neither
    a file or address to fetch, nor a few letters that grow to gigabytes.
    """
    builder, depth = TreeBuilder(), 0
    parser = _parser(namespace_separator=" ")

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise UnsafeXml
        builder.start(name.rpartition(" ")[2], attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name.rpartition(" ")[2])

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as exc:
        raise UnsafeXml from exc
    return builder.close()


def elements(file: BinaryIO, names: Collection[str]) -> Iterator[Element]:
    """The elements of these names (without their prefix), each complete and read one by one.

    Tags keep their prefix as it is written. Nothing else of the file is kept, so memory stays flat
    however long it is. Raises UnsafeXml as `parse` does, and for an element beyond LARGEST or a
    file that breaks off, when everything before that was given.
    """
    picked = _Picked(names)
    for piece in _pieces(file):
        failure = picked.feed(piece)
        yield from picked.take()
        if failure:
            raise failure


class _Picked:
    """Builds the elements that are asked for and forgets what stands around them."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names
        self.done: list[Element] = []
        self.builder: TreeBuilder | None = None
        self.depth = self.size = self.begun = self.fed = 0
        self.parser = _parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def feed(self, piece: bytes | str) -> UnsafeXml | None:
        """Read on; an empty piece is the end of the file. What is wrong with it, if it is."""
        try:
            self.parser.Parse(piece, not piece)
        except UnsafeXml as exc:
            return exc
        except (expat.ExpatError, ValueError, LookupError) as exc:
            failure = UnsafeXml(_("The XML is not well formed, or the file breaks off."))
            failure.__cause__ = exc
            return failure
        self.fed += len(piece if isinstance(piece, bytes) else piece.encode())
        # A tag that does not end is held back by expat, however large it grows.
        held = self.fed - self.parser.CurrentByteIndex
        return UnsafeXml() if held > LARGEST + 4 * _PIECE else None

    def take(self) -> list[Element]:
        done, self.done = self.done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnsafeXml
        if self.builder is None and name.rpartition(":")[2] in self.names:
            self.builder, self.begun, self.size = TreeBuilder(), self.depth, 0
        if self.builder is not None:
            self._grow(len(name) + sum(len(k) + len(v) for k, v in attributes.items()))
            self.builder.start(name, attributes)

    def _end(self, name: str) -> None:
        if self.builder is not None:
            self.builder.end(name)
            if self.depth == self.begun:
                self.done.append(self.builder.close())
                self.builder = None
        self.depth -= 1

    def _data(self, text: str) -> None:
        if self.builder is not None:
            self._grow(len(text))
            self.builder.data(text)

    def _grow(self, characters: int) -> None:
        self.size += characters
        if self.size > LARGEST:
            raise UnsafeXml(_("One entry of the file is too large."))


def _parser(namespace_separator: str | None = None) -> Any:
    parser = expat.ParserCreate(namespace_separator=namespace_separator)

    def refuse(*_args: Any) -> None:
        raise UnsafeXml(_("The file declares a document type. That is not accepted."))

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _pieces(file: BinaryIO) -> Iterator[bytes | str]:
    """The file in pieces and then an empty one; as text where expat cannot read its code (GBK)."""
    file.seek(0)
    declared = _DECLARED.match(file.read(300))
    file.seek(0)
    name = declared[1].decode().lower() if declared else "utf-8"
    if name in _NATIVE:
        read: Callable[[int], bytes | str] = file.read
    elif not _OTHER.fullmatch(name):
        raise UnsafeXml
    else:
        try:
            code = codecs.getreader("gb18030" if name in {"gbk", "gb2312"} else name)
        except LookupError as exc:
            raise UnsafeXml from exc
        read = code(file, "replace").read
    while piece := read(_PIECE):
        yield piece
    yield b""
