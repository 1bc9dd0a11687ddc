"""The answer as text: JSON, with the elements of lists under their name or plainly; or XML."""

import json
import re
from typing import Any
from xml.etree import ElementTree

from commissions.gateway.schema import Field

JSON, XML = "json", "xml"
_TYPES = {JSON: "application/json;charset=UTF-8", XML: "text/xml;charset=UTF-8"}
# What XML 1.0 cannot hold in any way.
_UNSAYABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def content_type(form: str) -> str:
    return _TYPES[form]


def written(said: dict[str, Any], field: Field, root: str, *, form: str, simplify: bool) -> bytes:
    """An answer of the schema's shape. `simplify` drops the root and the names of elements, in JSON
    only."""
    if form == XML:
        return _xml(said, field, root)
    if simplify:
        return _json(said)
    return _json({root: _tagged(said, field)})


def refusal_written(said: dict[str, Any], *, form: str) -> bytes:
    """The same envelope whatever was asked."""
    if form == JSON:
        return _json({"error_response": said})
    return _xml(said, Field("", fields={name: Field("String") for name in said}), "error_response")


def _json(said: Any) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _tagged(said: Any, field: Field) -> Any:
    if field.tag:
        inner = Field(field.type, "", field.fields)
        return {field.tag: [_tagged(one, inner) for one in said]}
    if field.fields is not None:
        return {name: _tagged(one, field.fields[name]) for name, one in said.items()}
    return said


def _xml(said: dict[str, Any], field: Field, root: str) -> bytes:
    element = ElementTree.Element(root)
    _fill(element, said, field)
    return ElementTree.tostring(element, encoding="utf-8", xml_declaration=True)


def _fill(element: ElementTree.Element, said: Any, field: Field) -> None:
    if field.tag:
        inner = Field(field.type, "", field.fields)
        for one in said:
            _fill(ElementTree.SubElement(element, field.tag), one, inner)
    elif field.fields is not None:
        for name, one in said.items():
            _fill(ElementTree.SubElement(element, name), one, field.fields[name])
    else:
        text = str(said).lower() if isinstance(said, bool) else str(said)
        element.text = _UNSAYABLE.sub("", text)
