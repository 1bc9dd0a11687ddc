"""Locks that are left out or taken in another order: only races can tell."""

from tests.mutants.bug import Bug

PIPELINE, LEDGER = "commissions/pipeline.py", "commissions/ledger.py"
TARGETS = "commissions/targets.py"
PAYOUTS, SETTLEMENTS = "commissions/services/payouts.py", "commissions/services/settlements.py"
RACES, WRITERS = "tests/commissions/test_races.py", "tests/proof/test_writers.py"
WAITS = "tests/proof/test_locks.py"
ORDER_RACES = "tests/merchants/test_orders_race.py"

LOCKS = (
    Bug(
        "orders-not-locked",
        "Two workers price the same orders side by side",
        PIPELINE,
        "Order.objects.select_for_update().filter(pk__in=pks)",
        "Order.objects.filter(pk__in=pks)",
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "balances-not-locked",
        "A debt is worked out from balances that others are changing",
        LEDGER,
        '        Balance.objects.select_for_update(of=("self",))\n',
        "        Balance.objects\n",
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "no-second-look",
        "An account that was made while its lock was waited for is not seen",
        LEDGER,
        "for code, currency, minor in rows.all()",
        "for code, currency, minor in rows",
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "settlement-does-not-wait",
        "A settlement closes while orders of its month are being priced",
        SETTLEMENTS,
        "        cursor.execute(\"SELECT pg_advisory_xact_lock(hashtext('settlement'), 0)\")\n",
        '        cursor.execute("SELECT 1")\n',
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "pipeline-does-not-wait",
        "Orders are priced while the settlement of their month closes",
        TARGETS,
        "cursor.execute(\"SELECT pg_advisory_xact_lock_shared(hashtext('settlement'), 0)\")",
        'cursor.execute("SELECT 1")',
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "settlement-locks-no-balance",
        "A settlement repays debts from balances that others are changing",
        SETTLEMENTS,
        "        ORDER BY b.account_id FOR UPDATE OF b\n",
        "        ORDER BY b.account_id\n",
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "withdrawals-side-by-side",
        "Two withdrawals of an affiliate are decided side by side",
        PAYOUTS,
        "return Affiliate.objects.select_for_update(no_key=True).get(pk=pk)",
        "return Affiliate.objects.get(pk=pk)",
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "affiliate-locked-with-its-key",
        "A withdrawal and a new commission wait for each other in a circle",
        PAYOUTS,
        "return Affiliate.objects.select_for_update(no_key=True).get(pk=pk)",
        "return Affiliate.objects.select_for_update().get(pk=pk)",
        (WAITS, RACES, WRITERS),
    ),
    Bug(
        "closing-does-not-wait",
        "A month closes while an entry is being posted into it",
        "commissions/services/periods.py",
        "\"SELECT pg_advisory_xact_lock(hashtext('ledger-period'), %s)\"",
        "\"SELECT hashtext('ledger-period'), %s\"",
        (WAITS,),
    ),
    Bug(
        "posting-does-not-wait",
        "An entry is posted into a month that is being closed",
        "commissions/migrations/0002_rules.py",
        "PERFORM pg_advisory_xact_lock_shared(hashtext('ledger-period'), "
        "to_char(v_month, 'YYYYMM')::int);",
        "",
        (WAITS,),
    ),
    Bug(
        "reports-side-by-side",
        "Two reports of one order are taken side by side",
        "merchants/services/orders.py",
        'found.order_by("pk").select_for_update()',
        'found.order_by("pk")',
        (ORDER_RACES, WRITERS),
    ),
)
