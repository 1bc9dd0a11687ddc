"""The chart of accounts, in words. A balance is credits minus debits.

Owners' accounts are guarded by the database (they may not go below their floor, a debt not above
zero); the platform's are sums of their lines.
"""

CASH = "platform:cash"  # money in the bank; debit-natured, so its balance reads negative
IN_FLIGHT = "platform:in_flight"  # withdrawals between the request and the rail's word
TECH_FEE = "platform:tech_fee"
SHARE = "platform:share"
# Kept back from withdrawals for the tax office; below zero when something came back after that was
# paid on, until the next remittance.
TAX_WITHHELD = "platform:tax_withheld"
WRITE_OFF = "platform:write_off"  # debts let go; a loss, so its balance reads negative
SPECIAL_FEE = "platform:special_fee"  # of content and traffic products
SUBSIDY = "platform:subsidy"  # what the platform pays on top; an expense, so it reads negative

# What the platform put into campaign budgets; an expense, so it reads negative.
CAMPAIGNS = "platform:campaigns"


def wallet(merchant_id: int) -> str:
    """What a merchant has left to spend. May go down to minus its credit limit."""
    return f"merchant:{merchant_id}:wallet"


def reserved(merchant_id: int) -> str:
    """Commission of paid orders, held until the goods are received."""
    return f"merchant:{merchant_id}:reserved"


def pending(affiliate_id: int) -> str:
    """Earned with goods received, not yet settled."""
    return f"affiliate:{affiliate_id}:pending"


def frozen(affiliate_id: int) -> str:
    """Earned with goods received, held back while a violation is looked into."""
    return f"affiliate:{affiliate_id}:frozen"


def payable(affiliate_id: int) -> str:
    """Settled: may be withdrawn."""
    return f"affiliate:{affiliate_id}:payable"


def debt(affiliate_id: int) -> str:
    """Clawed back beyond what was payable; taken first from later earnings. At most zero."""
    return f"affiliate:{affiliate_id}:debt"


def budget(campaign_id: int) -> str:
    """What a campaign may still promise. Never below zero: nothing is promised without money."""
    return f"campaign:{campaign_id}:budget"


def promised(campaign_id: int) -> str:
    """Promised out of a campaign's budget and not yet due: paid orders, accepted tasks."""
    return f"campaign:{campaign_id}:promised"


def coupons(campaign_id: int) -> str:
    """Set aside for the coupons in a campaign's stock, claimed or not, until they are used."""
    return f"campaign:{campaign_id}:coupons"
