"""The month's turn."""

from tests.mutants.bug import Bug

SETTLEMENTS, PIPELINE = "commissions/services/settlements.py", "commissions/pipeline.py"
OF_SETTLEMENTS = "tests/commissions/test_settlements.py"
MODEL = "tests/proof/test_model.py"

BUGS = (
    Bug(
        "month-counted-twice",
        "A settlement takes again what an earlier month has settled",
        SETTLEMENTS,
        "settles_in > %(after)s AND settles_in <= %(month)s",
        "settles_in <= %(month)s",
        (MODEL,),
    ),
    Bug(
        "late-into-the-closed-month",
        "What is received late settles with a month that is settled",
        PIPELINE,
        "settles_in = max(month, clock.next_month(last)) if last else month",
        "settles_in = month",
        (OF_SETTLEMENTS,),
    ),
    Bug(
        "next-month-already",
        "A settlement takes what was received after its month",
        SETTLEMENTS,
        "settles_in > %(after)s AND settles_in <= %(month)s",
        "settles_in > %(after)s",
        ("tests/commissions/test_pipeline.py",),
    ),
    Bug(
        "correction-told-twice",
        "A correction is told with every settlement that follows",
        SETTLEMENTS,
        "WHERE l.state = 'settled' AND l.id > %(told)s",
        "WHERE l.state = 'settled'",
        ("tests/commissions/test_payees.py",),
    ),
    Bug(
        "closed-again",
        "A closed settlement can be built and closed again",
        SETTLEMENTS,
        "    if locked.state == SettlementState.CLOSED:\n        raise WrongState",
        "    if False:\n        raise WrongState",
        (OF_SETTLEMENTS,),
    ),
    Bug(
        "debt-unseen-by-settlement",
        "A settlement pays out in full to who owes something",
        SETTLEMENTS,
        "locked WHERE kind = 'debt' AND balance_minor < 0",
        "locked WHERE kind = 'debt' AND balance_minor > 0",
        (MODEL,),
    ),
    Bug(
        "closed-as-built",
        "A settlement closes what was due when it was built",
        SETTLEMENTS,
        "    _post(locked, {pk: net for pk, net in actual.items() if net}, actor)\n",
        "    _post(locked, {pk: net for pk, net in previewed.items() if net}, actor)\n",
        (OF_SETTLEMENTS,),
    ),
    Bug(
        "unfinished-month",
        "A month can be settled before it is over",
        SETTLEMENTS,
        "    if clock.next_month(month) > clock.business_day():\n",
        "    if False:\n",
        (OF_SETTLEMENTS,),
    ),
)
