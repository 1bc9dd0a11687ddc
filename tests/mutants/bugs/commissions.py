"""From an order to what is owed: intake, formulas, refunds, debts, funds."""

from tests.mutants.bug import Bug

PIPELINE, TARGETS, FORMULAS, DEBTS = (
    "commissions/pipeline.py",
    "commissions/targets.py",
    "commissions/formulas.py",
    "commissions/debts.py",
)
REPORTS = "merchants/services/order_reports.py"
REFUNDS, OF_REFUNDS = "merchants/services/refund_plans.py", "tests/merchants/test_refunds.py"
MODEL = "tests/proof/test_model.py"
OF_PIPELINE = "tests/commissions/test_pipeline.py"
OF_FORMULAS = "tests/commissions/test_formulas.py"
OF_SETTLEMENTS = "tests/commissions/test_settlements.py"

BUGS = (
    Bug(
        "rounded-down",
        "Shares are rounded down instead of half up",
        "alliance/kernel/money.py",
        "return Money(half_up(self.minor * bps, BPS), self.currency)",
        "return Money(self.minor * bps // BPS, self.currency)",
        ("tests/kernel/test_money.py", OF_FORMULAS),
    ),
    Bug(
        "refund-by-proportion",
        "A refund is worked out on its own and rounded by itself",
        TARGETS,
        "    due = worth_of(commission, Money(0, line.currency) if nothing else line.base)\n",
        "    whole = Money(0 if nothing else line.amount_minor, line.currency)\n"
        "    back = worth_of(commission, whole - Money(0, line.currency) if nothing\n"
        "                    else Money(line.refunded_minor, line.currency))\n"
        "    full = worth_of(commission, whole)\n"
        "    due = Worth(*(getattr(full, n) - getattr(back, n) for n in Worth.__slots__))\n",
        (MODEL,),
    ),
    Bug(
        "refund-ignored",
        "A refund leaves the commission as it was",
        "merchants/models/order.py",
        "return Money(self.amount_minor - self.refunded_minor, self.currency)",
        "return Money(self.amount_minor, self.currency)",
        (OF_PIPELINE,),
    ),
    Bug(
        "void-pays",
        "An order that came to nothing keeps its commission after the settlement",
        TARGETS,
        "    nothing = order.state in (OrderState.PLACED, OrderState.VOID) or invalid\n",
        "    nothing = order.state == OrderState.PLACED or invalid or (\n"
        "        order.state == OrderState.VOID and not settled\n"
        "    )\n",
        (OF_PIPELINE,),
    ),
    Bug(
        "fee-of-everything",
        "The technical fee is taken of the whole commission whatever was agreed",
        FORMULAS,
        "of = commission if rates.tech_fee_base is TechFeeBase.ORDER_COMMISSION else publisher",
        "of = commission",
        (OF_FORMULAS,),
    ),
    Bug(
        "subsidy-without-cap",
        "A subsidy knows no cap",
        FORMULAS,
        "min(base.share(self.rate_bps), self.cap).share(self.share_bps)",
        "base.share(self.rate_bps).share(self.share_bps)",
        (OF_FORMULAS,),
    ),
    Bug(
        "partner-paid-twice",
        "The partner's part is not taken off the affiliate's",
        FORMULAS,
        "commission, publisher = whole - partner, shared - partner",
        "commission, publisher = whole, shared",
        (OF_FORMULAS,),
    ),
    Bug(
        "rates-of-today",
        "The technical fee of today is used instead of the one that was frozen",
        TARGETS,
        "tech_fee_bps=commission.tech_fee_bps",
        'tech_fee_bps=settings.ALLIANCE["TECH_FEE_BPS"]',
        (OF_PIPELINE,),
    ),
    Bug(
        "late-word-wins",
        "An older report undoes a newer one",
        REPORTS,
        "plan.stale = report.reported_at < order.reported_at",
        "plan.stale = False",
        ("tests/merchants/test_orders.py",),
    ),
    Bug(
        "refund-told-twice",
        "A refund that is told again counts again",
        REFUNDS,
        "if (now, state) == (State.REQUESTED, State.APPLIED):",
        "if state == State.APPLIED:",
        (OF_REFUNDS, "tests/merchants/test_orders.py"),
    ),
    Bug(
        "refund-beside-the-sum",
        "A refund that an export's sum has counts beside it",
        REFUNDS,
        "    if not within:\n",
        "    if True:\n",
        ("tests/merchants/test_feed_orders_known.py",),
    ),
    Bug(
        "refund-beyond-the-order",
        "More is refunded than was paid",
        REFUNDS,
        "    if refund.amount_minor > sum(room.values()):\n",
        "    if False:\n",
        (OF_REFUNDS, "tests/merchants/test_orders.py"),
    ),
    Bug(
        "debt-not-repaid",
        "What arrives on payable repays no debt first",
        DEBTS,
        "repaid = min(move.amount.minor, -left.get(debt, 0))",
        "repaid = 0",
        (MODEL,),
    ),
    Bug(
        "debt-beyond-what-is-missing",
        "A clawback becomes debt as a whole, though something is payable",
        DEBTS,
        "min(move.amount.minor, max(left.get(payable, 0), 0))",
        "0",
        ("tests/commissions/test_debts.py",),
    ),
    Bug(
        "clawback-before-arrival",
        "What is clawed back in a batch is taken before what arrives in it",
        DEBTS,
        "sorted(moves, key=lambda m: not m.credit.endswith(PAYABLE))",
        "sorted(moves, key=lambda m: m.credit.endswith(PAYABLE))",
        ("tests/commissions/test_debts.py",),
    ),
    Bug(
        "freed-money-last",
        "A batch spends before it takes what it frees",
        PIPELINE,
        "sorted(steps, key=lambda s: s.cost > 0)",
        "sorted(steps, key=lambda s: s.cost <= 0)",
        (OF_PIPELINE,),
    ),
    Bug(
        "credit-ignored",
        "A merchant's credit line counts for nothing",
        PIPELINE,
        "balances[wallet] + credit for wallet, credit",
        "balances[wallet] for wallet, credit",
        (OF_PIPELINE,),
    ),
    Bug(
        "rise-forgotten",
        "A rise that the wallet did not cover is never looked at again",
        PIPELINE,
        "Order.objects.filter(pk__in=orders.keys() - waiting)",
        "Order.objects.filter(pk__in=orders.keys())",
        (OF_PIPELINE,),
    ),
    Bug(
        "frozen-is-settled",
        "What is being looked into settles like everything else",
        TARGETS,
        "return (State.FROZEN if commission.hold == Hold.FROZEN else State.CONFIRMED), due",
        "return State.CONFIRMED, due",
        ("tests/commissions/violations/test_journeys.py",),
    ),
    Bug(
        "top-up-twice",
        "A top-up can be received again",
        "commissions/services/wallets.py",
        "announced = TopUp.objects.filter(pk=top_up.pk, state=TopUpState.ANNOUNCED)",
        "announced = TopUp.objects.filter(pk=top_up.pk)",
        (OF_SETTLEMENTS,),
    ),
    Bug(
        "top-up-one-pair-of-eyes",
        "Who announced a top-up receives it, too",
        "commissions/services/wallets.py",
        "    if top_up.announced_by_id == actor.pk:\n",
        "    if False:\n",
        (OF_SETTLEMENTS,),
    ),
    Bug(
        "call-twice",
        "An API call that comes again with its key is carried out again",
        "alliance/kernel/idempotency.py",
        "        if row.status is not None:\n",
        "        if False:\n",
        ("tests/kernel/test_idempotency.py",),
    ),
    Bug(
        "file-read-twice",
        "Two workers read the same file at once",
        "merchants/services/imports.py",
        "        if not cursor.fetchone()[0]:\n            raise WrongState\n",
        "",
        ("tests/proof/test_deliveries.py",),
    ),
    Bug(
        "debits-come-in",
        "What a bank's column calls a debit fills a wallet",
        "commissions/bank/table.py",
        "    if side in _LEFT:\n        return None\n    if side and side not in _CAME:\n",
        "    if side and side not in _CAME | _LEFT:\n",
        ("tests/commissions/wallet/test_bank_files.py",),
    ),
    Bug(
        "whole-face-after-refund",
        "A merchant keeps the whole face of a coupon, whatever it gave back to the buyer",
        "commissions/services/coupons.py",
        "        due = half_up(due * kept.left, kept.paid)\n",
        "        due = due if kept.left else 0\n",
        ("tests/campaigns/claims/test_redemption.py",),
    ),
    Bug(
        "face-for-nothing",
        "A merchant is paid for a coupon by an order for which nobody paid",
        "commissions/services/coupons.py",
        "if kept.paid or covered else 0",
        "if True else 0",
        ("tests/campaigns/claims/test_redemption.py",),
    ),
)
