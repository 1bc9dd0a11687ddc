"""The kernel of the books: keys, periods, limits, append-only tables, and the proof itself."""

from tests.mutants.bug import Bug

KERNEL = "commissions/migrations/0002_rules.py"
OF_LEDGER = "tests/commissions/test_ledger.py"
MODEL = "tests/proof/test_model.py"

BUGS = (
    Bug(
        "posted-again",
        "An entry that is posted again is written again",
        KERNEL,
        "        RETURN;\n    END IF;\n\n    IF EXISTS",
        "    END IF;\n\n    IF EXISTS",
        (OF_LEDGER,),
    ),
    Bug(
        "key-for-other-moves",
        "A key takes other moves than those it was used for",
        KERNEL,
        "IF v_known <> v_digest THEN",
        "IF false THEN",
        (OF_LEDGER,),
    ),
    Bug(
        "closed-month-takes-entries",
        "A closed month takes entries",
        KERNEL,
        "IF EXISTS (SELECT FROM commissions_period WHERE month = v_month) THEN",
        "IF false THEN",
        (OF_LEDGER,),
    ),
    Bug(
        "no-floor",
        "A guarded account has no floor",
        KERNEL,
        "CASE WHEN kind = 'debt' THEN NULL ELSE 0 END",
        "CAST(NULL AS bigint)",
        (OF_LEDGER,),
    ),
    Bug(
        "debt-above-zero",
        "A debt may go above zero",
        KERNEL,
        "CASE WHEN kind = 'debt' THEN 0 END",
        "CAST(NULL AS bigint)",
        (OF_LEDGER,),
    ),
    Bug(
        "half-a-balance",
        "A balance forgets what leaves it",
        KERNEL,
        "            SELECT debit_id AS account_id, -amount_minor AS delta\n"
        "            FROM commissions_line l WHERE l.entry_id = ledger_post.entry_id\n"
        "            UNION ALL\n",
        "",
        (OF_LEDGER,),
    ),
    Bug(
        "lines-may-change",
        "A ledger line may be changed",
        KERNEL,
        '    "line",\n',
        "",
        (OF_LEDGER,),
    ),
    Bug(
        "moves-not-set-off",
        "Opposite moves are added up instead of set off",
        "commissions/ledger.py",
        "debit, credit, minor = credit, debit, -minor",
        "debit, credit = credit, debit",
        (OF_LEDGER,),
    ),
    Bug(
        "a-month-closes-too-early",
        "The books of a month can be closed before it is over",
        "commissions/services/periods.py",
        "    if clock.next_month(month) > clock.business_day():\n",
        "    if False:\n",
        ("tests/commissions/test_settlements.py",),
    ),
    Bug(
        "settled-on-wrong-books",
        "The calendar settles though the books do not verify",
        "commissions/tasks.py",
        "    if not (run := verification_run(source=VerifySource.SETTLEMENT)).well:\n",
        "    if not (run := verification_run(source=VerifySource.SETTLEMENT)).pk:\n",
        ("tests/commissions/test_settlements.py",),
    ),
)
