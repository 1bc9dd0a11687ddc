"""The rules that a text is held to, why each is there, and where each comes from."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Rule(TextChoices):
    """What may be wrong with a text."""

    ABSOLUTE = "absolute", _("Absolute wording")
    BAIT = "bait", _("Bait and pressure")
    MEDICAL = "medical", _("Medical promise")
    HEALTH_FOOD = "health_food", _("Health food")
    FINANCE = "finance", _("Promise of profit")
    EDUCATION = "education", _("Promise of success in exams")
    RESTRICTED = "restricted", _("Goods that may not be advertised")
    STATE = "state", _("State organs and symbols")
    SUPERSTITION = "superstition", _("Superstition")
    DECENCY = "decency", _("Decency and fairness")
    CLAIM = "claim", _("Claim without backing")
    PRICE = "price", _("Price")
    COUPON = "coupon", _("Coupon")
    COUPON_OVER = "coupon_over", _("Coupon is over")
    STALE = "stale", _("Old facts")
    DISCOUNT = "discount", _("Percentage")
    DATE = "date", _("Date or time")
    SOLD = "sold", _("Number sold")
    NUMBER = "number", _("Number without source")
    LABEL = "label", _("Label as advertisement")
    LENGTH = "length", _("Length")
    PERSONAL = "personal", _("Personal data")
    LINK = "link", _("Foreign link or code")
    ELSEWHERE = "elsewhere", _("Other platform")
    INJECTION = "injection", _("Instructions to a program")


# These were true once: a text with one of them is taken back, not corrected.
OVER = {Rule.COUPON_OVER, Rule.STALE}

WHY = {
    Rule.ABSOLUTE: _("Says more than anybody can prove."),
    Rule.BAIT: _("Lures or presses with what the facts do not carry."),
    Rule.MEDICAL: _("Promises an effect on health, or speaks as medicine does."),
    Rule.HEALTH_FOOD: _(
        "Food may not promise to be safe for all, to work, or to replace medicine."
    ),
    Rule.FINANCE: _("Promises a profit or plays down a risk."),
    Rule.EDUCATION: _("Promises a pass, a certificate or a place."),
    Rule.RESTRICTED: _("These goods may not be advertised here."),
    Rule.STATE: _("Uses the state's organs, symbols or approval to sell."),
    Rule.SUPERSTITION: _("Sells luck or averts evil."),
    Rule.DECENCY: _("Is obscene, or runs others down."),
    Rule.CLAIM: _("Neither the title nor an attribute says so."),
    Rule.PERSONAL: _("Data of a person do not belong into an advertisement."),
    Rule.LINK: _("Leads elsewhere than your own link."),
    Rule.ELSEWHERE: _("Names another platform."),
    Rule.INJECTION: _("Speaks to a program, not to a reader."),
}


class Source(TextChoices):
    """Where a rule stands."""

    ADLAW_9_2 = "adlaw_9_2", _("Advertising Law of China, art. 9 (2)")
    ADLAW_9_3 = "adlaw_9_3", _("Advertising Law of China, art. 9 (3)")
    ADLAW_9_8 = "adlaw_9_8", _("Advertising Law of China, art. 9 (8)")
    ADLAW_13 = "adlaw_13", _("Advertising Law of China, art. 13")
    ADLAW_14 = (
        "adlaw_14",
        _("Advertising Law of China, art. 14; Internet Advertising Measures, art. 9"),
    )
    ADLAW_15 = "adlaw_15", _("Advertising Law of China, art. 15 and 37")
    ADLAW_17 = "adlaw_17", _("Advertising Law of China, art. 17")
    ADLAW_18 = "adlaw_18", _("Advertising Law of China, art. 18 and 20")
    ADLAW_22 = "adlaw_22", _("Advertising Law of China, art. 22")
    ADLAW_23 = "adlaw_23", _("Advertising Law of China, art. 23")
    ADLAW_24 = "adlaw_24", _("Advertising Law of China, art. 24")
    ADLAW_25 = "adlaw_25", _("Advertising Law of China, art. 25")
    ADLAW_28 = "adlaw_28", _("Advertising Law of China, art. 28")
    SAMR_2023_6 = "samr_2023_6", _("SAMR guide on absolute wording, 2023 no. 6")
    PRICE_FRAUD = "price_fraud_2022", _("Provisions on clear prices and price fraud, 2022")
    PROMOTION = "promotion_2020", _("Provisions on sales promotion, 2020")
    PIPL = "pipl", _("Personal Information Protection Law of China")
    UWG_4 = "uwg_4", _("German Unfair Competition Act, § 4")
    UWG_5 = "uwg_5", _("German Unfair Competition Act, § 5")
    UWG_5A = "uwg_5a", _("German Unfair Competition Act, § 5a (4)")
    UWG_ANNEX = "uwg_annex", _("German Unfair Competition Act, annex to § 3 (3)")
    HWG_3 = "hwg_3", _("German Act on Advertising of Medicines, § 3 and 11")
    LMIV_7 = "lmiv_7", _("EU Food Information Regulation, art. 7")
    TABAK = "tabakerzg", _("German Tobacco Products Act, § 19 to 21")
    GDPR = "gdpr", _("EU General Data Protection Regulation")
    CAP_RECOGNITION = "cap_2_1", _("UK CAP Code, 2.1; US 16 CFR 255.5")
    CAP_SUBSTANTIATION = (
        "cap_3_7",
        _("EU Directive 2005/29/EC, art. 6 and 12; UK CAP Code, 3.7; US 16 CFR 255.1"),
    )
    CAP_MISLEADING = "cap_3_1", _("UK CAP Code, 3.1")
    CAP_BAIT = "cap_bait", _("UK CAP Code, section 3")
    CAP_DENIGRATION = "cap_denigration", _("UK CAP Code, 3.42")
    CAP_15 = "cap_15", _("UK CAP Code, section 15")
    CAP_RESTRICTED = "cap_restricted", _("UK CAP Code, sections 21 and 22")
    FTC_5 = "ftc_5", _("US FTC Act, section 5")
    FTC_HEALTH = (
        "ftc_health",
        _(
            "EU Directive 2005/29/EC, annex I (17); UK CAP Code, section 12; US FTC guidance on"
            " health products"
        ),
    )
    HOUSE = "house", _("Rule of this alliance")


# Where rules stand that hold everywhere, by the language of the text.
TRUTH = {"zh": Source.PRICE_FRAUD, "de": Source.UWG_5, "en": Source.CAP_MISLEADING}
BACKING = {"zh": Source.ADLAW_28, "de": Source.UWG_5, "en": Source.CAP_SUBSTANTIATION}
PRIVACY = {"zh": Source.PIPL, "de": Source.GDPR, "en": Source.GDPR}
LABELLING = {"zh": Source.ADLAW_14, "de": Source.UWG_5A, "en": Source.CAP_RECOGNITION}
