"""Months of trade at random, beside a model of the books (model.py): Hypothesis chooses what
happens (machine.py), and after every step each balance, state and base is what the model says, and
the books verify. A failure is shrunk to the fewest steps that still fail.

The books verify after every fifth step of a machine and at its end. Here the choices are the same
each time; `MODEL_MACHINES=1000` (make nightly) makes others, `MODEL_PROOF_EVERY=1` asks after each.
"""

import os
import secrets
from collections import Counter

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, seed
from hypothesis.stateful import run_state_machine_as_test

from commissions.statements.kinds import KINDS
from tests.proof.machine import Machine
from tests.proof.model import TAX
from tests.proof.trade import world_make

pytestmark = pytest.mark.django_db

MACHINES = int(os.environ.get("MODEL_MACHINES", "0"))
SHRINK = os.environ.get("MODEL_SHRINK", "yes") == "yes"  # takes minutes; mutants need it not
# Steps: all invariants take longer than all the rest.
PROOF_EVERY = int(os.environ.get("MODEL_PROOF_EVERY", "5"))
BATCH = 10  # from the eleventh on, Hypothesis would rather vary the machines it has than invent one
# The machines have to come by each of these, or they prove little.
MUST_BE_SEEN = {
    "debt", "debt repaid", "withdrawn", "withdrawal in debt", "paid out", "failed payout",
    "failed into a debt", "refused payout", "held by a freeze", "unfunded", "funded",
    "rise unfunded", "settled", "refunded after settlement", "refunded again",
    "void after settlement", "received by itself", "stale", "replayed", "waiting at a settlement",
    "built before a change", "order of a frozen merchant", "over-refund", "closed month",
    "told after the end", "tax given back", "tax remitted", "debt let go",
    "order frozen", "freed again", "taken for good", "told late", "told together",
    "waits for an earlier one",
}  # fmt: skip
# In statements: every kind that has a name of its own. The machine plays no campaigns; their rows
# are told in tests/commissions/awards/test_telling.py and tests/commissions/campaigns.
OF_CAMPAIGNS = {"awarded", "award_revised", "campaign_paid", "campaign_back", "coupons"}
ROWS = {f"row {kind}" for kind in KINDS.keys() - OF_CAMPAIGNS - {"moved"}}


def test_the_books_say_what_the_model_says_whatever_happens(settings, capsys):
    settings.ALLIANCE = {**settings.ALLIANCE, "TAX_STRATEGY": "flat", "TAX_FLAT_BPS": TAX}
    world, seen = world_make(), Counter()
    first = secrets.randbelow(10**9) if MACHINES else 0
    for number in range(-(-(MACHINES or 40) // BATCH)):
        run_state_machine_as_test(
            seed(first + number)(lambda: Machine(world, seen, proof_every=PROOF_EVERY)),
            settings=hypothesis.settings(
                max_examples=BATCH,
                stateful_step_count=40,
                deadline=None,
                database=None,
                print_blob=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, Phase.shrink] if SHRINK else [Phase.generate],
            ),
        )
        if MACHINES:
            with capsys.disabled():
                print(f"{seen['machines']} machines, {seen['steps']} steps (seed {first + number})")
    missed = (MUST_BE_SEEN | ROWS) - {name for name, times in seen.items() if times}
    assert not missed, f"the machines never came by: {sorted(missed)}; they saw {dict(seen)}"
