"""Whose an order is: policies, stand-down, codes, events, levels, and the server-to-server door."""

from tests.mutants.bug import Bug

BUYERS = "affiliates/buyers.py"
OF_POLICY = "tests/affiliates/test_policy.py"
OF_CODES = "tests/affiliates/test_codes.py"
OF_EVENTS = "tests/affiliates/test_events.py"
OF_CONVERSIONS = "tests/commissions/test_conversions.py"
OF_FORMULAS = "tests/commissions/test_formulas.py"

BUGS = (
    Bug(
        "poacher-paid",
        "A click seconds before the order gets it",
        BUYERS,
        'return "stand_down" if fired else ""',
        'return ""',
        (f"{OF_POLICY}::test_a_click_seconds_before_the_order_leaves_it_to_the_one_before",),
    ),
    Bug(
        "policy-of-today",
        "An order is judged by the newest policy instead of that of its day",
        "affiliates/queries/policies.py",
        "next((one for one in newest_first if one.starts_at <= moment), FIRST_POLICY)",
        "next(iter(newest_first), FIRST_POLICY)",
        (f"{OF_POLICY}::test_an_order_keeps_the_policy_of_the_moment_when_it_was_placed",),
    ),
    Bug(
        "leaked-code-pays",
        "A code that was ended goes on earning",
        BUYERS,
        "elif binding.ends_at and binding.ends_at <= order.placed_at:",
        "elif False:",
        (f"{OF_CODES}::test_a_leaked_code_ends_and_earlier_orders_keep_it",),
    ),
    Bug(
        "code-always-first",
        "A code goes before a click whatever the policy says",
        "affiliates/attribution.py",
        "if by_code and buyer.policy.precedence == Precedence.CODE_FIRST:",
        "if by_code:",
        (f"{OF_CODES}::test_the_policy_may_put_the_click_first",),
    ),
    Bug(
        "event-never-ends",
        "A click after the event still counts across its shops",
        BUYERS,
        "                AND t.touched_at < least(e.ends_at, own.ends_at, other.ends_at)\n",
        "",
        (f"{OF_EVENTS}::test_only_links_of_the_event_count_across_shops_and_only_in_its_time",),
    ),
    Bug(
        "second-level-on-top",
        "What a second level gets is not taken off the partner's part",
        "commissions/formulas.py",
        "commission = publisher = first",
        "commission = publisher = partner",
        (f"{OF_FORMULAS}::test_three_share_what_is_agreed_to_the_last_fen",),
    ),
    Bug(
        "third-level",
        "Three levels above an affiliate are allowed",
        "affiliates/services/parts.py",
        "if below + 1 + len(above) > LEVELS:",
        "if below + len(above) > LEVELS:",
        ("tests/affiliates/test_parts.py::test_there_are_two_paid_levels_at_most",),
    ),
    Bug(
        "postback-rounds",
        "A conversion's amount is rounded instead of refused",
        "commissions/conversions.py",
        'amount is None or (amount[2] or "")[digits:].strip("0")',
        "amount is None",
        (f"{OF_CONVERSIONS}::test_what_is_wrong_is_said_and_nothing_is_taken",),
    ),
)
