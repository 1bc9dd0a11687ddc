"""Money on its way out: withdrawals, tax, write-offs."""

from tests.mutants.bug import Bug

PAYOUTS, TASKS = "commissions/services/payouts.py", "commissions/tasks.py"
OF_PAYOUTS, OF_TAX = "tests/commissions/test_payouts.py", "tests/commissions/test_tax.py"
OF_POLICY = "tests/commissions/test_payout_policy.py"
OF_WRITE_OFFS = "tests/commissions/test_write_offs.py"
OF_RAILS = "tests/commissions/rails/test_contract.py"
FOUR_EYES = "tests/commissions/test_four_eyes.py"
MODEL, DELIVERIES = "tests/proof/test_model.py", "tests/proof/test_deliveries.py"

BUGS = (
    Bug(
        "sent-twice",
        "A payout that is being sent is sent again",
        PAYOUTS,
        "Payout.objects.filter(pk=payout_pk, state=PayoutState.READY).exclude(",
        "Payout.objects.filter(pk=payout_pk).exclude(",
        (OF_PAYOUTS, DELIVERIES),
    ),
    Bug(
        "unclear-is-sent-again",
        "A payout of which nothing was heard is sent again instead of looked up",
        TASKS,
        "        _apart(payout_lookup, payout=payout)\n",
        "        rails.get(payout.rail).send(payout, key=rails.key_of(payout.pk))\n",
        (OF_PAYOUTS, DELIVERIES),
    ),
    Bug(
        "unclear-is-failed",
        "A payout of which nothing was heard is given back",
        TASKS,
        "        transfers.transfer_unclear(payout=payout, said=exc)\n",
        "        payouts.payout_fail(payout=payout, reason=str(exc))\n",
        (OF_PAYOUTS, OF_RAILS),
    ),
    Bug(
        "missing-is-failed",
        "A transfer that the rail does not know yet is given back at once",
        "commissions/services/transfers.py",
        "    return settled and now - transfer.missing_since >= rails.APART",
        "    return True",
        ("tests/commissions/rails/test_alipay.py",),
    ),
    Bug(
        "anybody-says-paid",
        "An answer is believed whoever signed it",
        "commissions/rails/alipay.py",
        "        key.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())\n",
        "",
        (OF_RAILS,),
    ),
    Bug(
        "failed-after-success",
        "A payout that was paid can fail afterwards, and the other way round",
        PAYOUTS,
        "Payout.objects.filter(pk=payout.pk, state=source)",
        "Payout.objects.filter(pk=payout.pk)",
        (MODEL,),
    ),
    Bug(
        "debt-ignored",
        "Who owes something is told of too little money instead of the debt",
        PAYOUTS,
        "    if ledger.balance(chart.debt(affiliate.pk), currency):\n",
        "    if False:\n",
        (OF_PAYOUTS,),
    ),
    Bug(
        "freeze-ignored-at-release",
        "The money of a frozen affiliate is released",
        PAYOUTS,
        "    if affiliate.state != (AffiliateState.CLOSED if fresh.closing else "
        "AffiliateState.ACTIVE):\n",
        "    if False:\n",
        (OF_PAYOUTS,),
    ),
    Bug(
        "freeze-ignored-at-sending",
        "The money of an affiliate that was frozen since is sent",
        PAYOUTS,
        "        affiliate__in=stopped, closing=False\n",
        "        pk=0\n",
        (FOUR_EYES,),
    ),
    Bug(
        "settlement-day-open",
        "Withdrawals are open on the day of reconciliation",
        PAYOUTS,
        '    if clock.business_day().day == settings.ALLIANCE["SETTLEMENT_DAY"]:\n',
        "    if False:\n",
        (OF_PAYOUTS,),
    ),
    Bug(
        "released-by-who-asked",
        "Who asked for a withdrawal releases it",
        PAYOUTS,
        "    if payout.requested_by_id == actor.pk:\n",
        "    if False:\n",
        (OF_POLICY,),
    ),
    Bug(
        "confirmed-by-who-released",
        "Who released a payout says that it arrived",
        PAYOUTS,
        "    if actor.pk == payout.released_by_id:\n",
        "    if False:\n",
        (FOUR_EYES, OF_PAYOUTS),
    ),
    Bug(
        "own-money",
        "Staff decide about money of an affiliate that they belong to",
        "commissions/services/outsiders.py",
        "    if AffiliateMember.objects.filter(affiliate=affiliate_pk, user=actor).exists():\n",
        "    if False:\n",
        (FOUR_EYES, OF_PAYOUTS),
    ),
    Bug(
        "small-sums-add-up",
        "Small withdrawals of one day are released by the system beyond the limit",
        PAYOUTS,
        "    if most < queries.auto_released_today(payout) + payout.amount:\n",
        "    if most < payout.amount:\n",
        (OF_POLICY,),
    ),
    Bug(
        "no-hold",
        "Money goes to a new account at once",
        PAYOUTS,
        "    if fresh.held_until and clock.now() < fresh.held_until:\n",
        "    if False:\n",
        (OF_POLICY,),
    ),
    Bug(
        "tax-sent-along",
        "The tax that was kept back is sent, too",
        PAYOUTS,
        "moves=[Move(payout.net, debit=chart.IN_FLIGHT, credit=chart.CASH)]",
        "moves=[Move(payout.amount, debit=chart.IN_FLIGHT, credit=chart.CASH)]",
        (OF_TAX,),
    ),
    Bug(
        "tax-kept",
        "The tax of a withdrawal that failed is kept",
        PAYOUTS,
        "    if tax_back:\n",
        "    if False:\n",
        (MODEL,),
    ),
    Bug(
        "each-payout-alone",
        "The second withdrawal of a month is taxed as if it were the first",
        "commissions/tax.py",
        "return max(RULES[rule](before + amount) - withheld, none(amount))",
        "return RULES[rule](amount)",
        (OF_TAX,),
    ),
    Bug(
        "taxed-twice",
        "What was withheld in the month is withheld again",
        "commissions/tax.py",
        "return max(RULES[rule](before + amount) - withheld, none(amount))",
        "return RULES[rule](before + amount)",
        (OF_TAX,),
    ),
    Bug(
        "written-off-alone",
        "Who asked for a write-off decides about it",
        "commissions/services/write_offs.py",
        "    if write_off.requested_by_id == actor.pk:\n",
        "    if False:\n",
        (OF_WRITE_OFFS,),
    ),
    Bug(
        "written-off-twice",
        "A debt is written off twice",
        "commissions/services/write_offs.py",
        "DebtWriteOff.objects.filter(pk=write_off.pk, state=WriteOffState.REQUESTED)",
        "DebtWriteOff.objects.filter(pk=write_off.pk)",
        (OF_WRITE_OFFS,),
    ),
)
