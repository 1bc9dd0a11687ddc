"""Every method that is served answers in the schema's names, types and nesting."""

import itertools
from xml.etree import ElementTree

import pytest

from commissions.gateway.methods import METHODS
from commissions.gateway.schema import Field, methods
from tests.commissions.gateway.examples import EXAMPLES

_numbers = itertools.count()
TYPES = {"String": str, "Date": str, "Decimal": str, "Number": int, "Boolean": bool}


def test_each_method_that_is_served_has_a_schema_and_an_example():
    assert set(METHODS) - set(methods()) == set()
    assert set(METHODS) == set(EXAMPLES)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_answers_as_its_schema_says(cast, tool, name):
    args = EXAMPLES[name](cast)
    schema = methods()[name]
    said = tool.say(name, **args)
    assert list(said) == [schema.root], said
    answer = said[schema.root]
    assert answer.pop("request_id")
    assert answer, "an example answers something"
    held(answer, schema.response, name)

    plain = tool.say(name, simplify="true", **again(cast, name))
    assert plain.pop("request_id")
    assert set(plain) == set(answer)
    text = tool.say(name, format="xml", **again(cast, name))
    root = ElementTree.fromstring(text.encode())
    assert root.tag == schema.root
    assert {child.tag for child in root} == {*answer, "request_id"}


def again(cast, name):
    """What there can be one of only is asked for under another name, or by another code."""
    args = EXAMPLES[name](cast)
    if "adzone_name" in args:
        args["adzone_name"] += str(next(_numbers))
    return args


def held(said, field: Field, path: str) -> None:
    """Fails at the first name, type or nesting that is not the schema's."""
    if field.tag:
        assert list(said) == [field.tag], path
        for one in said[field.tag]:
            held(one, Field(field.type, "", field.fields), path)
    elif field.fields is not None:
        assert set(said) <= set(field.fields), path
        for name, one in said.items():
            held(one, field.fields[name], f"{path}.{name}")
    else:
        assert isinstance(said, TYPES[field.type]), (path, said)
