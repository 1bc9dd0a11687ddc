"""A campaign kind is whole: rules with words in every language, examples, properties, a section."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation import override

from campaigns.mechanics import MECHANICS, RuleField

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "tests/campaigns/mechanics"
PAGE = ROOT / "docs/campaign-mechanics.md"
EVERY = pytest.mark.parametrize("kind", MECHANICS)
# Words that are the same in German.
SAME_IN_GERMAN = {"Name"}


def fields(kind: str) -> Iterator[RuleField]:
    for field in MECHANICS[kind].fields:
        yield field
        yield from field.rows


def words(kind: str) -> Iterator[str]:
    """Whatever a person reads of it, in English."""
    mechanic = MECHANICS[kind]
    with override("en"):
        yield from (str(mechanic.label), str(mechanic.about))
        for field in fields(kind):
            yield from (str(text) for text in (field.label, field.help) if text)
            yield from (str(label) for _value, label in field.choices)


@EVERY
def test_it_has_a_file_of_its_own_with_worked_examples_and_properties(kind):
    examples = (EXAMPLES / f"test_{kind}.py").read_text()

    assert (ROOT / f"campaigns/mechanics/{kind}.py").exists()
    assert f'MECHANICS["{kind}"]' in examples
    assert "@given(" in examples
    assert len(re.findall(r"^def test_", examples, re.MULTILINE)) >= 5


@EVERY
def test_it_has_a_section_on_the_page(kind):
    assert re.search(rf"^## \d+\. {MECHANICS[kind].label}$", PAGE.read_text(), re.MULTILINE)


@EVERY
def test_every_rule_has_words(kind):
    assert str(MECHANICS[kind].about).endswith(".")
    for field in fields(kind):
        assert str(field.label)[:1].isupper(), field.name
        assert not field.help or str(field.help).endswith("."), field.name


@EVERY
@pytest.mark.parametrize("language", ["de", "zh-hans"])
def test_it_speaks_german_and_chinese(kind, language):
    english = set(words(kind))
    mechanic = MECHANICS[kind]
    with override(language):
        texts = [mechanic.label, mechanic.about]
        for field in fields(kind):
            texts += [field.label, field.help, *(label for _value, label in field.choices)]
        same = {str(text) for text in texts if text} & english

    assert same - SAME_IN_GERMAN == set()


@EVERY
def test_what_it_promises_is_tested(kind):
    told = (EXAMPLES / "test_base.py").read_text().partition("def test_what_a_campaign_promises")[0]

    assert f'"{kind}"' in told.rpartition('("kind", "rules", "promises")')[2]


def test_no_rules_are_left_without_a_line_in_the_table():
    written = {
        found[1]
        for path in (ROOT / "campaigns/mechanics").glob("*.py")
        if (found := re.search(r'^    kind="(\w+)",$', path.read_text(), re.MULTILINE))
    }

    assert written == set(MECHANICS)


def test_two_rules_of_a_kind_never_share_a_label():
    """A sentence that names a rule by its label must mean one."""
    for mechanic in MECHANICS.values():
        labels = [str(field.label) for field in mechanic.fields]
        assert len(labels) == len(set(labels)), mechanic.kind
