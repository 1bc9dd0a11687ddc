"""The word that says: this is an advertisement. It stands where it is read first, and plainly.

Chinese rules want 广告 to be prominent in whatever recommends and links; German courts want
“Anzeige” or “Werbung” at the first glance, and do not take “#ad” for it; American and British rules
want it before the link. A label among the hashtags at the end, or one that says the contrary, does
not count.
"""

import re

from aiassist.copy.check.rules import LABELLING, Rule
from aiassist.copy.check.verdict import Finding, Level

LABELS = {"zh": "【广告】", "de": "Anzeige: ", "en": "Ad: "}
FIRST = 30  # characters that are read at the first glance
_WORDS = {
    "zh": r"广告|廣告",
    "de": r"Anzeige|Werbung|ANZEIGE|WERBUNG",
    "en": r"#?(?:ad|advert|advertisement|sponsored|paid (?:ad|partnership|promotion))",
}
_DENIED = {
    "zh": r"(?:非|不是|不算|绝非|并非|无|没有|没打|拒绝|不打|不做)\s*(?:商业|硬|软)?(?:广告|廣告)",
    "de": r"\b(?:keine|nicht|unbezahlte|ohne)\s+(?:bezahlte\s+)?(?:Werbung|Anzeige)|\bunbezahlt\b",
    "en": r"\b(?:not?|isn['’]t|never|without|un)[ -]*(?:an? |a paid |paid )*"
    r"(?:ad|advert|advertisement|sponsored)\b",
}
_AROUND = r"[\s\[\](){}【】（）《》「」#|:：·.,，。!！*~～\-–—/]"


def denied(text: str, language: str) -> re.Match[str] | None:
    """Where the text says that it is no advertisement."""
    return re.search(_DENIED[language], text, re.IGNORECASE)


def labelled(text: str, language: str) -> bool:
    """Whether the label stands alone, in the first line and before any link."""
    head = re.split(r"https?://|www\.|\n", text.lstrip(), maxsplit=1)[0][:FIRST]
    flags = re.IGNORECASE if language == "en" else 0
    pattern = rf"(?:^|(?<={_AROUND}))(?:{_WORDS[language]})(?=$|{_AROUND})"
    return bool(re.search(pattern, head, flags))


def findings(text: str, language: str, missing: str, contrary: str) -> list[Finding]:
    """The label's two faults, in the words given."""
    source = LABELLING[language]
    found = []
    if match := denied(text, language):
        found.append(
            Finding(
                Rule.LABEL, Level.BLOCK, *match.span(), match[0], contrary, source, instead=None
            )
        )
    elif not labelled(text, language):
        found.append(
            Finding(Rule.LABEL, Level.BLOCK, 0, 0, "", missing, source, instead=LABELS[language])
        )
    return found
