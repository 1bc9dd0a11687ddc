"""XML from outside, read without its dangers: no DTD, no entities, no depth without end."""

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from alliance.kernel.errors import Invalid

DEEPEST = 64


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
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse(*_args: Any) -> None:
        raise UnsafeXml(_("The file declares a document type. That is not accepted."))

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

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as exc:
        raise UnsafeXml from exc
    return builder.close()
