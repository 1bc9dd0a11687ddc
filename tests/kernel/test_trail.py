"""The audit trail in words: every verb that is written, and the data as people read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from alliance.kernel import columns, trail
from campaigns.models import Campaign, EnrolmentState
from commissions.models import AppealState, BankCreditState, TopUpState, ViolationFact
from commissions.models.wallet_refund import WalletRefundState

APPS = ("alliance/kernel", "merchants", "affiliates", "campaigns", "commissions")
STATES = (
    AppealState,
    BankCreditState,
    EnrolmentState,
    TopUpState,
    ViolationFact,
    WalletRefundState,
)


def verbs() -> Iterator[str]:
    """What our code writes; where the second half comes from a state, its beginning and a dot."""
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record"):
                    continue
                match node.args[0]:
                    case ast.Constant(value=str(verb)):
                        yield verb


def test_every_verb_has_words():
    written = set(verbs())
    assert len(written) > 100
    assert [verb for verb in sorted(written) if str(trail.deed(verb)) == verb] == []


def test_what_a_state_says_has_words():
    """Verbs that end in a state: those in which a service writes one."""
    silent = {
        "new",
        "open",
        "evaluating",
        "settled",
        "void",
    }  # reached by the system, or others' words
    facts = {value for states in STATES for value in states.values} - silent
    assert [fact for fact in sorted(facts) if str(trail.deed(f"x.{fact}")) == f"x.{fact}"] == []


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Published"), ("de", "Veröffentlicht"), ("zh-hans", "已发布")]
)
def test_a_verb_is_read_in_ones_language(language, said):
    with override(language):
        assert str(trail.deed("campaign.published")) == said


def test_a_verb_that_is_gone_stays_as_it_was():
    assert trail.deed("parcel.weighed") == "parcel.weighed"


def test_the_data_is_told_by_the_names_of_the_fields():
    data = {
        "budget_minor": 500_000,
        "changes": {
            "ends_at": ["2026-06-18T16:00:00+00:00", "2026-06-20T16:00:00+00:00"],
            "sponsor": ["platform", "merchant"],
            "merchant_bps": [0, 5_000],
            "all_products": [False, True],
        },
        "terms_of_old": 3,
    }
    told = columns.facts(data, "CNY", Campaign)

    assert told == (
        "<div><b>budget</b> CN¥5,000.00</div>"
        "<div><b>changes</b> "
        "<div><b>ends at</b> Jun 19, 2026 00:00 → Jun 21, 2026 00:00</div>"
        "<div><b>paid by</b> The alliance → A merchant</div>"
        "<div><b>paid by the merchant</b> 0% → 50%</div>"
        "<div><b>all products</b> no → yes</div>"
        "</div>"
        "<div><b>terms of old</b> 3</div>"
    )
